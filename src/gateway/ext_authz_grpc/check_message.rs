//! The fields of `envoy.service.auth.v3.CheckRequest` that scopegate reads; prost skips the others.
//!
//! Texts are `Bytes` that share the buffer of the received message, without a copy. On the wire a
//! protobuf map is a list of entries with `key = 1` and `value = 2`, and it is read as that list:
//! nothing is hashed, and an entry cannot hide another one of the same name.

use std::fmt;

use bytes::{Buf, Bytes};
use prost::Message;

use crate::{
    domain::{Field, Refusal},
    gateway::request_malformed,
};

/// `CheckRequest`.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CheckMessage {
    #[prost(message, optional, tag = "1")]
    pub(super) attributes: Option<Attributes>,
}

impl CheckMessage {
    /// Decodes a message.
    ///
    /// # Errors
    /// If it is not protobuf.
    pub fn read(wire: impl Buf) -> Result<Self, Refusal> {
        Self::decode(wire).map_err(|_| request_malformed("the CheckRequest cannot be decoded"))
    }

    /// The message that Envoy sends with the configuration in `deploy/`: headers as raw bytes, the
    /// body as bytes.
    #[must_use]
    pub fn of(
        [method, host, path]: [&str; 3],
        headers: &[(String, String)],
        body: Vec<u8>,
        resource: Option<&str>,
    ) -> Self {
        let headers = headers.iter().map(|(name, value)| Entry {
            key: name.clone().into(),
            raw_value: value.clone().into(),
            ..Entry::default()
        });
        let http = HttpRequest {
            method: method.to_owned().into(),
            path: path.to_owned().into(),
            host: host.to_owned().into(),
            size: i64::try_from(body.len()).unwrap_or(i64::MAX),
            raw_body: body.into(),
            header_map: Some(HeaderMap {
                headers: headers.collect(),
            }),
            ..HttpRequest::default()
        };
        let named = resource.map(|id| Entry {
            key: Bytes::from_static(b"resource"),
            value: id.to_owned().into(),
            ..Entry::default()
        });
        Self {
            attributes: Some(Attributes {
                request: Some(Request { http: Some(http) }),
                context_extensions: named.into_iter().collect(),
            }),
        }
    }

    /// The length of the body in the message, in bytes.
    #[must_use]
    pub fn body_len(&self) -> usize {
        let request = self
            .attributes
            .as_ref()
            .and_then(|attributes| attributes.request.as_ref());
        let http = request.and_then(|request| request.http.as_ref());
        http.map_or(0, |http| http.raw_body.len() + http.body.len())
    }
}

/// `AttributeContext`.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Attributes {
    #[prost(message, optional, tag = "4")]
    pub(super) request: Option<Request>,
    #[prost(message, repeated, tag = "10")]
    pub(super) context_extensions: Vec<Entry>,
}

/// `AttributeContext.Request`.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Request {
    #[prost(message, optional, tag = "2")]
    pub(super) http: Option<HttpRequest>,
}

/// `AttributeContext.HttpRequest`.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct HttpRequest {
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) method: Bytes,
    #[prost(message, repeated, tag = "3")]
    pub(super) headers: Vec<Entry>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) path: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) host: Bytes,
    /// The length of the client's body in bytes; negative if Envoy does not know it.
    #[prost(int64, tag = "9")]
    pub(super) size: i64,
    #[prost(bytes = "bytes", tag = "11")]
    pub(super) body: Bytes,
    #[prost(bytes = "bytes", tag = "12")]
    pub(super) raw_body: Bytes,
    #[prost(message, optional, tag = "13")]
    pub(super) header_map: Option<HeaderMap>,
}

/// `config.core.v3.HeaderMap`.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct HeaderMap {
    #[prost(message, repeated, tag = "1")]
    pub(super) headers: Vec<Entry>,
}

/// `config.core.v3.HeaderValue`, or an entry of a map of strings.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Entry {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) raw_value: Bytes,
}

/// The entry with this name, in any case of letters. An entry with both values set counts as
/// repeated.
pub(super) fn field<'a>(entries: &'a [Entry], name: &str) -> Field<'a> {
    let mut field = Field::Absent;
    for Entry {
        key,
        value,
        raw_value,
    } in entries
    {
        if !key.eq_ignore_ascii_case(name.as_bytes()) {
            continue;
        }
        let found: &[u8] = match (&**value, &**raw_value) {
            (value, []) => value,
            ([], raw) => raw,
            (_, _) => return Field::Repeated,
        };
        if field.is_present() {
            return Field::Repeated;
        }
        field = Field::One(found);
    }
    field
}

/// `Debug` without the fields, because they hold tokens and arguments.
macro_rules! opaque {
    ($($message:ident)*) => {
        $(impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message)).finish_non_exhaustive()
            }
        })*
    };
}

opaque!(CheckMessage Attributes Request HttpRequest HeaderMap Entry);
