//! The real binary under load while its configuration is reloaded and its keys are rotated.
//! `SOAK_SECONDS` and `GRPC_SOAK_SECONDS` set the time. The default is a few seconds.

#![allow(
    clippy::too_many_lines,
    reason = "the clients of a soak are one sequence"
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

mod grpc;
mod http;
mod keys;
mod service;
