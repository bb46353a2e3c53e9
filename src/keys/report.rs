//! Log lines of a source: one for each failure, and one for each change.

use tracing::{info, warn};

use super::{KeySnapshot, SkipCause, SkippedKey, VerifyingKey, error::printable};
use crate::domain::ResourceId;

/// The source that a log line is about.
pub(super) struct SourceName {
    pub(super) resource: ResourceId,
    pub(super) source: String,
}

impl SourceName {
    /// Logs a failed fetch.
    pub(super) fn log_failure(&self, cause: &str) {
        warn!(resource = %self.resource, source = self.source, cause, "fetching keys failed");
    }

    /// Logs what a successful fetch changed, if it changed anything.
    pub(super) fn log_changes(&self, before: &KeySnapshot, after: &KeySnapshot) {
        let (resource, source) = (&self.resource, &self.source);
        if before.last_failure.is_some() {
            info!(%resource, source, "fetching keys succeeds again");
        }
        if before.generation != after.generation {
            let shown = |key: &VerifyingKey| {
                format!("{}/{}", printable(key.kid().unwrap_or("-")), key.algorithm().name())
            };
            let keys: Vec<_> = after.keys.iter().map(shown).collect();
            info!(%resource, source, count = keys.len(), keys = keys.join(" "), "the keys have changed");
        }
        if after.keys.is_empty() && (before.last_success.is_none() || before.generation != after.generation) {
            warn!(%resource, source, "the provider has no keys: every token is refused");
        }
        for key in after.skipped.iter().filter(|key| !before.skipped.contains(key)).take(MAX_SKIPPED_LINES) {
            self.log_skipped(key);
        }
    }

    fn log_skipped(&self, key: &SkippedKey) {
        let (resource, source, cause) = (&self.resource, &self.source, &key.cause);
        let kid = key.kid.as_deref().unwrap_or("-");
        if key.cause == SkipCause::Private {
            warn!(%resource, source, kid, %cause, "the provider publishes a private key; it is not used");
        } else {
            info!(%resource, source, kid, %cause, "a key is not used");
        }
    }
}

/// The most skipped keys that one fetch logs, so that a set of unusable keys does not flood the log.
const MAX_SKIPPED_LINES: usize = 16;
