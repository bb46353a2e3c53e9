//! The handlers of the three HTTP dialects: they read the request, have it decided, and write the
//! answer.

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

use super::body::{BodyBytesExhausted, ReadBody, read_body};
use crate::{
    admission::{Admission, WorkerAdmission},
    authorize::Checked,
    domain::{Field, Reason, Refusal},
    gateway::{
        AUTH_REQUEST, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, HttpAdapter, Incoming, Reply,
        ext_authz_http::original_target, request_malformed,
    },
    token::IdentityHeaders,
};

pub(super) async fn auth_request(
    admission: Data<WorkerAdmission>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&admission, &request, payload, &AUTH_REQUEST).await
}

/// Serves every path that has no route. Paths below the prefix are requests of Envoy; all others
/// are a 404.
pub(super) async fn ext_authz_http(
    admission: Data<WorkerAdmission>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    if original_target(request.path()).is_none() {
        return HttpResponse::new(StatusCode::NOT_FOUND);
    }
    answer(&admission, &request, payload, &EXT_AUTHZ_HTTP).await
}

pub(super) async fn forward_auth(
    admission: Data<WorkerAdmission>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&admission, &request, payload, &FORWARD_AUTH).await
}

async fn answer(
    admission: &Admission,
    request: &HttpRequest,
    payload: Payload,
    adapter: &HttpAdapter,
) -> HttpResponse {
    let overloaded = |checked: &Checked<'_>| respond((adapter.write)(checked, None));
    let _request_guard = match admission.enter(adapter.dialect) {
        Ok(guard) => guard,
        Err(checked) => return close_if_draining(admission, overloaded(&checked)),
    };
    let mut body_guard = admission.body_guard();
    let response = match read_body(
        request,
        payload,
        admission.max_body_bytes(),
        &mut body_guard,
    )
    .await
    {
        Ok(body) => respond(decide(admission, request, &body, adapter).await),
        Err(BodyBytesExhausted) => {
            overloaded(&admission.refuse(adapter.dialect, Reason::Overloaded))
        }
    };
    close_if_draining(admission, response)
}

/// Adds `Connection: close` to the answer if the service is about to stop. A gateway that sends its
/// next request while scopegate closes the connection would lose that request.
pub(super) fn close_if_draining(admission: &Admission, mut response: HttpResponse) -> HttpResponse {
    if admission.is_draining() {
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    response
}

async fn decide(
    admission: &Admission,
    request: &HttpRequest,
    body: &ReadBody,
    adapter: &HttpAdapter,
) -> Reply {
    let headers = Headers(request.headers());
    let incoming = Incoming {
        method: request.method().as_str(),
        target: request
            .head()
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str()),
        headers: &headers,
        body: body.as_body(),
    };
    let read = require_origin_form(request).and_then(|()| (adapter.read)(&incoming));
    let checked = admission.check(adapter.dialect, &read).await;
    (adapter.write)(&checked, read.as_ref().ok())
}

/// Requires a target in origin form. A target in absolute form names a second host beside `Host`,
/// and a proxy that forwards the request must use that host instead (RFC 9112 §3.2.2).
///
/// # Errors
/// If the target is in absolute form.
fn require_origin_form(request: &HttpRequest) -> Result<(), Refusal> {
    match request.head().uri.authority() {
        None => Ok(()),
        Some(_) => Err(request_malformed("the request target must be a path")),
    }
}

/// The reply in actix-web's types. If a header value is not valid, which only a bug can cause, the
/// answer is a 503 so that the request does not pass.
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

/// Adds the identity headers; `None` if a value is not valid in a header.
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
        match parsed_name(name) {
            Some(name) => Field::of(self.0.get_all(name).map(HeaderValue::as_bytes)),
            None => Field::of(self.0.get_all(name).map(HeaderValue::as_bytes)),
        }
    }
}

/// The parsed form of the names that are looked up in most requests, so that they need not be
/// parsed for each one.
fn parsed_name(name: &'static str) -> Option<&'static HeaderName> {
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
