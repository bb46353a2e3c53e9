//! An operation in words, for the log and for `explain`.

use std::borrow::Cow;

use crate::{
    domain::{Call, Message, Named, Operation},
    telemetry::redact,
};

/// The JSON-RPC method, and the tool or prompt that it names. Resource URIs and task ids stay out: they can say
/// as much as arguments do.
pub(super) fn of<'o>(operation: &'o Operation<'_>) -> (Cow<'o, str>, Option<Cow<'o, str>>) {
    match operation {
        Operation::OpenStream => ("stream".into(), None),
        Operation::EndSession => ("end-session".into(), None),
        Operation::NotShown => ("not-shown".into(), None),
        Operation::Batch(_) => ("batch".into(), None),
        Operation::Single(Message::Response) => ("response".into(), None),
        Operation::Single(Message::Notification(method)) => ((*method).into(), None),
        Operation::Single(Message::Request(call)) => (redact::text(&call.method), name_of(call)),
    }
}

fn name_of<'o>(call: &'o Call<'_>) -> Option<Cow<'o, str>> {
    match &call.named {
        Named::Tool(name) | Named::Prompt(name) => Some(redact::text(name)),
        Named::Nothing | Named::Resource(_) | Named::Resources(_) | Named::Task(_) => None,
    }
}
