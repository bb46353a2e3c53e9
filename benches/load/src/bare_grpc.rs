//! tonic as scopegate runs it, on one thread with its own runtime. It reads the message and
//! responds with a constant.

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use scopegate::{domain::Refusal, gateway::ext_authz_grpc::CheckMessage};
use tokio::{net::TcpListener, runtime};
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder},
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
    transport::{Server, server::TcpIncoming},
};

use crate::envoy::AsBytes;

/// Serves `Check` on a port of loopback. Every response is `message`.
pub fn serve_grpc(port: u16, message: Vec<u8>) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let service = Bare(Bytes::from(message));
        let mut server = Server::builder().http2_keepalive_interval(Some(Duration::from_secs(60)));
        server
            .add_service(service)
            .serve_with_incoming(incoming)
            .await
            .unwrap();
    });
}

#[derive(Clone)]
struct Bare(Bytes);

impl NamedService for Bare {
    const NAME: &'static str = "envoy.service.auth.v3.Authorization";
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move { Ok(Grpc::new(Messages).unary(method, request).await) })
    }
}

impl UnaryService<Result<CheckMessage, Refusal>> for Bare {
    type Response = Bytes;
    type Future = std::future::Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Result<CheckMessage, Refusal>>) -> Self::Future {
        std::hint::black_box(request.get_ref());
        std::future::ready(Ok(Response::new(self.0.clone())))
    }
}

/// Reads the message as scopegate does, and writes bytes that were made before.
struct Messages;

impl Codec for Messages {
    type Encode = Bytes;
    type Decode = Result<CheckMessage, Refusal>;
    type Encoder = AsBytes;
    type Decoder = Self;

    fn encoder(&mut self) -> AsBytes {
        AsBytes
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Decoder for Messages {
    type Item = Result<CheckMessage, Refusal>;
    type Error = Status;

    fn decode(&mut self, wire: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        Ok(Some(CheckMessage::read(wire)))
    }
}
