//! The world around scopegate: clients, gateways, the keys of an identity provider, a running
//! process. Tests, fuzz targets and benches share it.
//!
//! It does not link scopegate. It speaks to the service only over the wire and defines the messages
//! separately, so that a mistake in the service cannot be repeated here. `in_process.rs` beside
//! this crate calls the service's functions; its users include it as a module.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on stops at the line that failed"
)]

pub mod envoy;
pub mod graph;
pub mod grpc;
pub mod http;
pub mod process;
pub mod protobuf;
pub mod usual;

mod claims;
mod fixture;
mod key_endpoint;
mod signing;
mod wait;

pub use claims::{Claims, claims, token, token_of};
pub use fixture::{AUDIENCE, CONFIG, ISSUER, KEY_ID, NOW, SECRET, call};
pub use key_endpoint::KeyEndpoint;
pub use signing::{ProviderKey, SigningKey, base64url};
pub use wait::{now, until};
