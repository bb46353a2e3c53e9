//! The `envoy.service.auth.v3.CheckResponse` that scopegate sends. Envoy reads one without a
//! status, or with status 0, as "allow", no matter what else it contains. Therefore only this file
//! can construct one.

mod view;

pub use view::AnswerView;

use bytes::{BufMut, Bytes};
use prost::{EncodeError, Message, Oneof};

use crate::{
    authorize::Checked,
    domain::CheckRequest,
    gateway::{Reply, reply::is_undecided},
    policy::{Denial, Permit},
    token::Identity,
};

/// The answer to one `Check`: a permit or a denial, with every field that Envoy needs to read it as
/// one.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckAnswer(CheckResponse);

impl CheckAnswer {
    /// A permit: status 0 and an `ok_response`. Its identity headers replace headers of the same
    /// names that the client sent.
    pub(super) fn allow(permit: &Permit, checked: &Checked<'_>) -> Self {
        let token: &[Bytes] = if checked.removes_token {
            &[AUTHORIZATION]
        } else {
            &[]
        };
        let ok = OkHttpResponse {
            headers: overwriting_headers(&Reply::of_permit(permit)),
            headers_to_remove: token.to_vec(),
        };
        Self::new(
            Code::Ok,
            HttpResponse::Ok(ok),
            metadata(permit.grounds().code(), permit.identity(), checked),
        )
    }

    /// A denial: a status other than 0 and a `denied_response` with its HTTP status. If scopegate
    /// could not decide, it is an `error_response`: Envoy counts it separately, and
    /// `failure_mode_allow` applies to it.
    pub(super) fn deny(
        denial: &Denial,
        checked: &Checked<'_>,
        request: Option<&CheckRequest<'_>>,
    ) -> Self {
        let reply = Reply::plain_denial(denial, request);
        let denied = DeniedHttpResponse {
            headers: overwriting_headers(&reply),
            status: Some(HttpStatus {
                code: i32::from(reply.status),
            }),
            body: reply.body.unwrap_or_default(),
        };
        let metadata = metadata(denial.reason().code(), denial.identity(), checked);
        match reply.status {
            _ if is_undecided(denial.reason()) => {
                Self::new(Code::Unavailable, HttpResponse::Error(denied), metadata)
            }
            401 => Self::new(
                Code::Unauthenticated,
                HttpResponse::Denied(denied),
                metadata,
            ),
            _ => Self::new(
                Code::PermissionDenied,
                HttpResponse::Denied(denied),
                metadata,
            ),
        }
    }

    /// Encodes the answer as protobuf.
    ///
    /// # Errors
    /// If the buffer is too small and cannot grow.
    pub fn write(&self, wire: &mut impl BufMut) -> Result<(), EncodeError> {
        self.0.encode(wire)
    }

    fn new(code: Code, http_response: HttpResponse, dynamic_metadata: Struct) -> Self {
        Self(CheckResponse {
            status: Some(Status { code: code as i32 }),
            dynamic_metadata: Some(dynamic_metadata),
            http_response: Some(http_response),
        })
    }
}

