//! The keys of `server.audit`, checked.

use std::path::PathBuf;

use crate::telemetry::{SamplingRatio, log::SubjectLogging};

/// What is written to the audit log, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// Where the lines go.
    pub output: AuditOutput,
    /// Which share of the permits is written.
    pub permits: SamplingRatio,
    /// Methods and names, or globs of them, whose permits are always written.
    pub operations: Vec<String>,
    /// How a token's subject appears.
    pub subject: SubjectLogging,
    /// How many records may wait to be written.
    pub queue: usize,
    /// What becomes of a record that cannot wait.
    pub when_full: WhenFull,
}

/// `server.audit.output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOutput {
    /// Standard output, between the lines of the log.
    Stdout,
    /// A file that is appended to.
    File(PathBuf),
}

/// `server.audit.when_full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It is lost and counted; the decision stands.
    Drop,
    /// A permit becomes `audit-unavailable`. A denial stands: its record is lost and counted.
    Refuse,
}
