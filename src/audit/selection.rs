//! Which decisions are written down: every denial, what `mode: report` let pass, and the chosen permits.

use wildmatch::WildMatch;

use super::AuditSettings;
use crate::{
    domain::{Message, Operation},
    policy::{Decision, Grounds},
    telemetry::SamplingRatio,
};

/// Chooses.
#[derive(Debug)]
pub(super) struct Selection {
    permits: SamplingRatio,
    operations: Vec<WildMatch>,
}

impl Selection {
    pub(super) fn new(settings: &AuditSettings) -> Self {
        let operations = settings.operations.iter().map(|glob| WildMatch::new(glob)).collect();
        Self { permits: settings.permits, operations }
    }

    /// Whether a decision about `operation` is written down.
    pub(super) fn chooses(&self, decision: &Decision, operation: Option<&Operation<'_>>) -> bool {
        match decision {
            Decision::Deny(_) => true,
            Decision::Permit(permit) => match permit.grounds() {
                Grounds::Reported(_) => true,
                Grounds::Granted | Grounds::Public | Grounds::Unenforced => {
                    self.permits.includes_next() || operation.is_some_and(|operation| self.names(operation))
                }
            },
        }
    }

    /// Whether the operation, or any message of a batch, is one whose permits are always written.
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
