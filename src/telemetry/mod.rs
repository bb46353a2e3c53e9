//! What the service tells its operators: log lines and spans, and what must not be in them.

mod counter;
mod histogram;
mod json_lines;
mod log_queue;
mod settings;
mod shards;
mod share;
mod subscriber;

pub mod naming;
pub mod redact;
pub mod traces;

pub use counter::{Counter, CounterVec};
pub use histogram::DurationHistograms;
pub use log_queue::{LogGuard, register_lost_lines};
pub use settings::{LogFormat, LogLevel, LogSettings, SubjectLogging};
pub use shards::Shards;
pub use share::Share;
pub use subscriber::init;
