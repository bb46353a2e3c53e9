//! Reads texts: replaces their references, and never shows any part of a secret.

use config::{Value, ValueKind};

use super::Reader;
use crate::config::environment::interpolate::{InterpolationError, interpolate};

/// A text with its references replaced. If it had any, or comes from the environment, it may stand
/// for a flag or a number.
pub(in crate::config) struct Replaced {
    pub(in crate::config) text: String,
    pub(in crate::config) is_outside: bool,
}

impl Reader<'_> {
    /// Replaces the references in a text. A text from the environment is used as it is.
    pub(in crate::config) fn text(
        &mut self,
        path: &str,
        value: &Value,
        expected: &str,
    ) -> Option<Replaced> {
        let ValueKind::String(written) = &value.kind else {
            self.mistyped(path, Some(value), expected);
            return None;
        };
        if value.origin().is_some() {
            return Some(Replaced {
                text: written.clone(),
                is_outside: true,
            });
        }
        self.replaced(path, written)
    }

    pub(in crate::config) fn replaced(&mut self, path: &str, written: &str) -> Option<Replaced> {
        match interpolate(written, self.environment) {
            Ok(done) => Some(Replaced {
                text: done.text,
                is_outside: done.is_changed,
            }),
            Err(error) => {
                self.report
                    .mistake(path, error.to_string(), expectation(&error));
                None
            }
        }
    }

    /// Reads a secret. No mistake shows any part of it. The name in a reference is not part of the
    /// secret.
    pub(in crate::config) fn secret(&mut self, path: &str, value: &Value) -> Option<String> {
        let ValueKind::String(written) = &value.kind else {
            let found = "a value that is not a text, and is not shown";
            self.report.mistake(path, found, "a text, in quotes");
            return None;
        };
        if value.origin().is_some() {
            return Some(written.clone());
        }
        // Without braces this would be the secret itself, known to everyone who can read the file.
        if written
            .strip_prefix('$')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            let found = "a text that begins with `$` and a letter, which is not a reference";
            self.report
                .mistake(path, found, "`${NAME}`, with braces, for the variable NAME");
            return None;
        }
        self.replaced(path, written).map(|done| done.text)
    }

    pub(in crate::config) fn list(
        &mut self,
        path: &str,
        value: &Value,
        expected: &str,
    ) -> Option<Vec<String>> {
        let items = self.items(path, value, expected)?;
        let read: Vec<Option<Replaced>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.text(&format!("{path}[{index}]"), item, "a text"))
            .collect();
        read.into_iter()
            .map(|text| text.map(|text| text.text))
            .collect()
    }
}

fn expectation(error: &InterpolationError) -> &'static str {
    match error {
        InterpolationError::Unset(_) => "a variable that is set, or `${NAME:-default}`",
        InterpolationError::Malformed => "`${NAME}` or `${NAME:-default}`; `$${` stands for `${`",
    }
}
