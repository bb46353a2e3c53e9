//! Calls over real connections.

use std::time::Duration;

use prost::Message;
use tonic::{Request, Status, codegen::http::uri::PathAndQuery, transport::Endpoint};
use tonic_prost::ProstCodec;

use super::envoy::{CHECK, CheckRequest, CheckResponse};
use crate::helpers::TestApp;

/// One call on a connection of its own.
pub(crate) fn check(app: &TestApp, request: CheckRequest) -> CheckResponse {
    call::<_, CheckResponse>(app, CHECK, Request::new(request)).unwrap()
}

/// Any call.
pub(crate) fn call<Q, A>(app: &TestApp, path: &'static str, request: Request<Q>) -> Result<A, Status>
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
{
    call_at(Endpoint::from_shared(format!("http://{}", app.grpc)).unwrap(), path, request)
}

/// A call to an endpoint, which may speak TLS.
pub(crate) fn call_at<Q, A>(endpoint: Endpoint, path: &'static str, request: Request<Q>) -> Result<A, Status>
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
{
    block_on(async {
        let channel = endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(path);
        client.unary(request, path, ProstCodec::<Q, A>::default()).await.map(tonic::Response::into_inner)
    })
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), future).await.unwrap() })
}
