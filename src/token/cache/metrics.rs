//! Counts the lookups of the token cache.

use std::sync::Arc;

use prometheus::{Opts, Registry};

use crate::telemetry::metrics::{Counter, CounterVec};

/// `scopegate_token_cache_requests_total{outcome}`, with a counter for each outcome.
#[derive(Clone, Debug)]
pub struct TokenMetrics {
    pub(super) hit: Arc<Counter>,
    pub(super) joined: Arc<Counter>,
    pub(super) miss: Arc<Counter>,
    pub(super) outdated: Arc<Counter>,
}

impl TokenMetrics {
    /// Makes the counters and registers them.
    ///
    /// # Errors
    /// When a metric of that name is registered already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = CounterVec::register(
            registry,
            Opts::new(
                "scopegate_token_cache_requests_total",
                "Lookups of the token cache: hit, joined (another request verified it meanwhile), miss, or outdated (known, but its keys or its time have passed)",
            ),
            &["outcome"],
        )?;
        Ok(Self {
            hit: requests.with(&["hit"]),
            joined: requests.with(&["joined"]),
            miss: requests.with(&["miss"]),
            outdated: requests.with(&["outdated"]),
        })
    }
}
