//! What the service tells its operators: log lines and metrics.

mod settings;

pub use settings::{LogFormat, LogLevel, LogSettings, SubjectLogging};
