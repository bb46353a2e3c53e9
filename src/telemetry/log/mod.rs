//! The log: one line an event, written by a thread of its own, so that no request waits for standard output.

mod json_lines;
mod queue;
mod settings;
mod subscriber;

pub use queue::{LogGuard, register_lost_lines};
pub use settings::{LogFormat, LogLevel, LogSettings, SubjectLogging};
pub use subscriber::init;
