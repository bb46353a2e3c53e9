//! Decides which spans are sampled, before anything is allocated. A request whose trace context is
//! sampled has a span. Of the traces that begin here, a ratio is sampled by trace id, with the rule
//! of OpenTelemetry's SDKs.

use std::fmt::{self, Write};

use bytes::Bytes;

use crate::{
    domain::{Field, TraceParent, read_tracestate},
    telemetry::SamplingRatio,
};

/// The ids of a sampled span and of its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanContext {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) parent: Option<u64>,
    pub(super) trace_state: Bytes,
}

impl SpanContext {
    /// The id of the trace in 32 hex digits, if the trace begins here. The caller logs it, because
    /// no client knows it.
    #[must_use]
    pub fn root_trace_id(&self) -> Option<String> {
        self.parent.is_none().then(|| self.trace_id())
    }

    fn trace_id(&self) -> String {
        let mut text = String::with_capacity(32);
        // Writing into a string cannot fail.
        let _: fmt::Result = write!(text, "{:032x}", self.trace_id);
        text
    }
}

/// The sampling ratio for traces that begin here, as a bound on 63 bits of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    bound: u64,
}

impl Sampler {
    /// A sampler with this ratio for traces that begin here.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a ratio from 0 to 1 of 2^63"
    )]
    #[must_use]
    pub fn of(ratio: SamplingRatio) -> Self {
        Self {
            bound: (ratio.ratio() * (1_u64 << 63) as f64) as u64,
        }
    }

    /// The context of the span of a request; `None` if the request is not sampled.
    pub(crate) fn sample(
        self,
        traceparent: Field<'_>,
        tracestate: Field<'_>,
    ) -> Option<SpanContext> {
        let Some(parent) = TraceParent::read(traceparent) else {
            return if self.bound == 0 {
                None
            } else {
                self.sample_root()
            };
        };
        if !parent.is_sampled() {
            return None;
        }
        let trace_state = read_tracestate(tracestate);
        Some(SpanContext {
            trace_id: u128::from_str_radix(parent.trace_id(), 16).ok()?,
            span_id: new_span_id(),
            parent: Some(u64::from_str_radix(parent.parent_id(), 16).ok()?),
            trace_state: trace_state
                .map_or_else(Bytes::new, |text| Bytes::copy_from_slice(text.as_bytes())),
        })
    }

    fn sample_root(self) -> Option<SpanContext> {
        let context = root_context();
        let low = u64::try_from(context.trace_id & u128::from(u64::MAX)).unwrap_or_default();
        (low >> 1 < self.bound).then_some(context)
    }
}

/// The context of a span without a parent, in a new trace.
pub(super) fn root_context() -> SpanContext {
    let trace_id = fastrand::u128(1..);
    SpanContext {
        trace_id,
        span_id: new_span_id(),
        parent: None,
        trace_state: Bytes::new(),
    }
}

fn new_span_id() -> u64 {
    fastrand::u64(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLED: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const DROPPED: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn a_quarter() -> SamplingRatio {
        SamplingRatio::of(0.25).unwrap()
    }

    #[test]
    fn the_gateways_choice_overrides_the_ratio() {
        for ratio in [SamplingRatio::NONE, SamplingRatio::ALL] {
            let sampler = Sampler::of(ratio);
            let kept = sampler
                .sample(Field::One(SAMPLED), Field::One(b"a=1"))
                .unwrap();
            assert_eq!(kept.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(kept.parent, Some(0x00f0_67aa_0ba9_02b7));
            assert_eq!(kept.trace_state, "a=1");
            assert_eq!(sampler.sample(Field::One(DROPPED), Field::Absent), None);
        }
    }

    #[test]
    fn a_malformed_context_begins_a_new_trace() {
        for field in [Field::Absent, Field::Repeated, Field::One(b"00-x")] {
            assert_eq!(
                Sampler::of(SamplingRatio::NONE).sample(field, Field::One(b"a=1")),
                None
            );
            let root = Sampler::of(SamplingRatio::ALL)
                .sample(field, Field::One(b"a=1"))
                .unwrap();
            assert_eq!((root.parent, root.trace_state), (None, Bytes::new()));
        }
    }

    #[test]
    fn a_malformed_state_is_dropped_and_the_parent_kept() {
        let kept = Sampler::of(SamplingRatio::NONE)
            .sample(Field::One(SAMPLED), Field::One(b"="))
            .unwrap();
        assert_eq!(
            (kept.parent.is_some(), kept.trace_state),
            (true, Bytes::new())
        );
    }

    #[test]
    fn the_ratio_selects_by_trace_id() {
        fastrand::seed(7);
        let kept = (0..10_000)
            .filter(|_| Sampler::of(a_quarter()).sample_root().is_some())
            .count();
        assert!((2_300..2_700).contains(&kept), "{kept}");
        let low = |low: u64| low >> 1 < Sampler::of(a_quarter()).bound;
        assert!(low(0) && low((1 << 62) - 1) && !low(1 << 62) && !low(u64::MAX));
    }
}
