//! The `params` of a message: what a method names, and the protocol revision in `_meta`. Everything else in
//! them is read over; of a tool's arguments nothing is looked at but the query of `execute_graphql`.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::{method::Names, refusal, spelling};
use crate::{
    domain::{Named, Query, Refusal},
    json::{Object, Shape, TypedMembers, Value, skip, take_elements},
};

/// The members of `params` that some method names something with.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    name: Value<Cow<'a, str>>,
    uri: Value<Cow<'a, str>>,
    task_id: Value<Cow<'a, str>>,
    reference: Value<Object<Reference<'a>>>,
    notifications: Value<Object<Notifications<'a>>>,
    meta: Value<Object<Meta<'a>>>,
    arguments: Option<&'a RawValue>,
}

impl<'a> Params<'a> {
    /// What the parameters name for a method.
    ///
    /// # Errors
    /// When the method needs a name and it is not there, or is no string.
    pub(super) fn named(self, names: Names) -> Result<Named<'a>, Refusal> {
        Ok(match names {
            Names::Nothing => Named::Nothing,
            Names::Tool => Named::Tool(name(self.name)?),
            Names::Prompt => Named::Prompt(name(self.name)?),
            Names::Resource => Named::Resource(name(self.uri)?),
            Names::Task => Named::Task(name(self.task_id)?),
            Names::Reference => match self.reference {
                Value::Is(reference) => reference.checked().map_err(refusal::of_keys)?.named()?,
                Value::Absent | Value::Other => {
                    return Err(refusal::malformed("`params.ref` must be an object"));
                }
            },
            Names::Subscriptions => Named::Resources(match self.notifications {
                Value::Absent => Vec::new(),
                Value::Is(notifications) => notifications.checked().map_err(refusal::of_keys)?.uris()?,
                Value::Other => {
                    return Err(refusal::malformed("`params.notifications` must be an object"));
                }
            }),
        })
    }

    /// The query of a call of `execute_graphql`, whose arguments must have one clear reading. Those of other
    /// tools are not parsed.
    pub(super) fn query(&self, names: Names) -> Query<'a> {
        match (&self.name, names) {
            (Value::Is(name), Names::Tool) if name == EXECUTE_GRAPHQL => {
                self.arguments.and_then(query_of).map_or(Query::Unreadable, Query::Text)
            }
            _ => Query::NotShown,
        }
    }

    /// The protocol revision that `_meta` tells. A `_meta` that is no object tells none.
    ///
    /// # Errors
    /// When it is no string, or the keys of `_meta` cannot be trusted.
    pub(super) fn revision(&mut self) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(meta) = std::mem::take(&mut self.meta).ok() else { return Ok(None) };
        match meta.checked().map_err(refusal::of_keys)?.revision {
            Value::Absent => Ok(None),
            Value::Is(revision) => Ok(Some(revision)),
            Value::Other => Err(refusal::malformed("the protocol version in `_meta` must be a string")),
        }
    }
}

impl<'a> TypedMembers<'a> for Params<'a> {
    fn is_deceptive(key: &str) -> bool {
        spelling::is_deceptive(key, &["_meta", "notifications"])
    }

    fn take<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = object.next_value()?,
            "uri" => self.uri = object.next_value()?,
            "taskId" => self.task_id = object.next_value()?,
            "ref" => self.reference = object.next_value()?,
            "notifications" => self.notifications = object.next_value()?,
            "_meta" => self.meta = object.next_value()?,
            "arguments" => self.arguments = Some(object.next_value()?),
            _ => _ = skip(object)?,
        }
        Ok(())
    }
}

/// `params.arguments` of `execute_graphql`.
#[derive(Debug, Default)]
struct Arguments<'a> {
    query: Value<Cow<'a, str>>,
}

impl<'a> TypedMembers<'a> for Arguments<'a> {
    fn is_deceptive(key: &str) -> bool {
        spelling::is_deceptive(key, &["query"])
    }

    fn take<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "query" => self.query = object.next_value()?,
            _ => _ = skip(object)?,
        }
        Ok(())
    }
}

fn query_of(arguments: &RawValue) -> Option<Cow<'_, str>> {
    let arguments: Value<Object<Arguments<'_>>> = serde_json::from_str(arguments.get()).ok()?;
    arguments.ok()?.checked().ok()?.query.ok()
}

