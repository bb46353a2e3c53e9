//! A JSON-RPC 2.0 message as received, and its meaning in MCP.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};

use super::{
    confusable_keys,
    method::{self, Kind},
    params::Params,
    refusal,
};
use crate::{
    domain::{Call, Message, Named, Query, Refusal},
    json::{Object, Shape, TypedMembers, Value, skip, take_elements},
};

/// A message whose meaning was read.
#[derive(Debug)]
pub(super) struct ReadMessage<'a> {
    /// The message.
    pub(super) message: Message<'a>,
    /// The protocol revision in its `_meta`.
    pub(super) revision: Option<Cow<'a, str>>,
}

/// The body of a POST: one message, or an array of them.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the usual variant is the large one, and it lives on the stack"
)]
pub(super) enum Document<'a> {
    One(Object<WireMessage<'a>>),
    Batch(Vec<Value<Object<WireMessage<'a>>>>),
    /// More elements than a batch may have.
    LongBatch,
}

impl<'a> Shape<'a> for Document<'a> {
    fn object<A: MapAccess<'a>>(object: A) -> Result<Option<Self>, A::Error> {
        Ok(Object::object(object)?.map(Self::One))
    }

    fn array<A: SeqAccess<'a>>(mut array: A) -> Result<Option<Self>, A::Error> {
        let (batch, has_more) = take_elements(&mut array, MAX_BATCH)?;
        Ok(Some(if has_more {
            Self::LongBatch
        } else {
            Self::Batch(batch)
        }))
    }
}

/// The members of a message.
#[derive(Debug, Default)]
pub(super) struct WireMessage<'a> {
    jsonrpc: Value<Cow<'a, str>>,
    id: Value<Id>,
    method: Value<Cow<'a, str>>,
    params: Value<Object<Params<'a>>>,
    has_result: bool,
    has_error: bool,
}

impl<'a> WireMessage<'a> {
    /// The meaning of the message.
    ///
    /// # Errors
    /// If it is not a request, a notification or a response, or lacks the name that its method requires.
    pub(super) fn read(self) -> Result<ReadMessage<'a>, Refusal> {
        if self.jsonrpc.ok().as_deref() != Some("2.0") {
            return Err(refusal::malformed("`jsonrpc` must be \"2.0\""));
        }
        let params = match self.params {
            Value::Absent => Params::default(),
            Value::Is(params) => params.checked().map_err(refusal::of_keys)?,
            Value::Other => return Err(refusal::malformed("`params` must be an object")),
        };
        match (self.method, self.id, self.has_result, self.has_error) {
            (_, Value::Other, ..) => Err(refusal::malformed("`id` must be a string or an integer")),
            (Value::Is(method), _, false, false) => read_call(method, params),
            (Value::Absent, Value::Is(Id), true, false)
            | (Value::Absent, Value::Is(Id), false, true) => Ok(ReadMessage {
                message: Message::Response,
                revision: None,
            }),
            (Value::Other, ..) => Err(refusal::malformed("`method` must be a string")),
            (Value::Is(_) | Value::Absent, ..) => Err(refusal::malformed(
                "neither a request, a notification nor a response",
            )),
        }
    }
}

impl<'a> TypedMembers<'a> for WireMessage<'a> {
    fn is_deceptive(key: &str) -> bool {
        confusable_keys::is_deceptive(key, &["result", "error"])
    }

    fn take<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "jsonrpc" => self.jsonrpc = object.next_value()?,
            "id" => self.id = object.next_value()?,
            "method" => self.method = object.next_value()?,
            "params" => self.params = object.next_value()?,
            "result" => self.has_result = skip(object)?,
            "error" => self.has_error = skip(object)?,
            _ => _ = skip(object)?,
        }
        Ok(())
    }
}

/// A legal `id`: a string or an integer. MCP forbids `null`, in responses too.
#[derive(Debug)]
struct Id;

impl<'a> Shape<'a> for Id {
    fn text(_text: Cow<'a, str>) -> Option<Self> {
        Some(Self)
    }

    fn number(is_integer: bool) -> Option<Self> {
        is_integer.then_some(Self)
    }
}

/// Reads a message with a method. Its class follows only from the method, never from a missing `id`.
fn read_call<'a>(method: Cow<'a, str>, mut params: Params<'a>) -> Result<ReadMessage<'a>, Refusal> {
    if method.contains('\0') {
        return Err(refusal::malformed("`method` contains a NUL character"));
    }
    let revision = params.revision()?;
    let message = match method::find(&method) {
        Some(known) if known.kind == Kind::Notification => Message::Notification(known.name),
        Some(known) => {
            let query = params.query(known.names);
            Message::Request(Call {
                method,
                is_known: true,
                named: params.named(known.names)?,
                query,
            })
        }
        None => Message::Request(Call {
            method,
            is_known: false,
            named: Named::Nothing,
            query: Query::NotShown,
        }),
    };
    Ok(ReadMessage { message, revision })
}

/// The most messages of a batch.
const MAX_BATCH: usize = 50;
