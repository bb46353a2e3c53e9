//! What the service tells its operators: log lines and spans, and what must not be in them.

mod settings;
mod subscriber;

pub mod naming;
pub mod redact;
pub mod traces;

pub use settings::{LogFormat, LogLevel, LogSettings, SubjectLogging};
pub use subscriber::init;
