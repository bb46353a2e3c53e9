//! The counters and gauges of key sources. Each source that runs has one series per metric.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::{clock::UnixSeconds, domain::ResourceId};

/// The metric families of all sources.
#[derive(Clone, Debug)]
pub struct KeysMetrics(Arc<Families>);

impl KeysMetrics {
    /// Creates the families and registers them.
    ///
    /// # Errors
    /// If one of the names is already registered.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let families = Families {
            refresh: IntCounterVec::new(
                Opts::new(REFRESH.0, REFRESH.1),
                &["resource", "source", "outcome"],
            )?,
            keys: IntGaugeVec::new(Opts::new(KEYS.0, KEYS.1), &SOURCE)?,
            last_success: IntGaugeVec::new(Opts::new(LAST_SUCCESS.0, LAST_SUCCESS.1), &SOURCE)?,
            max_stale: IntGaugeVec::new(Opts::new(MAX_STALE.0, MAX_STALE.1), &SOURCE)?,
            unknown_kid: IntCounterVec::new(Opts::new(UNKNOWN_KID.0, UNKNOWN_KID.1), &SOURCE)?,
            sources: Mutex::default(),
        };
        registry.register(Box::new(families.refresh.clone()))?;
        registry.register(Box::new(families.keys.clone()))?;
        registry.register(Box::new(families.last_success.clone()))?;
        registry.register(Box::new(families.max_stale.clone()))?;
        registry.register(Box::new(families.unknown_kid.clone()))?;
        Ok(Self(Arc::new(families)))
    }

    /// The series of one source. `max_stale` is the limit on the age of its keys.
    pub(super) fn source(
        &self,
        resource: &ResourceId,
        source: &str,
        max_stale: Duration,
    ) -> SourceMetrics {
        let labels = [resource.as_str().to_owned(), source.to_owned()];
        let families = &self.0;
        *families.sources().entry(labels.clone()).or_default() += 1;
        let max_stale = i64::try_from(max_stale.as_secs()).unwrap_or(i64::MAX);
        families.max_stale.with_label_values(&labels).set(max_stale);
        let refreshed = |outcome| {
            families
                .refresh
                .with_label_values(&[resource.as_str(), source, outcome])
        };
        SourceMetrics {
            succeeded: refreshed(SUCCESS),
            failed: refreshed(FAILURE),
            keys: families.keys.with_label_values(&labels),
            last_success: families.last_success.with_label_values(&labels),
            unknown_kid: families.unknown_kid.with_label_values(&labels),
            families: Arc::clone(families),
            labels,
        }
    }
}

#[derive(Debug)]
struct Families {
    refresh: IntCounterVec,
    keys: IntGaugeVec,
    last_success: IntGaugeVec,
    max_stale: IntGaugeVec,
    unknown_kid: IntCounterVec,
    /// How many sources have each pair of labels. During a reload the old and the new source share
    /// one.
    sources: Mutex<HashMap<[String; 2], usize>>,
}

impl Families {
    fn sources(&self) -> MutexGuard<'_, HashMap<[String; 2], usize>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the series of a source. An error would mean that a series does not exist, which is
    /// fine.
    fn remove(&self, [resource, source]: &[String; 2]) {
        for outcome in [SUCCESS, FAILURE] {
            let _ = self
                .refresh
                .remove_label_values(&[resource.as_str(), source, outcome]);
        }
        let _ = self.keys.remove_label_values(&[resource, source]);
        let _ = self.last_success.remove_label_values(&[resource, source]);
        let _ = self.max_stale.remove_label_values(&[resource, source]);
        let _ = self.unknown_kid.remove_label_values(&[resource, source]);
    }
}

/// The series of one source. They are removed with the last source of that name.
#[derive(Debug)]
pub(super) struct SourceMetrics {
    succeeded: IntCounter,
    failed: IntCounter,
    keys: IntGauge,
    last_success: IntGauge,
    unknown_kid: IntCounter,
    families: Arc<Families>,
    labels: [String; 2],
}

impl SourceMetrics {
    pub(super) fn record_success(&self, keys: usize, now: UnixSeconds) {
        self.succeeded.inc();
        self.keys.set(i64::try_from(keys).unwrap_or(i64::MAX));
        self.last_success.set(now);
    }

    pub(super) fn record_failure(&self) {
        self.failed.inc();
    }

    pub(super) fn record_unknown_kid(&self) {
        self.unknown_kid.inc();
    }
}

impl Drop for SourceMetrics {
    fn drop(&mut self) {
        let mut sources = self.families.sources();
        let left = sources
            .get(&self.labels)
            .map_or(0, |count| count.saturating_sub(1));
        if left > 0 {
            sources.insert(self.labels.clone(), left);
        } else {
            sources.remove(&self.labels);
            self.families.remove(&self.labels);
        }
    }
}

const SOURCE: [&str; 2] = ["resource", "source"];
const SUCCESS: &str = "success";
const FAILURE: &str = "failure";
const REFRESH: (&str, &str) = (
    "scopegate_jwks_refresh_total",
    "Fetches of a key source, by outcome.",
);
const KEYS: (&str, &str) = ("scopegate_jwks_keys", "Usable keys of a source.");
const LAST_SUCCESS: (&str, &str) = (
    "scopegate_jwks_last_success_timestamp_seconds",
    "Time of the last successful fetch of the source; 0 if there was none.",
);
const MAX_STALE: (&str, &str) = (
    "scopegate_jwks_max_stale_seconds",
    "How long scopegate uses the source's keys after their last successful fetch.",
);
const UNKNOWN_KID: (&str, &str) = (
    "scopegate_jwks_unknown_kid_total",
    "Tokens that named a key which the source does not have.",
);

#[cfg(test)]
mod tests {
    use super::*;

    fn series(registry: &Registry) -> usize {
        registry
            .gather()
            .iter()
            .map(|family| family.get_metric().len())
            .sum()
    }

    #[test]
    fn series_are_removed_with_the_last_source_of_their_name() {
        let registry = Registry::new();
        let metrics = KeysMetrics::register(&registry).unwrap();
        let id = ResourceId::parse("mcp").unwrap();
        let old = metrics.source(&id, "auth.example.com", Duration::from_secs(60));
        old.record_success(2, 1_700_000_000);
        let new = metrics.source(&id, "auth.example.com", Duration::from_secs(90));
        drop(old);
        assert_eq!(new.succeeded.get(), 1, "a reload keeps the series");
        assert_eq!(
            new.families.max_stale.with_label_values(&new.labels).get(),
            90
        );
        assert_eq!(series(&registry), 6);
        drop(new);
        assert_eq!(series(&registry), 0);
    }
}
