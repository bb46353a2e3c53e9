//! The way of a bearer token to an identity: remembered, or verified against the key sources of the resource.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use prometheus::{PullingGauge, Registry};

use super::{
    Bearer, CacheSettings, Identity, TokenMetrics, TokenRules,
    cache::{Lookup, Recalled, TokenCache, Verified},
    claims::Claims,
    jwt::Jws,
    pace::{Pace, TooMany},
    source::{Case, Moment, Unverified},
    turns::Turns,
    verdict::Verdict,
};
use crate::{
    clock::{SharedClock, SystemClock, Uptime},
    domain::{Reason, Refusal, Step, Trace},
};

/// Verifies tokens for all resources of the process.
#[derive(Debug)]
pub struct Verifier {
    clock: SharedClock,
    cache: Arc<TokenCache>,
    turns: Turns,
    pace: Option<Pace>,
    metrics: TokenMetrics,
}

impl Verifier {
    /// A verifier that remembers nothing yet.
    #[must_use]
    pub fn new(clock: SharedClock, cache: CacheSettings, metrics: TokenMetrics) -> Self {
        Self { clock, cache: Arc::new(TokenCache::new(cache)), turns: Turns::default(), pace: None, metrics }
    }

    /// With a bound on what refused tokens may take of the time of `workers`. Of tokens not seen before at most
    /// `max_waiting` wait at a time while it is used up; more are `overloaded`.
    #[must_use]
    pub fn paced(self, workers: usize, max_waiting: usize) -> Self {
        let clock = Arc::new(SystemClock::default());
        Self { pace: Some(Pace::new(clock, workers, max_waiting)), ..self }
    }

    /// Registers `scopegate_token_cache_entries` and `scopegate_token_cache_bytes`.
    ///
    /// # Errors
    /// When one of the names is taken.
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
        gauges.into_iter().try_for_each(|gauge| registry.register(Box::new(gauge)))
    }

    /// Verifies a token under the rules of one resource. It waits only where a source lacks the key, and then
    /// no longer than that source's `refresh_unknown_kid.max_wait`.
    ///
    /// # Errors
    /// The first check that failed, from `token-malformed` to `scope-claim-malformed`.
    pub async fn verify<T: Trace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        trace.note(Step::Bearer, || format!("a bearer token of {} bytes", bearer.expose().len()));
        let lookup = self.cache.lookup(rules.id(), bearer.expose());
        if trace.is_thorough() {
            let anew = self.anew(rules, lookup, Former::NotAsked);
            let identity = Box::pin(anew.verify(bearer, &mut Duration::default(), trace)).await?;
            note_identity(&identity, trace);
            return Ok(identity);
        }
        let recalled = self.recall(rules, lookup);
        if let Recalled::Known(identity) = recalled {
            self.metrics.hit.inc();
            trace.note(Step::Signature, || format!("verified before, by source `{}`", identity.source));
            note_identity(&identity, trace);
            return Ok(identity);
        }
        let former = if matches!(recalled, Recalled::Outdated) { Former::Outdated } else { Former::None };
        // Apart from the way of a hit, whose future it would make many times as long.
        let identity = Box::pin(self.verify_paced(bearer, self.anew(rules, lookup, former), trace)).await?;
        note_identity(&identity, trace);
        Ok(identity)
    }

    /// What a token that could not be read costs is charged to refused tokens, too.
    ///
    /// # Errors
    /// Always: `refusal`, or `overloaded` where too many wait.
    pub async fn refuse(&self, refusal: Refusal) -> Refusal {
        match self.wait().await {
            Ok(()) => {
                self.charge(Duration::ZERO);
                refusal
            }
            Err(overloaded) => overloaded,
        }
    }

    /// Takes the turn of a token, as the request would that verifies it.
    #[cfg(test)]
    pub(super) async fn hold_turn(&self, rules: &TokenRules, token: &str) -> impl Drop {
        self.turns.take(self.cache.lookup(rules.id(), token).hash).await.unwrap()
    }

    fn recall(&self, rules: &TokenRules, lookup: Lookup<'_>) -> Recalled {
        self.cache.recall(lookup, |known| self.still_holds(rules, known))
    }

    fn anew<'v>(&'v self, rules: &'v TokenRules, lookup: Lookup<'v>, former: Former) -> Anew<'v> {
        Anew { verifier: self, rules, lookup, former, arrived: self.clock.uptime() }
    }

    async fn verify_paced<T: Trace>(
        &self,
        bearer: Bearer<'_>,
        anew: Anew<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        self.wait().await?;
        let mut worked = Duration::ZERO;
        let result = anew.verify(bearer, &mut worked, trace).await;
        if result.is_err() {
            self.charge(worked);
        }
        result
    }

    async fn wait(&self) -> Result<(), Refusal> {
        let Some(pace) = &self.pace else { return Ok(()) };
        let overloaded = Refusal::new(Reason::Overloaded, "too many tokens that were not seen before");
        pace.wait().await.map_err(|TooMany| overloaded)
    }

    fn charge(&self, worked: Duration) {
        if let Some(pace) = &self.pace {
            pace.charge(worked);
        }
    }

    /// Everything that may have changed since the token was verified. The key's serial stands for the key and for the
    /// issuer that it belongs to.
    fn still_holds(&self, rules: &TokenRules, known: &Verified) -> bool {
        let Some(source) = rules.sources().get(known.source) else { return false };
        let snapshot = source.keys.snapshot();
        snapshot.keys.holds(known.key)
            && snapshot.is_usable(self.clock.uptime())
            && known.validity.check(self.clock.unix_seconds()).is_ok()
    }
}