/// `params.ref` of `completion/complete`.
#[derive(Debug, Default)]
struct Reference<'a> {
    kind: Value<Cow<'a, str>>,
    name: Value<Cow<'a, str>>,
    uri: Value<Cow<'a, str>>,
}

impl<'a> Reference<'a> {
    fn named(self) -> Result<Named<'a>, Refusal> {
        match self.kind.ok().as_deref() {
            Some("ref/prompt") => Ok(Named::Prompt(name(self.name)?)),
            Some("ref/resource") => Ok(Named::Resource(name(self.uri)?)),
            _ => Err(refusal::malformed("`params.ref` must be a `ref/prompt` or a `ref/resource`")),
        }
    }
}

impl<'a> TypedMembers<'a> for Reference<'a> {
    fn is_deceptive(key: &str) -> bool {
        spelling::is_deceptive(key, &["type"])
    }

    fn take<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => self.kind = object.next_value()?,
            "name" => self.name = object.next_value()?,
            "uri" => self.uri = object.next_value()?,
            _ => _ = skip(object)?,
        }
        Ok(())
    }
}

/// `params.notifications` of `subscriptions/listen`.
#[derive(Debug, Default)]
struct Notifications<'a> {
    resources: Value<Uris<'a>>,
}

impl<'a> Notifications<'a> {
    fn uris(self) -> Result<Vec<Cow<'a, str>>, Refusal> {
        match self.resources {
            Value::Absent => Ok(Vec::new()),
            Value::Is(Uris { has_more: false, uris }) => uris.into_iter().map(name).collect(),
            Value::Is(Uris { has_more: true, .. }) => {
                Err(refusal::malformed("more than 1000 resource subscriptions"))
            }
            Value::Other => Err(refusal::malformed("`resourceSubscriptions` must be an array")),
        }
    }
}

impl<'a> TypedMembers<'a> for Notifications<'a> {
    fn is_deceptive(key: &str) -> bool {
        spelling::is_deceptive(key, &["resourceSubscriptions"])
    }

    fn take<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "resourceSubscriptions" => self.resources = object.next_value()?,
            _ => _ = skip(object)?,
        }
        Ok(())
    }
}

/// `params._meta`.
#[derive(Debug, Default)]
struct Meta<'a> {
    revision: Value<Cow<'a, str>>,
}

impl<'a> TypedMembers<'a> for Meta<'a> {
    fn is_deceptive(key: &str) -> bool {
        spelling::is_deceptive(key, &[META_REVISION])
    }

    fn take<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            META_REVISION => self.revision = object.next_value()?,
            _ => _ = skip(object)?,
        }
        Ok(())
    }
}

/// An array of strings, up to [`MAX_SUBSCRIPTIONS`].
#[derive(Debug)]
struct Uris<'a> {
    uris: Vec<Value<Cow<'a, str>>>,
    has_more: bool,
}

impl<'a> Shape<'a> for Uris<'a> {
    fn array<A: SeqAccess<'a>>(mut array: A) -> Result<Option<Self>, A::Error> {
        let (uris, has_more) = take_elements(&mut array, MAX_SUBSCRIPTIONS)?;
        Ok(Some(Self { uris, has_more }))
    }
}

/// A name is a string. No NUL: whoever keeps it in a C string would see another name than we do.
fn name(value: Value<Cow<'_, str>>) -> Result<Cow<'_, str>, Refusal> {
    match value {
        Value::Is(name) if name.contains('\0') => Err(refusal::malformed("a name holds a NUL")),
        Value::Is(name) => Ok(name),
        Value::Absent => Err(refusal::malformed("the method needs a name, URI or task id")),
        Value::Other => Err(refusal::malformed("a name must be a string")),
    }
}

/// Where a request of 2026-07-28 tells its protocol version, which `MCP-Protocol-Version` mirrors.
const META_REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// The tool of a GraphQL router whose argument is a query that the client wrote.
const EXECUTE_GRAPHQL: &str = "execute_graphql";

/// How many URIs one `subscriptions/listen` may name; each is looked up in the policy.
const MAX_SUBSCRIPTIONS: usize = 1000;
