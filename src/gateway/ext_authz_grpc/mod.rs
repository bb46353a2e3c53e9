//! Envoy's `ext_authz` gRPC service: the original request in `attributes.request.http`, the answer through two
//! constructors, since a `CheckResponse` that says nothing means "allow".

mod answer;
mod message;

#[cfg(test)]
mod tests;

pub use answer::{CheckAnswer, ShownAnswer};
pub use message::CheckMessage;

use super::{
    HeaderSource, Incoming,
    incoming::request_malformed,
    incoming::{Original, visible},
};
use crate::{
    authorize::{CheckRequest, Checked},
    domain::{Dialect, Field, Refusal},
    mcp::Body,
    policy::{Decision, Selector},
};
use message::{Attributes, HttpRequest};

/// The original request: `method`, `path` with its query, `headers` and `header_map`, `raw_body` or `body`. The
/// resource is the one that the route names in `context_extensions["resource"]`, else the one of `host`.
///
/// # Errors
/// When a part is missing or unreadable, or said twice.
pub fn read(message: &CheckMessage, max_body_bytes: usize) -> Result<CheckRequest<'_>, Refusal> {
    let missing = request_malformed("attributes.request.http must be there");
    let attributes = message.attributes.as_ref().ok_or(missing)?;
    let http = attributes.request.as_ref().and_then(|request| request.http.as_ref()).ok_or(missing)?;
    let method = visible(&http.method, request_malformed("attributes.request.http.method must be there"))?;
    let target = visible(&http.path, request_malformed("attributes.request.http.path must be there"))?;
    let body = body_of(http, max_body_bytes)?;
    let selector = selector_of(attributes, http)?;
    let original = Original { dialect: Dialect::ExtAuthzGrpc, method, target, selector, body };
    Ok(Incoming { method, target, headers: http, body }.check_request(&original))
}

/// True statuses; where the token is not to be forwarded, Envoy is told to remove it.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> CheckAnswer {
    match &checked.decision {
        Decision::Permit(permit) => CheckAnswer::allow(permit, checked),
        Decision::Deny(denial) => CheckAnswer::deny(denial, checked, request),
    }
}

/// Repeated names are told from single ones in `header_map` alone; in `headers` Envoy has joined the values with
/// a comma. Where both are filled they must agree.
impl HeaderSource for HttpRequest {
    fn field(&self, name: &'static str) -> Field<'_> {
        let raw = self.header_map.as_ref().map(|map| map.headers.as_slice()).unwrap_or_default();
        match (message::field(raw, name), message::field(&self.headers, name)) {
            (field, Field::Absent) | (Field::Absent, field) => field,
            (Field::One(raw), Field::One(joined)) if raw == joined => Field::One(raw),
            (Field::One(_) | Field::Repeated, Field::One(_) | Field::Repeated) => Field::Repeated,
        }
    }
}

/// The body as far as Envoy shows it. `size` is its true length, or negative where that is not known.
fn body_of(http: &HttpRequest, max_body_bytes: usize) -> Result<Body<'_>, Refusal> {
    let (body, length) = match (&*http.raw_body, &*http.body) {
        ([], []) => (Body::Absent, 0),
        (raw, []) => (Body::Whole(raw), raw.len()),
        ([], text) => (Body::Text(text), text.len()),
        (_, _) => return Err(request_malformed("only one of raw_body and body may be there")),
    };
    let is_marked = match http.field("x-envoy-auth-partial-body") {
        Field::Absent | Field::One(b"false") => false,
        Field::One(_) | Field::Repeated => true,
    };
    let is_longer = usize::try_from(http.size).map_or(length > 0, |size| size > length);
    if is_marked || is_longer {
        return Ok(Body::Cut);
    }
    Ok(if length > max_body_bytes { Body::TooLarge } else { body })
}

fn selector_of<'a>(attributes: &'a Attributes, http: &'a HttpRequest) -> Result<Selector<'a>, Refusal> {
    let fault = request_malformed("context_extensions[\"resource\"] must be one resource id");
    match message::field(&attributes.context_extensions, "resource") {
        Field::One(id) => visible(id, fault).map(Selector::Id),
        Field::Repeated => Err(fault),
        Field::Absent => visible(&http.host, request_malformed("attributes.request.http.host must be there"))
            .map(Selector::Host),
    }
}
