//! Fuzz targets: inputs are drawn from a number, by structure or by mutation of the files in
//! `seeds`.
//!
//! No input may cause a panic, and the service must not permit a request that the model in
//! `tests/model` denies. `cargo test` tries the same thousand inputs of each target every time.
//! `fuzz/run` tries others, for a given time.

#![allow(
    clippy::too_many_lines,
    reason = "tables of cases stand in their tests"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on stops at the line that failed"
)]

mod agreement;
mod bearer;
mod config;
mod draw;
mod drive;
#[path = "../tests/support/in_process.rs"]
mod in_process;
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
mod verifies;
