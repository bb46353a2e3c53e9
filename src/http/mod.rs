//! actix-web and nothing else: servers, routes, handlers of ten lines.

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
