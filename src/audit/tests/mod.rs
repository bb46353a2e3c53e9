//! The audit log without the service: lines, outputs that take little or nothing, and a full queue.

mod full;
mod lines;
mod writing;

use std::time::Duration;

use super::{AuditOutput, AuditSettings, WhenFull};
use crate::{
    domain::{CheckRequest, Field},
    policy::{Decision, DecisionRecord},
    telemetry::{SamplingRatio, log::SubjectLogging},
};

fn settings(when_full: WhenFull) -> AuditSettings {
    AuditSettings {
        output: AuditOutput::Stdout,
        permits: SamplingRatio::ALL,
        operations: Vec::new(),
        subject: SubjectLogging::Hashed,
        queue: 64,
        when_full,
    }
}

/// The record of a decision about [`REQUEST`].
fn record(decision: Decision) -> DecisionRecord<'static, 'static> {
    let duration = Duration::from_micros(431);
    DecisionRecord {
        decision,
        duration,
        ..DecisionRecord::of_request(&REQUEST, "624f48acded3")
    }
}

static REQUEST: CheckRequest<'static> = CheckRequest {
    traceparent: Field::One(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
    ..CheckRequest::BARE
};
