//! The whole service over real sockets: one file a theme. Gateways, identity providers and clients that must be
//! real are in `tests/real`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on shall stop"
)]

mod admin;
mod audit;
mod bodies;
mod challenges;
mod debug;
mod decisions;
mod dialects;
mod graphql;
mod graphql_table;
mod grpc;
mod helpers;
mod isolation;
mod metadata;
mod reload;
mod tls;
mod tokens;
