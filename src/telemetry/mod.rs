//! What the service tells its operators: log lines, metrics and spans, and what must not be in them.

mod sampling_ratio;

pub mod log;
pub mod metrics;
pub mod redact;
pub mod traces;

pub use sampling_ratio::SamplingRatio;
