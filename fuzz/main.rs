//! Fuzz targets: inputs are drawn from a number, by structure or by mutation of the files in `seeds`.
//!
//! None may panic, and whatever the service permits the model in `tests/model` must permit too. `cargo test`
//! tries a fixed thousand of inputs for each target; `fuzz/run` goes on for as long as it is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on shall stop"
)]

mod agreement;
mod bearer;
mod config;
mod draw;
mod drive;
mod json_rpc;
mod jwks;
mod jwt;
mod message;
#[path = "../tests/model/mod.rs"]
mod model;
mod mutate;
mod node;
mod policies;
mod query;
mod service;
mod signer;
