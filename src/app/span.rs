//! The span of a reload, from its cause to the policy that is in force or the mistakes that hinder it.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    policy::PolicyHandle,
    telemetry::traces::{Span, SpanContext, SpanKind},
};

/// The version in it is that of the policy that is in force afterwards.
pub(super) fn of_reload(
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
    span.text("scopegate.policy.version", policy.snapshot().version().to_owned());
    if !is_in_force {
        span.fail("policy-not-loaded");
    }
    span
}
