//! The handlers of the three dialects. They take a request apart, ask, and put the answer together.

use std::sync::LazyLock;

use actix_web::{
    HttpRequest, HttpResponse,
    body::BoxBody,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::{Bytes, Data, Payload},
};

use super::body::{NoRoom, ReadBody, read_body};
use crate::{
    admission::{Admission, WorkerAdmission},
    authorize::Checked,
    domain::{Field, Reason, Refusal},
    gateway::{
        AUTH_REQUEST, Dialogue, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, Incoming, Reply,
        ext_authz_http::original_target, request_malformed,
    },
    token::IdentityHeaders,
};

pub(super) async fn auth_request(
    state: Data<WorkerAdmission>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &AUTH_REQUEST).await
}

/// Takes whatever has no route of its own. Under the prefix are Envoy's questions, and elsewhere is nothing.
pub(super) async fn ext_authz_http(
    state: Data<WorkerAdmission>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    if original_target(request.path()).is_none() {
        return HttpResponse::new(StatusCode::NOT_FOUND);
    }
    answer(&state, &request, payload, &EXT_AUTHZ_HTTP).await
}

pub(super) async fn forward_auth(
    state: Data<WorkerAdmission>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &FORWARD_AUTH).await
}

async fn answer(
    state: &Admission,
    request: &HttpRequest,
    payload: Payload,
    dialogue: &Dialogue,
) -> HttpResponse {
    let overloaded = |checked: &Checked<'_>| respond((dialogue.write)(checked, None));
    let _place = match state.enter(dialogue.dialect) {
        Ok(place) => place,
        Err(checked) => return finish(state, overloaded(&checked)),
    };
    let mut room = state.room();
    let response = match read_body(request, payload, state.max_body_bytes(), &mut room).await {
        Ok(body) => respond(decide(state, request, &body, dialogue).await),
        Err(NoRoom) => overloaded(&state.refuse(dialogue.dialect, Reason::Overloaded)),
    };
    finish(state, response)
}

/// An answer as it goes out. A gateway that reused its connection while this end closes it would lose a request,
/// so it is told beforehand.
pub(super) fn finish(state: &Admission, mut response: HttpResponse) -> HttpResponse {
    if state.is_draining() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    response
}

async fn decide(state: &Admission, request: &HttpRequest, body: &ReadBody, dialogue: &Dialogue) -> Reply {
    let headers = Headers(request.headers());
    let asked = Incoming {
        method: request.method().as_str(),
        target: request.head().uri.path_and_query().map_or("", |target| target.as_str()),
        headers: &headers,
        body: body.shown(),
    };
    let read = origin_form(request).and_then(|()| (dialogue.read)(&asked));
    let checked = state.check(dialogue.dialect, &read).await;
    (dialogue.write)(&checked, read.as_ref().ok())
}

/// An absolute form names a host of its own beside `Host`, and whoever forwards the request may follow it
/// (RFC 9112 §3.2.2).
fn origin_form(request: &HttpRequest) -> Result<(), Refusal> {
    match request.head().uri.authority() {
        None => Ok(()),
        Some(_) => Err(request_malformed("the request target must be a path")),
    }
}

/// The reply in actix-web's types. A header that cannot be written would be a fault of ours: the request is then
/// not permitted.
fn respond(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = HttpResponse::new(status);
    let headers = response.headers_mut();
    if let Some(identity) = &reply.identity
        && add_identity(headers, identity).is_none()
    {
        return HttpResponse::new(StatusCode::SERVICE_UNAVAILABLE);
    }
    for (name, value) in reply.others {
        match HeaderValue::from_maybe_shared(value) {
            Ok(value) => drop(headers.insert(HeaderName::from_static(name), value)),
            Err(_) => return HttpResponse::new(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
    match reply.body {
        Some(body) => response.set_body(BoxBody::new(body)),
        None => response,
    }
}

/// `None` where a value cannot be written.
fn add_identity(headers: &mut HeaderMap, identity: &IdentityHeaders) -> Option<()> {
    let value = |value: &Bytes| HeaderValue::from_maybe_shared(value.clone()).ok();
    let made = |values: &[Bytes; 5]| values.each_ref().map(value);
    let once;
    let values = match identity.prepared(made) {
        Some(values) => values,
        None => {
            once = made(identity.values());
            &once
        }
    };
    for (name, value) in IDENTITY.iter().zip(values) {
        headers.insert(name.clone(), value.clone()?);
    }
    Some(())
}

/// The headers of a gateway's request.
struct Headers<'a>(&'a HeaderMap);

impl HeaderSource for Headers<'_> {
    fn field(&self, name: &'static str) -> Field<'_> {
        match read_name(name) {
            Some(name) => Field::of(self.0.get_all(name).map(HeaderValue::as_bytes)),
            None => Field::of(self.0.get_all(name).map(HeaderValue::as_bytes)),
        }
    }
}

/// The names that most requests are asked for, which need not be parsed anew.
fn read_name(name: &'static str) -> Option<&'static HeaderName> {
    Some(match name {
        "authorization" => &header::AUTHORIZATION,
        "origin" => &header::ORIGIN,
        "access-control-request-method" => &header::ACCESS_CONTROL_REQUEST_METHOD,
        "content-type" => &header::CONTENT_TYPE,
        "content-encoding" => &header::CONTENT_ENCODING,
        "host" => &header::HOST,
        "traceparent" => &TRACEPARENT,
        "mcp-protocol-version" => &MCP_PROTOCOL_VERSION,
        "mcp-method" => &MCP_METHOD,
        "mcp-name" => &MCP_NAME,
        "x-original-method" => &X_ORIGINAL_METHOD,
        "x-original-uri" => &X_ORIGINAL_URI,
        "x-envoy-auth-partial-body" => &X_ENVOY_AUTH_PARTIAL_BODY,
        _ => return None,
    })
}

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static MCP_PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
static MCP_METHOD: HeaderName = HeaderName::from_static("mcp-method");
static MCP_NAME: HeaderName = HeaderName::from_static("mcp-name");
static X_ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
static X_ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
static X_ENVOY_AUTH_PARTIAL_BODY: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");

static IDENTITY: LazyLock<[HeaderName; 5]> =
    LazyLock::new(|| IdentityHeaders::NAMES.map(HeaderName::from_static));
