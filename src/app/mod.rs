//! The wiring: build actors, handles and servers; bind, run, stop in order.

mod core;
mod debug;
mod files;
mod health;
mod run;
mod span;
mod watch;

pub use self::core::{Core, LoadSettings};
pub use run::{Service, StopReason};
