//! An explained decision as `scopegate explain` prints it: as text or as JSON.

use std::fmt::Write;

use super::{Explained, GrpcAnswer};

impl Explained {
    /// The steps, a line each, and the answer as HTTP writes it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for note in &self.steps {
            let _ = writeln!(text, "{:<12} {}", note.step.name(), note.found);
        }
        let _ = writeln!(text);
        if let Some(grpc) = &self.grpc {
            let _ = writeln!(text, "code {}, {}", grpc.code, grpc.response);
        }
        let _ = writeln!(text, "HTTP {}", self.status);
        for (name, value) in &self.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        self.grpc
            .iter()
            .for_each(|grpc| grpc.write_for_envoy(&mut text));
        if let Some(body) = &self.body {
            let _ = writeln!(text, "\n{body}");
        }
        text
    }

    /// The decision as one JSON object, and a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{json}\n")
    }
}

impl GrpcAnswer {
    fn write_for_envoy(&self, text: &mut String) {
        for name in &self.headers_to_remove {
            let _ = writeln!(text, "headers_to_remove {name}");
        }
        for (name, value) in &self.dynamic_metadata {
            let _ = writeln!(text, "dynamic_metadata {name}: {value}");
        }
    }
}
