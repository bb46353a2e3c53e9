//! The real binary under load while its configuration is reloaded and its keys are rotated. `SOAK_SECONDS` and
//! `GRPC_SOAK_SECONDS` say for how long; without them a moment has to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on shall stop"
)]

#[path = "../api/grpc/envoy.rs"]
#[allow(dead_code, reason = "not every part of Envoy's messages is used here")]
mod envoy;
mod grpc;
mod http;
mod keys;
mod service;
