//! The settings of `server.audit`, after the configuration was checked.

use std::path::PathBuf;

use crate::telemetry::{SamplingRatio, log::SubjectLogging};

/// The output of the audit log, and the decisions that it records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// The output.
    pub output: AuditOutput,
    /// The share of permits that is recorded.
    pub permits: SamplingRatio,
    /// Methods and names, or globs of them, whose permits are always recorded.
    pub operations: Vec<String>,
    /// The form of a token's subject.
    pub subject: SubjectLogging,
    /// The most records that may wait to be written.
    pub queue: usize,
    /// The treatment of a decision that cannot be recorded.
    pub when_full: WhenFull,
}

/// `server.audit.output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOutput {
    /// Standard output, between the lines of the log.
    Stdout,
    /// A file, by appending.
    File(PathBuf),
}

/// `server.audit.when_full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The record is lost and counted; the decision stands.
    Drop,
    /// A permit becomes `audit-unavailable`. A denial stands: its record is lost and counted.
    Refuse,
}
