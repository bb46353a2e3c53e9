//! What the service tells its operators: log lines, and what must not be in them.

mod counter;
mod histogram;
mod settings;
mod shards;
mod share;
mod subscriber;

pub mod redact;

pub use counter::{Counter, CounterVec};
pub use histogram::DurationHistograms;
pub use settings::{LogFormat, LogLevel, LogSettings, SubjectLogging};
pub use shards::Shards;
pub use share::Share;
pub use subscriber::init;
