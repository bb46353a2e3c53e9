//! The log, one line per event. A thread of its own writes it, so that a request never waits for
//! standard output.
//!
//! Design: `docs/design/logging.md`.

mod json_lines;
mod queue;
mod settings;
mod subscriber;

pub use queue::{LogGuard, register_lost_lines};
pub use settings::{LogFormat, LogLevel, LogSettings, SubjectLogging};
pub use subscriber::init;
