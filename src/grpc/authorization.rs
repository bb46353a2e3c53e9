//! `envoy.service.auth.v3.Authorization`: takes a call apart, asks, and puts the answer together.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
};

use super::{body::BoundedBody, codec::CheckCodec};
use crate::{
    admission::{Admission, WorkerAdmission},
    authorize::CheckRequest,
    domain::{Dialect, Field, Reason, Refusal},
    gateway::ext_authz_grpc::{self, CheckAnswer, CheckMessage},
};

/// The service, over what every listener decides with.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    state: WorkerAdmission,
}

impl Authorization {
    pub(super) fn new(state: WorkerAdmission) -> Self {
        Self { state }
    }
}

impl NamedService for Authorization {
    const NAME: &'static str = "envoy.service.auth.v3.Authorization";
}

impl Service<http::Request<Body>> for Authorization {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let check = Check { state: self.state.clone() };
        Box::pin(async move {
            if request.uri().path() != CHECK {
                return Ok(Status::unimplemented("only Check is served").into_http());
            }
            Ok(unary(check, request).await)
        })
    }
}

/// The method.
struct Check {
    state: WorkerAdmission,
}

impl UnaryService<Result<CheckMessage, Refusal>> for Check {
    type Response = CheckAnswer;
    type Future = BoxFuture<Response<CheckAnswer>, Status>;

    fn call(&mut self, request: Request<Result<CheckMessage, Refusal>>) -> Self::Future {
        let state = self.state.clone();
        Box::pin(async move {
            let (metadata, _, message) = request.into_parts();
            Ok(Response::new(answer(&state, &message, &metadata.into_headers()).await))
        })
    }
}

/// A message that is not taken in is answered with a denial too, and not by a failed call.
async fn unary(check: Check, request: http::Request<Body>) -> http::Response<Body> {
    let state = check.state.clone();
    let limit = state.max_body_bytes().saturating_add(MESSAGE_MARGIN_BYTES);
    let request = request.map(|body| Body::new(BoundedBody::new(body, state.owned_room())));
    let mut grpc = Grpc::new(CheckCodec).max_decoding_message_size(limit);
    let response = grpc.unary(check, request).await;
    let refused = match Status::from_header_map(response.headers()).map(|status| status.code()) {
        Some(Code::OutOfRange) => state.refuse(DIALECT, Reason::BodyTooLarge),
        Some(Code::ResourceExhausted) => state.refuse(DIALECT, Reason::Overloaded),
        Some(_) | None => return response,
    };
    let empty_message = Body::new("\0\0\0\0\0".to_owned());
    grpc.unary(Refuse(ext_authz_grpc::write(&refused, None)), http::Request::new(empty_message)).await
}

/// Answers whatever was asked.
struct Refuse(CheckAnswer);

impl UnaryService<Result<CheckMessage, Refusal>> for Refuse {
    type Response = CheckAnswer;
    type Future = std::future::Ready<Result<Response<CheckAnswer>, Status>>;

    fn call(&mut self, _: Request<Result<CheckMessage, Refusal>>) -> Self::Future {
        std::future::ready(Ok(Response::new(self.0.clone())))
    }
}

async fn answer(
    state: &Admission,
    message: &Result<CheckMessage, Refusal>,
    call: &http::HeaderMap,
) -> CheckAnswer {
    let _place = match state.enter(DIALECT) {
        Ok(place) => place,
        Err(overloaded) => return ext_authz_grpc::write(&overloaded, None),
    };
    let mut room = state.room();
    if !room.grow(message.as_ref().map_or(0, CheckMessage::body_len)) {
        return ext_authz_grpc::write(&state.refuse(DIALECT, Reason::Overloaded), None);
    }
    let message = message.as_ref().map_err(|misread| *misread);
    let read = message.and_then(|message| ext_authz_grpc::read(message, state.max_body_bytes()));
    let read =
        if state.authorizer().is_traced() { read.map(|request| of_trace(request, call)) } else { read };
    let checked = state.check(DIALECT, &read).await;
    ext_authz_grpc::write(&checked, read.as_ref().ok())
}

/// The request as part of the trace that the call itself names: Envoy's span of the call is nearer than what the
/// client sent.
fn of_trace<'a>(request: CheckRequest<'a>, call: &'a http::HeaderMap) -> CheckRequest<'a> {
    let field = |name| Field::of(call.get_all(name).iter().map(http::HeaderValue::as_bytes));
    match field("traceparent") {
        Field::Absent => request,
        traceparent @ (Field::One(_) | Field::Repeated) => {
            CheckRequest { traceparent, tracestate: field("tracestate"), ..request }
        }
    }
}

const DIALECT: Dialect = Dialect::ExtAuthzGrpc;

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// Room for what comes with a body in a message: headers, certificate, metadata.
const MESSAGE_MARGIN_BYTES: usize = 1 << 20;
