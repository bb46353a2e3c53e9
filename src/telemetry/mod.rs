//! Telemetry for the operator: log lines, metrics and spans. `redact` removes what they must not
//! contain.
//!
//! Design: `docs/design/logging.md`, `docs/design/tracing.md`,
//! `docs/design/request-path.md#counts-by-worker`.

mod sampling_ratio;

pub mod log;
pub mod metrics;
pub mod redact;
pub mod traces;

pub use sampling_ratio::SamplingRatio;
