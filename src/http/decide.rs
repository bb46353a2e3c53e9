//! The handlers of the three dialects. They take a request apart, ask, and put the answer together.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        ConnectionType, StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    web::{Data, Payload},
};

use super::body::{NoRoom, ReadBody, read_body};
use crate::{
    authorize::Checked,
    domain::{Field, Reason},
    gateway::{
        AUTH_REQUEST, Asked, DecisionState, Dialogue, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, Misread,
        Reply, WorkerState,
    },
};

pub(super) async fn auth_request(
    state: Data<WorkerState>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &AUTH_REQUEST).await
}

pub(super) async fn ext_authz_http(
    state: Data<WorkerState>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &EXT_AUTHZ_HTTP).await
}

pub(super) async fn forward_auth(
    state: Data<WorkerState>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &FORWARD_AUTH).await
}

async fn answer(
    state: &DecisionState,
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
pub(super) fn finish(state: &DecisionState, mut response: HttpResponse) -> HttpResponse {
    if state.is_draining() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    response
}

async fn decide(state: &DecisionState, request: &HttpRequest, body: &ReadBody, dialogue: &Dialogue) -> Reply {
    let headers = Headers(request.headers());
    let asked = Asked {
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
fn origin_form(request: &HttpRequest) -> Result<(), Misread> {
    match request.head().uri.authority() {
        None => Ok(()),
        Some(_) => Err(Misread("the request target must be a path")),
    }
}

/// The reply in actix-web's types. A header that cannot be written would be a fault of ours: the request is then
/// not permitted.
fn respond(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in reply.headers {
        match HeaderValue::from_maybe_shared(value) {
            Ok(value) => response.insert_header((HeaderName::from_static(name), value)),
            Err(_) => return HttpResponse::ServiceUnavailable().finish(),
        };
    }
    match reply.body {
        Some(body) => response.body(body),
        None => response.finish(),
    }
}

/// The headers of a gateway's request.
struct Headers<'a>(&'a HeaderMap);

impl HeaderSource for Headers<'_> {
    fn field(&self, name: &'static str) -> Field<'_> {
        Field::of(self.0.get_all(name).map(HeaderValue::as_bytes))
    }
}
