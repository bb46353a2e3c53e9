//! gRPC calls over real connections, one for each call.

use std::{net::SocketAddr, time::Duration};

use prost::Message;
use tonic::{Request, Status, codegen::http::uri::PathAndQuery, transport::Endpoint};
use tonic_prost::ProstCodec;

use crate::envoy::{CHECK, CheckRequest, CheckResponse};

/// Asks as Envoy does.
///
/// # Panics
/// If the call fails.
#[must_use]
pub fn check(address: SocketAddr, request: CheckRequest) -> CheckResponse {
    call(address, CHECK, Request::new(request)).unwrap()
}

/// Makes any call.
///
/// # Errors
/// The status of a call that fails; `Unavailable` without a connection.
pub fn call<Q, A>(address: SocketAddr, path: &'static str, request: Request<Q>) -> Result<A, Status>
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
{
    call_at(
        Endpoint::from_shared(format!("http://{address}")).unwrap(),
        path,
        request,
    )
}

/// Calls an endpoint, which may use TLS.
///
/// # Errors
/// As [`call`].
pub fn call_at<Q, A>(
    endpoint: Endpoint,
    path: &'static str,
    request: Request<Q>,
) -> Result<A, Status>
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
{
    block_on(async {
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let mut client = tonic::client::Grpc::new(channel);
        client
            .ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(path);
        client
            .unary(request, path, ProstCodec::<Q, A>::default())
            .await
            .map(tonic::Response::into_inner)
    })
}

/// Runs a future on a new runtime.
///
/// # Panics
/// After 30 seconds.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), future)
            .await
            .unwrap()
    })
}

/// Asks `grpc.health.v1.Health` for the state of a service, as [`SERVING`] or [`NOT_SERVING`].
///
/// # Errors
/// As [`call`].
pub fn health(address: SocketAddr, service: &str) -> Result<i32, Status> {
    let request = Request::new(HealthCheckRequest {
        service: service.to_owned(),
    });
    call::<_, HealthCheckResponse>(address, "/grpc.health.v1.Health/Check", request)
        .map(|health| health.status)
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// The service takes requests.
pub const SERVING: i32 = 1;

/// The service drains.
pub const NOT_SERVING: i32 = 2;