/// A token that has to be verified.
struct Anew<'v> {
    verifier: &'v Verifier,
    rules: &'v TokenRules,
    lookup: Lookup<'v>,
    former: Former,
    /// When the request came.
    arrived: Uptime,
}

/// What is remembered of a token that has to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Former {
    /// Nothing.
    None,
    /// It was verified before.
    Outdated,
    /// Nobody asked: somebody wants to see each step. Nothing is remembered, and nothing counted.
    NotAsked,
}

impl Anew<'_> {
    /// Adds what was computed to `worked`.
    async fn verify<T: Trace>(
        &self,
        bearer: Bearer<'_>,
        worked: &mut Duration,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        let jws = noted(Jws::parse(bearer.expose()), Step::Signature, trace)?;
        note_header(&jws, trace);
        let claims = noted(Claims::parse(&jws.payload), Step::Claims, trace)?;
        let token = Unverified { jws: &jws, claims };
        let mut verdicts = Vec::new();
        if let Some(identity) = self.take_turn(&token, &mut verdicts, worked).await {
            return Ok(identity);
        }
        // A round that had begun before the request came may have missed a key that was published meanwhile.
        for _ in 0..ROUNDS {
            if !could_be_mended(&verdicts) {
                break;
            }
            trace.note(Step::Signature, || "no key verifies the token; asking for fresh keys".to_owned());
            refresh(self.rules, &verdicts).await;
            if let Some(identity) = self.take_turn(&token, &mut verdicts, worked).await {
                return Ok(identity);
            }
        }
        conclude(self.rules, &token, verdicts, trace).map(|verified| verified.identity)
    }

    /// Judges while no other worker judges this token. An identity that one of them has found meanwhile, or that
    /// this one finds, is remembered.
    async fn take_turn(
        &self,
        token: &Unverified<'_>,
        verdicts: &mut Vec<Verdict>,
        worked: &mut Duration,
    ) -> Option<Arc<Identity>> {
        if self.former == Former::NotAsked {
            self.judge(token, verdicts);
            return None;
        }
        let _turn = self.verifier.turns.take(self.lookup.hash).await;
        let (recalled, metrics) = (self.verifier.recall(self.rules, self.lookup), &self.verifier.metrics);
        if let Recalled::Known(identity) = recalled {
            metrics.joined.inc();
            return Some(identity);
        }
        if verdicts.is_empty() {
            if self.former == Former::Outdated { metrics.outdated.inc() } else { metrics.miss.inc() }
        }
        let began = self.verifier.clock.uptime();
        self.judge(token, verdicts);
        *worked += self.verifier.clock.uptime().saturating_sub(began);
        let accepted =
            verdicts.iter().min_by_key(|verdict| verdict.precedence()).and_then(Verdict::accepted)?;
        self.verifier.cache.insert(self.lookup, accepted.clone());
        None
    }

    fn judge(&self, token: &Unverified<'_>, verdicts: &mut Vec<Verdict>) {
        if verdicts.is_empty() {
            let moment = self.moment();
            let cases = self.rules.sources().iter().enumerate();
            verdicts.extend(
                cases.map(|(index, source)| Case { rules: self.rules, index, source, token, moment }.judge()),
            );
        } else {
            self.judge_again(token, verdicts);
        }
    }

    /// Judges once more where fresh keys were asked for. A bad signature stays bad under the same keys.
    fn judge_again(&self, token: &Unverified<'_>, verdicts: &mut [Verdict]) {
        let (rules, moment) = (self.rules, self.moment());
        for ((index, source), verdict) in rules.sources().iter().enumerate().zip(verdicts) {
            let is_settled = match verdict {
                Verdict::UnknownKey { .. } => false,
                Verdict::BadSignature { generation, is_final, .. } => {
                    let snapshot = source.keys.snapshot();
                    *is_final |= snapshot.asked_at.is_some_and(|asked_at| asked_at > self.arrived);
                    snapshot.generation == *generation
                }
                Verdict::Accepted(_)
                | Verdict::Denied(_)
                | Verdict::Unavailable(_)
                | Verdict::OtherAlgorithm(_)
                | Verdict::OtherIssuer => true,
            };
            if !is_settled {
                *verdict = Case { rules, index, source, token, moment }.judge();
            }
        }
    }

    fn moment(&self) -> Moment {
        let clock = &self.verifier.clock;
        Moment { arrived: self.arrived, uptime: clock.uptime(), unix_seconds: clock.unix_seconds() }
    }
}

