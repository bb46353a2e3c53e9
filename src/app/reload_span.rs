//! The span of a reload of the configuration. It starts with the cause, and ends when the new
//! policy is in force or was rejected.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    policy::PolicyHandle,
    telemetry::traces::{Span, SpanContext, SpanKind},
};

/// Creates the span. Its policy version is that of the policy in force after the reload. `end` and
/// `duration` are times of the tracer.
pub(super) fn reload_span(
    context: SpanContext,
    end: Duration,
    duration: Duration,
    cause: &'static str,
    policy: &PolicyHandle,
    is_in_force: bool,
) -> Span {
    let name = Bytes::from_static(b"policy reload");
    let mut span = Span::new(context, name, SpanKind::Internal, end, duration);
    span.word("scopegate.reload.cause", cause);
    span.text(
        "scopegate.policy.version",
        policy.snapshot().version().to_owned(),
    );
    if !is_in_force {
        span.fail("policy-not-loaded");
    }
    span
}
