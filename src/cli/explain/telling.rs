//! What was found out, as text and as JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::{
    authorize::Checked,
    domain::Step,
    gateway::{self, ext_authz_grpc::ShownAnswer},
    policy::Decision,
};

/// Steps, decision, and what the gateway gets.
pub(super) struct Explained<'a> {
    pub(super) steps: Vec<(Step, String)>,
    pub(super) checked: Checked<'a>,
    pub(super) reply: Reply,
}

/// What the gateway gets.
pub(super) enum Reply {
    /// An answer of HTTP.
    Http(Box<gateway::Reply>),
    /// A `CheckResponse`.
    Grpc(ShownAnswer),
}

impl Explained<'_> {
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for (step, found) in &self.steps {
            let _ = writeln!(text, "{:<12} {found}", step.name());
        }
        let _ = writeln!(text);
        if let Reply::Grpc(answer) = &self.reply {
            let _ = writeln!(text, "code {}, {}", answer.code, answer.response);
        }
        let _ = writeln!(text, "HTTP {}", self.reply.status());
        for (name, value) in self.reply.headers() {
            let _ = writeln!(text, "{name}: {value}");
        }
        if let Reply::Grpc(answer) = &self.reply {
            for name in &answer.headers_to_remove {
                let _ = writeln!(text, "headers_to_remove {name}");
            }
            for (name, value) in &answer.dynamic_metadata {
                let _ = writeln!(text, "dynamic_metadata {name}: {value}");
            }
        }
        if let Some(body) = self.reply.body() {
            let _ = writeln!(text, "\n{body}");
        }
        text
    }

    pub(super) fn to_json(&self) -> String {
        let (decision, reason) = match &self.checked.decision {
            Decision::Permit(permit) => ("permit", permit.grounds().code()),
            Decision::Deny(denial) => ("deny", denial.reason().code()),
        };
        let steps = self.steps.iter().map(|(step, found)| json!({"step": step.name(), "found": found}));
        let mut json = json!({
            "decision": decision,
            "reason": reason,
            "steps": steps.collect::<Vec<_>>(),
            "status": self.reply.status(),
            "headers": object(self.reply.headers()),
            "body": self.reply.body(),
        });
        if let (Reply::Grpc(answer), Some(json)) = (&self.reply, json.as_object_mut()) {
            let grpc = json!({
                "code": answer.code,
                "response": answer.response,
                "headers_to_remove": answer.headers_to_remove,
                "dynamic_metadata": object(answer.dynamic_metadata.clone()),
            });
            json.insert("grpc".to_owned(), grpc);
        }
        format!("{json:#}\n")
    }
}

impl Reply {
    /// The HTTP status: what Envoy makes of an answer without one.
    fn status(&self) -> i32 {
        match self {
            Self::Http(reply) => i32::from(reply.status),
            Self::Grpc(answer) => answer.status.unwrap_or(if answer.code == 0 { 200 } else { 403 }),
        }
    }

    fn headers(&self) -> Vec<(String, String)> {
        match self {
            Self::Http(reply) => {
                let text = |value| String::from_utf8_lossy(value).into_owned();
                reply.fields().map(|(name, value)| (name.to_owned(), text(value))).collect()
            }
            Self::Grpc(answer) => answer.headers.clone(),
        }
    }

    fn body(&self) -> Option<&str> {
        match self {
            Self::Http(reply) => reply.body.as_deref(),
            Self::Grpc(answer) => Some(answer.body.as_str()).filter(|body| !body.is_empty()),
        }
    }
}

fn object(pairs: Vec<(String, String)>) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}
