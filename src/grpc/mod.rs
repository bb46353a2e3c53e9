//! The gRPC listener, the only room that uses tonic's server: Envoy's `Check` and the gRPC health
//! service. It has its own worker threads.
//!
//! Design: `docs/design/gateways.md#one-thread-for-each-grpc-worker`.

mod authorization;
mod body;
mod codec;
mod server;
mod worker;

pub use server::{BoundGrpc, GrpcHandle, bind};