/// Whether nobody signed the token, and fresh keys could show somebody who did.
fn could_be_mended(verdicts: &[Verdict]) -> bool {
    let is_signed = verdicts.iter().any(Verdict::is_signed);
    !is_signed && verdicts.iter().any(|verdict| verdict.missing().is_some())
}

/// Asks every source that lacks a key for fresh ones, all at once. How often that is granted is theirs to say.
async fn refresh(rules: &TokenRules, verdicts: &[Verdict]) {
    let asked = rules.sources().iter().zip(verdicts).filter_map(|(source, verdict)| {
        let (missing, round) = verdict.missing()?;
        Some(source.keys.refresh_for(missing, round))
    });
    join_all(asked).await;
}

/// Picks the verdict that counts, the first among equals.
fn conclude<T: Trace>(
    rules: &TokenRules,
    token: &Unverified<'_>,
    verdicts: Vec<Verdict>,
    trace: &mut T,
) -> Result<Verified, Refusal> {
    let decisive = rules.sources().iter().zip(verdicts).min_by_key(|(_, verdict)| verdict.precedence());
    let Some((source, verdict)) = decisive else {
        return Err(Refusal::new(Reason::KeysUnavailable, "the resource has no key source"));
    };
    if verdict.is_signed() {
        trace.note(Step::Signature, || format!("verified by a key of source `{}`", source.name));
    }
    let step = verdict.step();
    let result = verdict.into_result();
    if let Err(refusal) = &result {
        trace.note(step, || format!("source `{}`: {refusal}; the token says {}", source.name, token.claims));
    }
    result
}

fn noted<V, T: Trace>(result: Result<V, Refusal>, step: Step, trace: &mut T) -> Result<V, Refusal> {
    result.inspect_err(|refusal| trace.note(step, || refusal.to_string()))
}

fn note_header<T: Trace>(jws: &Jws<'_>, trace: &mut T) {
    trace.note(Step::Signature, || {
        let (alg, kid, typ) = (jws.algorithm.name(), shown(jws.kid.as_deref()), shown(jws.typ.as_deref()));
        format!("`alg` {alg}, `kid` {kid}, `typ` {typ}")
    });
}

fn note_identity<T: Trace>(identity: &Identity, trace: &mut T) {
    trace.note(Step::Claims, || {
        let [issuer, subject, client] =
            [&identity.issuer, &identity.subject, &identity.client_id].map(|text| shown(text.as_deref()));
        format!("issuer {issuer}, subject {subject}, client {client}, expires at {}", identity.expires_at)
    });
    trace.note(Step::Scopes, || format!("the token grants `{}`", identity.scopes));
}

/// Text of a token, quoted, and cut where it is long.
fn shown(text: Option<&str>) -> String {
    text.map_or("absent".to_owned(), |text| {
        format!("{:?}", text.chars().take(MAX_SHOWN_CHARS).collect::<String>())
    })
}

const MAX_SHOWN_CHARS: usize = 200;

/// Rounds of fetching that one request may wait for.
const ROUNDS: usize = 2;
