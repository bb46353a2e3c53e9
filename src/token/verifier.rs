//! The way of a bearer token to an identity: remembered, or verified against the key sources of the resource.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{
    Bearer, Identity, Refusal, TokenMetrics, TokenRules,
    cache::{TokenCache, Verified},
    claims::Claims,
    jwt::Jws,
    source::{Case, Moment, Unverified},
    verdict::Verdict,
};
use crate::{
    clock::{SharedClock, Uptime},
    domain::{Reason, Step, Trace},
};

/// Verifies tokens for all resources of the process.
#[derive(Debug)]
pub struct Verifier {
    clock: SharedClock,
    cache: TokenCache,
    metrics: TokenMetrics,
}

impl Verifier {
    /// A verifier that remembers nothing yet.
    #[must_use]
    pub fn new(clock: SharedClock, metrics: TokenMetrics) -> Self {
        Self { clock, cache: TokenCache::default(), metrics }
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
        if trace.is_thorough() {
            let verified = self.verify_anew(rules, bearer, trace).await?;
            note_identity(&verified.identity, trace);
            return Ok(verified.identity);
        }
        if let Some(identity) = self.recall(rules, bearer) {
            trace.note(Step::Signature, || format!("verified before, by source `{}`", identity.source));
            note_identity(&identity, trace);
            return Ok(identity);
        }
        let verified = self.verify_anew(rules, bearer, trace).await?;
        note_identity(&verified.identity, trace);
        self.cache.insert(rules.id(), bearer.expose(), verified.clone());
        Ok(verified.identity)
    }

    fn recall(&self, rules: &TokenRules, bearer: Bearer<'_>) -> Option<Arc<Identity>> {
        let Some(known) = self.cache.get(rules.id(), bearer.expose()) else {
            self.metrics.miss.inc();
            return None;
        };
        if self.still_holds(rules, &known) {
            self.metrics.hit.inc();
            return Some(known.identity);
        }
        self.metrics.outdated.inc();
        self.cache.remove(rules.id(), bearer.expose());
        None
    }

    /// Everything that may have changed since the token was verified. The generation stands for the keys and
    /// for the issuer that they belong to.
    fn still_holds(&self, rules: &TokenRules, known: &Verified) -> bool {
        let Some(source) = rules.sources().get(known.source) else { return false };
        let snapshot = source.keys.snapshot();
        snapshot.generation == known.generation
            && snapshot.is_usable(self.clock.uptime())
            && known.validity.check(self.clock.unix_seconds()).is_ok()
    }

    async fn verify_anew<T: Trace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        trace: &mut T,
    ) -> Result<Verified, Refusal> {
        let arrived = self.clock.uptime();
        let jws = noted(Jws::parse(bearer.expose()), Step::Signature, trace)?;
        note_header(&jws, trace);
        let claims = noted(Claims::parse(&jws.payload), Step::Claims, trace)?;
        let token = Unverified { jws: &jws, claims };
        let mut verdicts = self.judge_all(rules, &token, arrived);
        // A round that had begun before the request came may have missed a key that was published meanwhile.
        for _ in 0..ROUNDS {
            if !could_be_mended(&verdicts) {
                break;
            }
            trace.note(Step::Signature, || "no key verifies the token; asking for fresh keys".to_owned());
            refresh(rules, &verdicts).await;
            self.judge_again(rules, &token, arrived, &mut verdicts);
        }
        conclude(rules, &token, verdicts, trace)
    }

    fn judge_all(&self, rules: &TokenRules, token: &Unverified<'_>, arrived: Uptime) -> Vec<Verdict> {
        let moment = self.moment(arrived);
        let cases = rules.sources().iter().enumerate();
        cases.map(|(index, source)| Case { rules, index, source, token, moment }.judge()).collect()
    }

    /// Judges once more where fresh keys were asked for. A bad signature stays bad under the same keys.
    fn judge_again(
        &self,
        rules: &TokenRules,
        token: &Unverified<'_>,
        arrived: Uptime,
        verdicts: &mut [Verdict],
    ) {
        let moment = self.moment(arrived);
        for ((index, source), verdict) in rules.sources().iter().enumerate().zip(verdicts) {
            let is_settled = match verdict {
                Verdict::UnknownKey { .. } => false,
                Verdict::BadSignature { generation, is_final, .. } => {
                    let snapshot = source.keys.snapshot();
                    *is_final |= snapshot.asked_at.is_some_and(|asked_at| asked_at > arrived);
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

    fn moment(&self, arrived: Uptime) -> Moment {
        Moment { arrived, uptime: self.clock.uptime(), unix_seconds: self.clock.unix_seconds() }
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
