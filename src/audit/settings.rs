//! The keys of `server.audit`, checked.

use std::path::PathBuf;

use crate::telemetry::SubjectLogging;

/// What is written to the audit log, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// Where the lines go.
    pub output: AuditOutput,
    /// Which part of the permits is written.
    pub permits: PermitRate,
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

/// The part of the permits that is written, in steps of 2⁻³².
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermitRate(u64);

impl PermitRate {
    /// A part from 0 to 1. Whatever is above 0 is not rounded to it.
    #[must_use]
    pub fn of(part: f64) -> Self {
        Self((part.clamp(0.0, 1.0) * ALL as f64).ceil() as u64)
    }

    /// Whether this permit is of that part: by chance.
    pub(super) fn draws(self) -> bool {
        match self.0 {
            0 => false,
            ALL.. => true,
            part => u64::from(fastrand::u32(..)) < part,
        }
    }
}

const ALL: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_and_all_are_no_matter_of_chance() {
        assert!((0..1000).all(|_| PermitRate::of(1.0).draws()));
        assert!((0..1000).all(|_| !PermitRate::of(0.0).draws()));
        assert_ne!(PermitRate::of(1e-12), PermitRate::of(0.0));
    }

    #[test]
    fn a_part_is_about_that_part() {
        let drawn = (0..10_000).filter(|_| PermitRate::of(0.25).draws()).count();
        assert!((2_000..3_000).contains(&drawn), "{drawn}");
    }
}
