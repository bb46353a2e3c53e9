//! Log lines about a key source: one for each failed fetch, and one for each change.

use tracing::{info, warn};

use super::{KeySnapshot, SkipCause, SkippedKey, VerifyingKey, error::printable};
use crate::domain::ResourceId;

/// Logs the events of one source, with its names.
pub(super) struct SourceLog {
    pub(super) resource: ResourceId,
    pub(super) source: String,
}

impl SourceLog {
    /// Logs a failed fetch.
    pub(super) fn failure(&self, cause: &str) {
        warn!(resource = %self.resource, source = self.source, cause, "cannot fetch the keys");
    }

    /// Logs the changes of a successful fetch, if there are any.
    pub(super) fn changes(&self, before: &KeySnapshot, after: &KeySnapshot) {
        let (resource, source) = (&self.resource, &self.source);
        if before.last_failure.is_some() {
            info!(%resource, source, "the keys can be fetched again");
        }
        if before.generation != after.generation {
            let key_text = |key: &VerifyingKey| {
                format!(
                    "{}/{}",
                    printable(key.kid().unwrap_or("-")),
                    key.algorithm().name()
                )
            };
            let keys: Vec<_> = after.keys.iter().map(key_text).collect();
            info!(%resource, source, count = keys.len(), keys = keys.join(" "), "the keys have changed");
        }
        if after.keys.is_empty()
            && (before.last_success.is_none() || before.generation != after.generation)
        {
            warn!(%resource, source, "the provider publishes no keys: scopegate refuses every token");
        }
        for key in after
            .skipped
            .iter()
            .filter(|key| !before.skipped.contains(key))
            .take(MAX_SKIPPED_LINES)
        {
            self.skipped(key);
        }
    }

    fn skipped(&self, key: &SkippedKey) {
        let (resource, source, cause) = (&self.resource, &self.source, &key.cause);
        let kid = key.kid.as_deref().unwrap_or("-");
        if key.cause == SkipCause::Private {
            warn!(%resource, source, kid, %cause, "the provider publishes a private key; scopegate does not use it");
        } else {
            info!(%resource, source, kid, %cause, "scopegate does not use a key");
        }
    }
}

/// The most lines about unused keys for one fetch, so that a set of malformed keys does not flood
/// the log.
const MAX_SKIPPED_LINES: usize = 16;
