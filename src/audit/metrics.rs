//! Counts audit records by outcome.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// The metrics of the audit room.
#[derive(Clone, Debug)]
pub(super) struct AuditMetrics {
    /// Records that were written.
    pub(super) written: IntCounter,
    /// Records that were lost.
    pub(super) dropped: IntCounter,
    /// Permits that became denials because they could not be recorded.
    pub(super) refused: IntCounter,
    /// Writes that failed.
    pub(super) write_failures: IntCounter,
    /// 1 if the last write succeeded, otherwise 0.
    pub(super) last_write_succeeded: IntGauge,
}

impl AuditMetrics {
    /// Registers `scopegate_audit_records_total`, `scopegate_audit_write_failures_total` and
    /// `scopegate_audit_last_write_successful`.
    ///
    /// # Errors
    /// If one of the names is already registered.
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let records = IntCounterVec::new(
            Opts::new(
                "scopegate_audit_records_total",
                "Records of the audit log, by outcome.",
            ),
            &["outcome"],
        )?;
        let write_failures = IntCounter::new(
            "scopegate_audit_write_failures_total",
            "Attempts to write or open the audit log that failed.",
        )?;
        let last_write_succeeded = IntGauge::new(
            "scopegate_audit_last_write_successful",
            "Whether the last attempt to write or open the audit log succeeded.",
        )?;
        registry.register(Box::new(records.clone()))?;
        registry.register(Box::new(write_failures.clone()))?;
        registry.register(Box::new(last_write_succeeded.clone()))?;
        last_write_succeeded.set(1);
        let [written, dropped, refused] =
            ["written", "dropped", "refused"].map(|outcome| records.with_label_values(&[outcome]));
        Ok(Self {
            written,
            dropped,
            refused,
            write_failures,
            last_write_succeeded,
        })
    }
}
