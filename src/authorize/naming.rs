//! An operation in words, for the log and for `explain`.

use crate::{
    domain::{Call, Message, Named, Operation},
    telemetry::redact,
};

/// The JSON-RPC method, and the tool or prompt that it names. Resource URIs and task ids stay out: they can say
/// as much as arguments do.
pub(super) fn of(operation: &Operation<'_>) -> (String, Option<String>) {
    match operation {
        Operation::OpenStream => ("stream".to_owned(), None),
        Operation::EndSession => ("end-session".to_owned(), None),
        Operation::NotShown => ("not-shown".to_owned(), None),
        Operation::Batch(_) => ("batch".to_owned(), None),
        Operation::Single(Message::Response) => ("response".to_owned(), None),
        Operation::Single(Message::Notification(method)) => ((*method).to_owned(), None),
        Operation::Single(Message::Request(call)) => (redact::text(&call.method), name_of(call)),
    }
}

fn name_of(call: &Call<'_>) -> Option<String> {
    match &call.named {
        Named::Tool(name) | Named::Prompt(name) => Some(redact::text(name)),
        Named::Nothing | Named::Resource(_) | Named::Resources(_) | Named::Task(_) => None,
    }
}
