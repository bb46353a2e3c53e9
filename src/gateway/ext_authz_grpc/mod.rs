//! The dialect of Envoy's `ext_authz` gRPC service. The original request is in
//! `attributes.request.http`. Only two constructors make an answer, because an empty
//! `CheckResponse` means "allow".
//!
//! Design: `docs/design/gateways.md#envoys-messages-are-written-by-hand`.

mod answer;
mod check_message;

#[cfg(test)]
mod tests;

pub use answer::{AnswerView, CheckAnswer};
pub use check_message::CheckMessage;

use super::{HeaderSource, Incoming, incoming::request_malformed, incoming::visible_ascii};
use crate::{
    authorize::Checked,
    domain::{Body, CheckRequest, Dialect, Field, Refusal, Selector},
    policy::Decision,
};
use check_message::{Attributes, HttpRequest};

/// Reads the original request: `method`, `path` with its query, `headers` and `header_map`,
/// `raw_body` or `body`. `max_body_bytes` bounds the body. Envoy's route selects the resource in
/// `context_extensions["resource"]`; without it, `host` does.
///
/// # Errors
/// If a part is missing, unreadable or ambiguous.
pub fn read(message: &CheckMessage, max_body_bytes: usize) -> Result<CheckRequest<'_>, Refusal> {
    let missing = request_malformed("attributes.request.http is missing");
    let attributes = message.attributes.as_ref().ok_or(missing)?;
    let http = attributes
        .request
        .as_ref()
        .and_then(|request| request.http.as_ref())
        .ok_or(missing)?;
    let method = visible_ascii(
        &http.method,
        request_malformed("attributes.request.http.method is missing"),
    )?;
    let target = visible_ascii(
        &http.path,
        request_malformed("attributes.request.http.path is missing"),
    )?;
    let body = body_of(http, max_body_bytes)?;
    let selector = selector_of(attributes, http)?;
    let incoming = Incoming {
        method,
        target,
        headers: http,
        body,
    };
    Ok(incoming.check_request(Dialect::ExtAuthzGrpc, selector))
}

/// Writes the true status. If the resource does not forward tokens, the answer tells Envoy to
/// remove the token.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> CheckAnswer {
    match &checked.decision {
        Decision::Permit(permit) => CheckAnswer::allow(permit, checked),
        Decision::Deny(denial) => CheckAnswer::deny(denial, checked, request),
    }
}

/// Only `header_map` distinguishes a repeated header from a single one: in `headers`, Envoy joins
/// the values with a comma. If a message has both, they must agree.
impl HeaderSource for HttpRequest {
    fn field(&self, name: &'static str) -> Field<'_> {
        let raw = self
            .header_map
            .as_ref()
            .map(|map| map.headers.as_slice())
            .unwrap_or_default();
        match (
            check_message::field(raw, name),
            check_message::field(&self.headers, name),
        ) {
            (field, Field::Absent) | (Field::Absent, field) => field,
            (Field::One(raw), Field::One(joined)) if raw == joined => Field::One(raw),
            (Field::One(_) | Field::Repeated, Field::One(_) | Field::Repeated) => Field::Repeated,
        }
    }
}

/// The part of the body that Envoy shows. `size` is the true length, or negative if Envoy does not
/// know it.
fn body_of(http: &HttpRequest, max_body_bytes: usize) -> Result<Body<'_>, Refusal> {
    let (body, length) = match (&*http.raw_body, &*http.body) {
        ([], []) => (Body::Absent, 0),
        (raw, []) => (Body::Whole(raw), raw.len()),
        ([], text) => (Body::Text(text), text.len()),
        (_, _) => return Err(request_malformed("raw_body and body are both set")),
    };
    let is_marked = match http.field("x-envoy-auth-partial-body") {
        Field::Absent | Field::One(b"false") => false,
        Field::One(_) | Field::Repeated => true,
    };
    let is_longer = usize::try_from(http.size).map_or(length > 0, |size| size > length);
    if is_marked || is_longer {
        return Ok(Body::Cut);
    }
    Ok(if length > max_body_bytes {
        Body::TooLarge
    } else {
        body
    })
}

fn selector_of<'a>(
    attributes: &'a Attributes,
    http: &'a HttpRequest,
) -> Result<Selector<'a>, Refusal> {
    let fault = request_malformed("context_extensions[\"resource\"] must be one resource id");
    match check_message::field(&attributes.context_extensions, "resource") {
        Field::One(id) => visible_ascii(id, fault).map(Selector::Id),
        Field::Repeated => Err(fault),
        Field::Absent => visible_ascii(
            &http.host,
            request_malformed("attributes.request.http.host is missing"),
        )
        .map(Selector::Host),
    }
}
