//! The `params` of a message: the name that a method takes, and the protocol revision in `_meta`. Other members are
//! skipped. Of a tool's arguments, only the query of `execute_graphql` is read.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::{confusable_keys, method::Names, refusal};
use crate::{
    domain::{Named, Query, Refusal},
    json::{Object, Shape, TypedMembers, Value, skip, take_elements},
};

/// The members of `params` in which methods have names.
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
    /// The thing that the parameters name for a method.
    ///
    /// # Errors
    /// If the method requires a name, and it is missing or not a string.
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
                Value::Is(notifications) => {
                    notifications.checked().map_err(refusal::of_keys)?.uris()?
                }
                Value::Other => {
                    return Err(refusal::malformed(
                        "`params.notifications` must be an object",
                    ));
                }
            }),
        })
    }

    /// The query of a call of `execute_graphql`. Its arguments must not be ambiguous. The arguments of other tools
    /// are not parsed.
    pub(super) fn query(&self, names: Names) -> Query<'a> {
        match (&self.name, names) {
            (Value::Is(name), Names::Tool) if name == EXECUTE_GRAPHQL => self
                .arguments
                .and_then(query_of)
                .map_or(Query::Unreadable, Query::Text),
            _ => Query::NotShown,
        }
    }

    /// The protocol revision in `_meta`; `None` if `_meta` is not an object.
    ///
    /// # Errors
    /// If the revision is not a string, or a key of `_meta` is repeated or deceptive.
    pub(super) fn revision(&mut self) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(meta) = std::mem::take(&mut self.meta).ok() else {
            return Ok(None);
        };
        match meta.checked().map_err(refusal::of_keys)?.revision {
            Value::Absent => Ok(None),
            Value::Is(revision) => Ok(Some(revision)),
            Value::Other => Err(refusal::malformed(
                "the protocol version in `_meta` must be a string",
            )),
        }
    }
}

impl<'a> TypedMembers<'a> for Params<'a> {
    fn is_deceptive(key: &str) -> bool {
        confusable_keys::is_deceptive(key, &["_meta", "notifications"])
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
        confusable_keys::is_deceptive(key, &["query"])
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
            _ => Err(refusal::malformed(
                "`params.ref` must be a `ref/prompt` or a `ref/resource`",
            )),
        }
    }
}

impl<'a> TypedMembers<'a> for Reference<'a> {
    fn is_deceptive(key: &str) -> bool {
        confusable_keys::is_deceptive(key, &["type"])
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
            Value::Is(Uris {
                has_more: false,
                uris,
            }) => uris.into_iter().map(name).collect(),
            Value::Is(Uris { has_more: true, .. }) => {
                Err(refusal::malformed("more than 1000 resource subscriptions"))
            }
            Value::Other => Err(refusal::malformed(
                "`resourceSubscriptions` must be an array",
            )),
        }
    }
}

impl<'a> TypedMembers<'a> for Notifications<'a> {
    fn is_deceptive(key: &str) -> bool {
        confusable_keys::is_deceptive(key, &["resourceSubscriptions"])
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
        confusable_keys::is_deceptive(key, &[META_REVISION])
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

/// The name, which must be a string without a NUL. A server that keeps it in a C string would see a shorter name.
fn name(value: Value<Cow<'_, str>>) -> Result<Cow<'_, str>, Refusal> {
    match value {
        Value::Is(name) if name.contains('\0') => {
            Err(refusal::malformed("a name contains a NUL character"))
        }
        Value::Is(name) => Ok(name),
        Value::Absent => Err(refusal::malformed(
            "the method needs a name, URI or task id",
        )),
        Value::Other => Err(refusal::malformed("a name must be a string")),
    }
}

/// The member with the protocol version of a 2026-07-28 request, which `MCP-Protocol-Version` mirrors.
const META_REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// The tool of a GraphQL router that takes a query of the client.
const EXECUTE_GRAPHQL: &str = "execute_graphql";

/// The most URIs of one `subscriptions/listen`; each is looked up in the policy.
const MAX_SUBSCRIPTIONS: usize = 1000;
