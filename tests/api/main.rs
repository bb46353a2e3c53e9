//! The whole service over real sockets, one file for each theme. The tests with real gateways,
//! identity providers and clients are in `tests/real`.

#![allow(
    clippy::too_many_lines,
    reason = "tables of cases stand in their tests"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on stops at the line that failed"
)]

mod admin;
mod app;
mod ask;
mod audit;
mod bodies;
mod challenges;
mod debug;
mod decisions;
mod dialects;
mod graphql;
mod graphql_table;
mod grpc;
mod isolation;
mod metadata;
mod reload;
mod tls;
mod tokens;
