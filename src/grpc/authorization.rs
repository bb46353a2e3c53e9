//! `envoy.service.auth.v3.Authorization`: takes a call apart, asks, and puts the answer together.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
};

use super::codec::CheckCodec;
use crate::{
    domain::Dialect,
    gateway::{
        DecisionState, Misread,
        ext_authz_grpc::{self, CheckAnswer, CheckMessage},
    },
};

/// The service, over what every listener decides with.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    state: Arc<DecisionState>,
}

impl Authorization {
    pub(super) fn new(state: Arc<DecisionState>) -> Self {
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
        let check = Check { state: Arc::clone(&self.state) };
        Box::pin(async move {
            if request.uri().path() != CHECK {
                return Ok(Status::unimplemented("only Check is served").into_http());
            }
            let limit = check.state.max_body_bytes().saturating_add(MESSAGE_MARGIN_BYTES);
            Ok(Grpc::new(CheckCodec).max_decoding_message_size(limit).unary(check, request).await)
        })
    }
}

/// The method.
struct Check {
    state: Arc<DecisionState>,
}

impl UnaryService<Result<CheckMessage, Misread>> for Check {
    type Response = CheckAnswer;
    type Future = BoxFuture<Response<CheckAnswer>, Status>;

    fn call(&mut self, request: Request<Result<CheckMessage, Misread>>) -> Self::Future {
        let state = Arc::clone(&self.state);
        Box::pin(async move { Ok(Response::new(answer(&state, &request.into_inner()).await)) })
    }
}

async fn answer(state: &DecisionState, message: &Result<CheckMessage, Misread>) -> CheckAnswer {
    let _place = match state.enter(Dialect::ExtAuthzGrpc) {
        Ok(place) => place,
        Err(overloaded) => return ext_authz_grpc::write(&overloaded, None),
    };
    let message = message.as_ref().map_err(|misread| *misread);
    let read = message.and_then(|message| ext_authz_grpc::read(message, state.max_body_bytes()));
    let checked = state.check(Dialect::ExtAuthzGrpc, &read).await;
    ext_authz_grpc::write(&checked, read.as_ref().ok())
}

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// Room for what comes with a body in a message: headers, certificate, metadata.
const MESSAGE_MARGIN_BYTES: usize = 1 << 20;
