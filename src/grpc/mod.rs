//! tonic and nothing else: Envoy's `Check` and gRPC's health service, on threads of their own.

mod authorization;
mod body;
mod codec;
mod server;
mod worker;

pub use server::{BoundGrpc, GrpcHandle, bind};
