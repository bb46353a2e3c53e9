//! The HTTP listeners, the only room that uses actix-web's server: routes and short handlers.
//!
//! Design: `docs/design/gateways.md#http11-only`, `docs/design/request-path.md#no-middleware`.

mod admin;
mod body;
pub mod debug;
mod decide;
mod metadata;
mod server;
mod settings;

pub use admin::{AdminState, FailingSource, Readiness};
pub use server::{BoundServer, bind_admin, bind_main};
pub use settings::ServerSettings;