/// `google.rpc.Code`.
#[derive(Clone, Copy)]
enum Code {
    Ok = 0,
    PermissionDenied = 7,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// The dynamic metadata of a decision, for Envoy's access log and for the filters after this one.
/// Subject and client are escaped as in the identity headers, so that no value can break out of a
/// log line.
fn metadata(reason: &'static str, identity: Option<&Identity>, checked: &Checked<'_>) -> Struct {
    let mut fields = Vec::with_capacity(MAX_FIELDS);
    fields.push(Field::of("reason", Bytes::from_static(reason.as_bytes())));
    if let Some(identity) = identity {
        let [subject, client, ..] = identity.headers.values();
        fields.push(Field::of("subject", subject.clone()));
        fields.push(Field::of("client", client.clone()));
        fields.push(Field::of("scopes", scope_text(identity)));
    }
    if let Some((operation, name)) = checked.operation_name() {
        fields.push(Field::of("operation", bytes_of(&operation)));
        fields.extend(name.map(|name| Field::of("name", bytes_of(&name))));
    }
    Struct { fields }
}

/// The scopes with spaces between them, as in the `scope` claim (RFC 6749 §3.3).
fn scope_text(identity: &Identity) -> Bytes {
    let length = identity
        .scopes
        .iter()
        .map(|scope| scope.as_str().len() + 1)
        .sum::<usize>()
        .saturating_sub(1);
    let mut text = Vec::with_capacity(length);
    for scope in &identity.scopes {
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(scope.as_str().as_bytes());
    }
    text.into()
}

fn bytes_of(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// The most headers of an answer: a denial for a browser, or a permit.
const MAX_HEADERS: usize = 5;

/// The most fields of the metadata: a permit for an operation that has a name.
const MAX_FIELDS: usize = 6;

/// The headers of the reply. Envoy overwrites headers of the same names with them.
fn overwriting_headers(reply: &Reply) -> Vec<HeaderValueOption> {
    let option = |(name, value): (&'static str, &Bytes)| HeaderValueOption {
        header: Some(HeaderValue {
            key: Bytes::from_static(name.as_bytes()),
            value: value.clone(),
        }),
        append_action: OVERWRITE_IF_EXISTS_OR_ADD,
        keep_empty_value: true,
    };
    let mut headers = Vec::with_capacity(MAX_HEADERS);
    headers.extend(reply.fields().map(option));
    headers
}

#[derive(Clone, PartialEq, Message)]
struct CheckResponse {
    #[prost(message, optional, tag = "1")]
    status: Option<Status>,
    #[prost(message, optional, tag = "4")]
    dynamic_metadata: Option<Struct>,
    #[prost(oneof = "HttpResponse", tags = "2, 3, 5")]
    http_response: Option<HttpResponse>,
}

#[derive(Clone, PartialEq, Oneof)]
enum HttpResponse {
    #[prost(message, tag = "2")]
    Denied(DeniedHttpResponse),
    #[prost(message, tag = "3")]
    Ok(OkHttpResponse),
    #[prost(message, tag = "5")]
    Error(DeniedHttpResponse),
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct OkHttpResponse {
    #[prost(message, repeated, tag = "2")]
    headers: Vec<HeaderValueOption>,
    #[prost(bytes = "bytes", repeated, tag = "5")]
    headers_to_remove: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct DeniedHttpResponse {
    #[prost(message, optional, tag = "1")]
    status: Option<HttpStatus>,
    #[prost(message, repeated, tag = "2")]
    headers: Vec<HeaderValueOption>,
    #[prost(string, tag = "3")]
    body: String,
}

/// `type.v3.HttpStatus`.
#[derive(Clone, PartialEq, Message)]
struct HttpStatus {
    #[prost(int32, tag = "1")]
    code: i32,
}

/// `config.core.v3.HeaderValueOption`.
#[derive(Clone, PartialEq, Message)]
struct HeaderValueOption {
    #[prost(message, optional, tag = "1")]
    header: Option<HeaderValue>,
    #[prost(int32, tag = "3")]
    append_action: i32,
    #[prost(bool, tag = "4")]
    keep_empty_value: bool,
}

#[derive(Clone, PartialEq, Message)]
struct HeaderValue {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// `google.protobuf.Struct`. Its map is a list of entries here, as it is on the wire.
#[derive(Clone, PartialEq, Message)]
struct Struct {
    #[prost(message, repeated, tag = "1")]
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Message)]
struct Field {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(message, optional, tag = "2")]
    value: Option<Value>,
}

impl Field {
    fn of(name: &'static str, text: Bytes) -> Self {
        let value = Some(Value {
            string_value: Some(text),
        });
        Self {
            key: Bytes::from_static(name.as_bytes()),
            value,
        }
    }
}

/// `google.protobuf.Value`.
#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(bytes = "bytes", optional, tag = "3")]
    string_value: Option<Bytes>,
}

const AUTHORIZATION: Bytes = Bytes::from_static(b"authorization");

/// `HeaderValueOption.HeaderAppendAction`.
const OVERWRITE_IF_EXISTS_OR_ADD: i32 = 2;
