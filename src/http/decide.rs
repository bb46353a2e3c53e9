//! The handlers of the three dialects. They take a request apart, ask, and put the answer together.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        ConnectionType, StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    web::{Data, Payload},
};

use super::{
    body::{NoRoom, ReadBody, read_body},
    in_flight::InFlight,
};
use crate::{
    authorize::Authorizer,
    domain::{Field, Reason, Silent},
    gateway::{AUTH_REQUEST, Asked, Dialogue, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, Misread, Reply},
    policy::Denial,
};

/// What the handlers need, one for all workers.
#[derive(Debug)]
pub struct DecisionState {
    authorizer: Authorizer,
    in_flight: InFlight,
    body_bytes: InFlight,
    max_body_bytes: usize,
    is_draining: Arc<AtomicBool>,
}

impl DecisionState {
    /// Decides with `authorizer` about at most `max_in_flight` requests at a time, reading bodies of at most
    /// `max_body_bytes`. Once `is_draining`, each answer is the last of its connection.
    #[must_use]
    pub fn new(
        authorizer: Authorizer,
        max_in_flight: usize,
        max_body_bytes: usize,
        is_draining: Arc<AtomicBool>,
    ) -> Self {
        Self {
            authorizer,
            in_flight: InFlight::new(max_in_flight),
            body_bytes: InFlight::new(max_body_bytes.saturating_mul(WHOLE_BODIES)),
            max_body_bytes,
            is_draining,
        }
    }

    /// An answer as it goes out. A gateway that reused its connection while this end closes it would lose a
    /// request, so it is told beforehand.
    pub(super) fn finish(&self, mut response: HttpResponse) -> HttpResponse {
        if self.is_draining.load(Ordering::Relaxed) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }

    /// What decides.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }
}

pub(super) async fn auth_request(
    state: Data<DecisionState>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &AUTH_REQUEST).await
}

pub(super) async fn ext_authz_http(
    state: Data<DecisionState>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    answer(&state, &request, payload, &EXT_AUTHZ_HTTP).await
}

pub(super) async fn forward_auth(
    state: Data<DecisionState>,
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
    let overloaded = || {
        let checked = state.authorizer.refuse(dialogue.dialect, Denial::of(Reason::Overloaded));
        respond((dialogue.write)(&checked, None))
    };
    let Some(_place) = state.in_flight.enter() else { return state.finish(overloaded()) };
    let mut room = state.body_bytes.nothing();
    let response = match read_body(request, payload, state.max_body_bytes, &mut room).await {
        Ok(body) => respond(decide(state, request, &body, dialogue).await),
        Err(NoRoom) => overloaded(),
    };
    state.finish(response)
}

async fn decide(state: &DecisionState, request: &HttpRequest, body: &ReadBody, dialogue: &Dialogue) -> Reply {
    let headers = Headers(request.headers());
    let asked = Asked {
        method: request.method().as_str(),
        target: request.head().uri.path_and_query().map_or("", |target| target.as_str()),
        headers: &headers,
        body: body.shown(),
    };
    match origin_form(request).and_then(|()| (dialogue.read)(&asked)) {
        Ok(check) => {
            let checked = state.authorizer.check(&check, &mut Silent).await;
            (dialogue.write)(&checked, Some(&check))
        }
        Err(misread) => {
            let checked = state.authorizer.refuse(dialogue.dialect, misread.into());
            (dialogue.write)(&checked, None)
        }
    }
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

/// How many bodies of the greatest length may be in memory at once; shorter ones are many more.
const WHOLE_BODIES: usize = 64;
