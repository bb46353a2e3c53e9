//! How the token cache fares, as Prometheus counters.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// `scopegate_token_cache_requests_total{outcome}`, its children resolved.
#[derive(Clone, Debug)]
pub struct TokenMetrics {
    pub(super) hit: IntCounter,
    pub(super) miss: IntCounter,
    pub(super) outdated: IntCounter,
}

impl TokenMetrics {
    /// Makes the counters and registers them.
    ///
    /// # Errors
    /// When the registry has counters of this name already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new(
                "scopegate_token_cache_requests_total",
                "Lookups of the token cache: hit, miss, or outdated (known, but its keys or its time have passed)",
            ),
            &["outcome"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        Ok(Self {
            hit: requests.get_metric_with_label_values(&["hit"])?,
            miss: requests.get_metric_with_label_values(&["miss"])?,
            outdated: requests.get_metric_with_label_values(&["outdated"])?,
        })
    }
}
