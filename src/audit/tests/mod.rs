//! The room by itself: lines, outputs that take little or nothing, and a queue that is full.

mod full;
mod lines;
mod writing;

use std::time::Duration;

use super::{AuditOutput, AuditSettings, Decided, WhenFull};
use crate::{
    domain::Dialect,
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

fn decided() -> Decided<'static> {
    Decided {
        dialect: Dialect::AuthRequest,
        resource: None,
        operation: None,
        http_method: Some("POST"),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736"),
        policy_version: "624f48acded3",
        duration: Duration::from_micros(431),
    }
}
