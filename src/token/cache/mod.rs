//! Remembers verified tokens, so that the next request with the same token costs a lookup. It has the same method as
//! the verifier that it wraps.
//!
//! A lookup asks the thread cache, then the shared cache. Each hit checks again that what the token depends on still
//! holds. A miss passes the throttle of rejected tokens, and is verified by one request at a time for each token.

mod entry;
mod metrics;
mod shared_cache;
mod single_flight;
mod thread_cache;
mod throttle;

use std::{sync::Arc, time::Duration};

use prometheus::{PullingGauge, Registry};

pub use self::metrics::TokenMetrics;
use self::{
    entry::CacheKey,
    shared_cache::{Recalled, SharedCache},
    single_flight::SingleFlight,
    throttle::{Throttle, TooManyWaiting},
};
use super::{
    Bearer, CacheSettings, Identity, TokenNote, TokenRules, TokenTrace, Verifier, VerifyToken,
    explain_note::note_identity,
    verify::{self, Verification},
};
use crate::{
    clock::{SharedClock, SystemClock, Uptime},
    domain::{Reason, Refusal},
    telemetry::metrics::Counter,
};

/// Verifies the tokens of all resources of the process and remembers the accepted ones.
///
/// A hit does not wait. A miss waits in two places only: in the throttle of rejected tokens, and for a fetch of keys
/// when the `kid` is unknown or the signature is invalid. Both have deadlines.
#[derive(Debug)]
pub struct CachedVerifier {
    verifier: Verifier,
    cache: Arc<SharedCache>,
    single_flight: SingleFlight,
    throttle: Throttle,
    metrics: TokenMetrics,
}

impl CachedVerifier {
    /// A verifier with an empty cache and no throttle.
    #[must_use]
    pub fn new(clock: SharedClock, cache: CacheSettings, metrics: TokenMetrics) -> Self {
        Self {
            verifier: Verifier::new(clock),
            cache: Arc::new(SharedCache::new(cache)),
            single_flight: SingleFlight::default(),
            throttle: Throttle::unlimited(),
            metrics,
        }
    }

    /// The same with a throttle: rejected tokens may use a share of the time of `workers`. While that share is used up,
    /// at most `max_waiting` tokens that miss the cache wait; further ones are refused as `overloaded`.
    #[must_use]
    pub fn throttled(self, workers: usize, max_waiting: usize) -> Self {
        // The throttle limits work on this machine, so it takes the machine's clock and never a test's.
        let clock = Arc::new(SystemClock::default());
        Self {
            throttle: Throttle::new(clock, workers, max_waiting),
            ..self
        }
    }

    /// The verifier behind the cache, for a caller that needs every step to run.
    #[must_use]
    pub fn uncached(&self) -> &Verifier {
        &self.verifier
    }

    /// Registers `scopegate_token_cache_entries` and `scopegate_token_cache_bytes`.
    ///
    /// # Errors
    /// When a metric of that name is registered already.
    pub fn register_usage(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let (entries, bytes) = (Arc::clone(&self.cache), Arc::clone(&self.cache));
        let gauges = [
            PullingGauge::new(
                "scopegate_token_cache_entries",
                "Verified tokens in the cache.",
                Box::new(move || entries.len() as f64),
            )?,
            PullingGauge::new(
                "scopegate_token_cache_bytes",
                "What they are taken to need, in bytes.",
                Box::new(move || bytes.bytes() as f64),
            )?,
        ];
        gauges
            .into_iter()
            .try_for_each(|gauge| registry.register(Box::new(gauge)))
    }

    fn recall(&self, rules: &TokenRules, key: CacheKey<'_>) -> Recalled {
        self.cache.recall(key, |verified| {
            verified.still_holds(rules, self.verifier.clock())
        })
    }

