//! The wiring of the process: builds actors, handles and servers, runs them, and stops them in
//! order.
//!
//! Design: `docs/design/actors.md`, `docs/design/deployment.md`.

mod core;
mod debug;
mod open_files;
mod readiness;
mod reload_span;
mod run;
mod watch;

pub use self::core::{Core, LoadSettings};
pub use run::{Service, StopReason};
