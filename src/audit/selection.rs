//! Selects the decisions that are recorded: every denial, every request that `mode: report` let pass, and the
//! configured permits.

use wildmatch::WildMatch;

use super::AuditSettings;
use crate::{
    domain::{Message, Operation},
    policy::{DecisionRecord, OutcomeKind},
    telemetry::SamplingRatio,
};

/// The configured selection.
#[derive(Debug)]
pub(super) struct Selection {
    permits: SamplingRatio,
    operations: Vec<WildMatch>,
}

impl Selection {
    pub(super) fn new(settings: &AuditSettings) -> Self {
        let operations = settings
            .operations
            .iter()
            .map(|glob| WildMatch::new(glob))
            .collect();
        Self {
            permits: settings.permits,
            operations,
        }
    }

    /// Whether a decision is recorded.
    pub(super) fn chooses(&self, record: &DecisionRecord<'_, '_>) -> bool {
        match record.decision.outcome().kind {
            OutcomeKind::Deny | OutcomeKind::Report => true,
            OutcomeKind::Permit => {
                self.permits.includes_next()
                    || record
                        .operation
                        .as_ref()
                        .is_some_and(|operation| self.names(operation))
            }
        }
    }

    /// Whether the permits of this operation, or of a message in its batch, are always recorded.
    fn names(&self, operation: &Operation<'_>) -> bool {
        if self.operations.is_empty() {
            return false;
        }
        let is_named = |(method, name): (&str, Option<&str>)| {
            self.operations
                .iter()
                .any(|glob| glob.matches(method) || name.is_some_and(|name| glob.matches(name)))
        };
        let in_batch = |message: &Message<'_>| is_named(message.method_and_name());
        is_named(operation.method_and_name()) || operation.messages().iter().any(in_batch)
    }
}