    /// Verifies a token that the cache does not hold.
    async fn verify_miss<T: TokenTrace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        missed: Missed<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        self.throttle.admit().await.map_err(overloaded)?;
        match self.verify_in_flight(rules, bearer, missed, trace).await {
            Ok(identity) => {
                note_identity(&identity, trace);
                Ok(identity)
            }
            Err(Rejected { refusal, worked }) => {
                self.throttle.charge(worked);
                Err(refusal)
            }
        }
    }

    /// The steps of [`Verifier::verify`], except that only one request at a time tries a token. A request that waited
    /// for another one takes over its result, if that was accepted.
    async fn verify_in_flight<T: TokenTrace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        missed: Missed<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Rejected> {
        let jws = verify::parse(bearer, trace)?;
        let mut verification = self.verifier.begin(rules, &jws, missed.arrived, trace)?;
        loop {
            // Held while this thread computes, never while it waits for keys.
            let flight = self.single_flight.enter(missed.key.hash).await;
            if let Recalled::Known(identity) = self.recall(rules, missed.key) {
                self.metrics.joined.inc();
                return Ok(identity);
            }
            self.try_and_remember(&mut verification, missed);
            drop(flight);
            if !verification.fetch_missing_keys(trace).await {
                break;
            }
        }
        let worked = verification.worked();
        let verified = verification
            .conclude(trace)
            .map_err(|refusal| Rejected { refusal, worked })?;
        Ok(verified.identity)
    }

    fn try_and_remember(&self, verification: &mut Verification<'_>, missed: Missed<'_>) {
        if verification.is_untried() {
            missed.counter.inc();
        }
        verification.try_sources();
        if let Some(verified) = verification.accepted() {
            self.cache.insert(missed.key, verified.clone());
        }
    }
}

impl VerifyToken for CachedVerifier {
    async fn verify<T: TokenTrace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        trace.note_token(|| TokenNote::Bearer {
            bytes: bearer.expose().len(),
        });
        let key = self.cache.key(rules.id(), bearer.expose());
        let counter = match self.recall(rules, key) {
            Recalled::Known(identity) => {
                self.metrics.hit.inc();
                trace.note_token(|| TokenNote::Cached {
                    source: &identity.source,
                });
                note_identity(&identity, trace);
                return Ok(identity);
            }
            Recalled::Outdated => &self.metrics.outdated,
            Recalled::Unknown => &self.metrics.miss,
        };
        let missed = Missed {
            key,
            counter,
            arrived: self.verifier.clock().uptime(),
        };
        // Boxed: held inline, it would make the future of a hit many times as large.
        Box::pin(self.verify_miss(rules, bearer, missed, trace)).await
    }

    /// Waits in the throttle and is charged to it, as a token that was rejected for its signature.
    async fn refuse(&self, refusal: Refusal) -> Refusal {
        match self.throttle.admit().await {
            Ok(()) => {
                self.throttle.charge(Duration::ZERO);
                refusal
            }
            Err(too_many) => overloaded(too_many),
        }
    }
}

#[cfg(test)]
impl CachedVerifier {
    /// Enters the flight of a token, as the request does that verifies it.
    pub(super) async fn hold_flight(&self, rules: &TokenRules, token: &str) -> impl Drop {
        self.single_flight
            .enter(self.cache.key(rules.id(), token).hash)
            .await
            .unwrap()
    }
}

/// A token that the cache does not hold.
#[derive(Clone, Copy)]
struct Missed<'a> {
    key: CacheKey<'a>,
    /// Counts the miss, or the outdated entry.
    counter: &'a Counter,
    /// When the request arrived.
    arrived: Uptime,
}

/// A token that was refused, and the time that this thread spent on it.
struct Rejected {
    refusal: Refusal,
    worked: Duration,
}

/// A token that was refused before a key source was tried.
impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            worked: Duration::ZERO,
        }
    }
}

fn overloaded(TooManyWaiting: TooManyWaiting) -> Refusal {
    Refusal::new(
        Reason::Overloaded,
        "too many tokens that were not seen before",
    )
}
