//! An operation in words, for the log, the audit log and `explain`.

use super::redact;
use crate::domain::{Call, Message, Named, Operation};

/// The JSON-RPC method, and the tool or prompt that it names, fit for a log line. Resource URIs and task ids stay
/// out: they can say as much as arguments do.
#[must_use]
pub fn of(operation: &Operation<'_>) -> (String, Option<String>) {
    let (method, name) = words_of(operation);
    (redact::text(method), name.map(redact::text))
}

/// The same as it came, byte for byte.
#[must_use]
pub fn words_of<'a>(operation: &'a Operation<'_>) -> (&'a str, Option<&'a str>) {
    match operation {
        Operation::OpenStream => ("stream", None),
        Operation::EndSession => ("end-session", None),
        Operation::NotShown => ("not-shown", None),
        Operation::Batch(_) => ("batch", None),
        Operation::Single(message) => words_of_message(message),
    }
}

/// The words of one message.
#[must_use]
pub fn words_of_message<'a>(message: &'a Message<'_>) -> (&'a str, Option<&'a str>) {
    match message {
        Message::Response => ("response", None),
        Message::Notification(method) => (method, None),
        Message::Request(call) => (&call.method, name_of(call)),
    }
}

fn name_of<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    match &call.named {
        Named::Tool(name) | Named::Prompt(name) => Some(name),
        Named::Nothing | Named::Resource(_) | Named::Resources(_) | Named::Task(_) => None,
    }
}
