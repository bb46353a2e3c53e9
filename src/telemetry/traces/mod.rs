//! Traces: one span a decision that the gateway, or the ratio, asks to be kept. They are sent over OTLP in batches, by
//! a thread of their own that no request ever waits for.

mod batches;
mod export;
mod message;
mod sampler;
mod settings;
mod span;
mod tracer;

pub use sampler::{Sampler, SpanContext};
pub use settings::{OtlpHeaders, OtlpProtocol, OtlpSettings};
pub use span::{Span, SpanKind};
pub use tracer::{Tracer, TracesHandle};
