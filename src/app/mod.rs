//! The wiring of the process: builds actors, handles and servers, runs them, and stops them in
//! order.
//!
//! Design: `docs/design/actors.md`, `docs/design/deployment.md`.

mod debug;
mod file_watch;
mod listeners;
mod open_files;
mod readiness;
mod reload_span;
mod run;
mod wiring;

pub use self::wiring::{Core, LoadSettings};
pub use run::{Service, StopReason};
