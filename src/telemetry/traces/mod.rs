//! Traces: one span per sampled decision. The gateway's trace context or the sampling ratio selects
//! the decisions. A thread of its own exports the spans over OTLP in batches, so that requests
//! never wait for it.
//!
//! Design: `docs/design/tracing.md`.

mod batch_processor;
mod export;
mod otlp_message;
mod sampler;
mod settings;
mod span;
mod tracer;

pub use sampler::{Sampler, SpanContext};
pub use settings::{OtlpHeaders, OtlpProtocol, OtlpSettings};
pub use span::{Span, SpanKind};
pub use tracer::{Tracer, TracesHandle};
