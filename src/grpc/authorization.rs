//! The service `envoy.service.auth.v3.Authorization`: reads a call, has the request decided, and
//! writes the answer.

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
    domain::{CheckRequest, Dialect, Field, Reason, Refusal},
    gateway::ext_authz_grpc::{self, CheckAnswer, CheckMessage},
};

/// The service of one worker.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    admission: WorkerAdmission,
}

impl Authorization {
    pub(super) fn new(admission: WorkerAdmission) -> Self {
        Self { admission }
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
        let check = Check {
            admission: self.admission.clone(),
        };
        Box::pin(async move {
            if request.uri().path() != CHECK {
                return Ok(Status::unimplemented("only Check is implemented").into_http());
            }
            Ok(unary(check, request).await)
        })
    }
}

/// The method `Check`.
struct Check {
    admission: WorkerAdmission,
}

impl UnaryService<Result<CheckMessage, Refusal>> for Check {
    type Response = CheckAnswer;
    type Future = BoxFuture<Response<CheckAnswer>, Status>;

    fn call(&mut self, request: Request<Result<CheckMessage, Refusal>>) -> Self::Future {
        let admission = self.admission.clone();
        Box::pin(async move {
            let (metadata, _, message) = request.into_parts();
            Ok(Response::new(
                answer(&admission, &message, &metadata.into_headers()).await,
            ))
        })
    }
}

/// Serves one call. If the message is too long, or the limit on bodies in memory is reached, the
/// answer is still a denial and not a failed call, because Envoy's `failure_mode_allow` would apply
/// to that.
async fn unary(check: Check, request: http::Request<Body>) -> http::Response<Body> {
    let admission = check.admission.clone();
    let limit = admission
        .max_body_bytes()
        .saturating_add(MESSAGE_MARGIN_BYTES);
    let request =
        request.map(|body| Body::new(BoundedBody::new(body, admission.owned_body_guard())));
    let mut grpc = Grpc::new(CheckCodec).max_decoding_message_size(limit);
    let response = grpc.unary(check, request).await;
    let refused = match Status::from_header_map(response.headers()).map(|status| status.code()) {
        Some(Code::OutOfRange) => admission.refuse(DIALECT, Reason::BodyTooLarge),
        Some(Code::ResourceExhausted) => admission.refuse(DIALECT, Reason::Overloaded),
        Some(_) | None => return response,
    };
    let empty_message = Body::new("\0\0\0\0\0".to_owned());
    grpc.unary(
        Refuse(ext_authz_grpc::write(&refused, None)),
        http::Request::new(empty_message),
    )
    .await
}

/// Answers every message with the denial that it holds.
struct Refuse(CheckAnswer);

impl UnaryService<Result<CheckMessage, Refusal>> for Refuse {
    type Response = CheckAnswer;
    type Future = std::future::Ready<Result<Response<CheckAnswer>, Status>>;

    fn call(&mut self, _: Request<Result<CheckMessage, Refusal>>) -> Self::Future {
        std::future::ready(Ok(Response::new(self.0.clone())))
    }
}

async fn answer(
    admission: &Admission,
    message: &Result<CheckMessage, Refusal>,
    call: &http::HeaderMap,
) -> CheckAnswer {
    let _request_guard = match admission.enter(DIALECT) {
        Ok(guard) => guard,
        Err(overloaded) => return ext_authz_grpc::write(&overloaded, None),
    };
    let mut body_guard = admission.body_guard();
    if !body_guard.grow(message.as_ref().map_or(0, CheckMessage::body_len)) {
        return ext_authz_grpc::write(&admission.refuse(DIALECT, Reason::Overloaded), None);
    }
    let message = message.as_ref().map_err(|refusal| *refusal);
    let read =
        message.and_then(|message| ext_authz_grpc::read(message, admission.max_body_bytes()));
    let read = if admission.authorizer().is_traced() {
        read.map(|request| in_trace_of_call(request, call))
    } else {
        read
    };
    let checked = admission.check(DIALECT, &read).await;
    ext_authz_grpc::write(&checked, read.as_ref().ok())
}

/// Puts the request into the trace that the headers of the call name, if they do. Envoy's span of
/// the call is a closer parent than the span that the client sent.
fn in_trace_of_call<'a>(request: CheckRequest<'a>, call: &'a http::HeaderMap) -> CheckRequest<'a> {
    let field = |name| Field::of(call.get_all(name).iter().map(http::HeaderValue::as_bytes));
    match field("traceparent") {
        Field::Absent => request,
        traceparent @ (Field::One(_) | Field::Repeated) => CheckRequest {
            traceparent,
            tracestate: field("tracestate"),
            ..request
        },
    }
}

const DIALECT: Dialect = Dialect::ExtAuthzGrpc;

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// How much longer than its body a message may be: it also has headers, certificate and metadata.
const MESSAGE_MARGIN_BYTES: usize = 1 << 20;
