//! One verification: a token, the key sources that it is tried against, and the fetches that may still change the
//! outcome.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    Claims, Jws, Verified,
    source_outcome::{KeysTried, Outcome, decisive},
};
use crate::{
    clock::{Clock, Uptime},
    domain::{Reason, Refusal},
    keys::KeySnapshot,
    token::{KeySource, TokenNote, TokenRules, TokenTrace},
};

/// A token between its first bytes and its identity.
pub(in crate::token) struct Verification<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) rules: &'a TokenRules,
    pub(super) jws: &'a Jws<'a>,
    pub(super) claims: Claims<'a>,
    /// When the request arrived.
    arrived: Uptime,
    /// One for each key source, in the order of the rules; empty before the first try.
    outcomes: Vec<Outcome>,
    fetches: usize,
    worked: Duration,
}

impl<'a> Verification<'a> {
    pub(super) fn new(
        clock: &'a dyn Clock,
        rules: &'a TokenRules,
        jws: &'a Jws<'a>,
        claims: Claims<'a>,
        arrived: Uptime,
    ) -> Self {
        let (outcomes, fetches, worked) = (Vec::new(), 0, Duration::ZERO);
        Self {
            clock,
            rules,
            jws,
            claims,
            arrived,
            outcomes,
            fetches,
            worked,
        }
    }

    /// Whether no key source was tried yet.
    pub(in crate::token) fn is_untried(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// The time that this thread spent on trying key sources.
    pub(in crate::token) fn worked(&self) -> Duration {
        self.worked
    }

    /// The result of the verification, if a source accepts the token.
    pub(in crate::token) fn accepted(&self) -> Option<&Verified> {
        self.outcomes.iter().find_map(Outcome::accepted)
    }

    /// Tries every key source; after a fetch, those whose outcome the fetch may have changed.
    pub(in crate::token) fn try_sources(&mut self) {
        let began = self.clock.uptime();
        let mut earlier = std::mem::take(&mut self.outcomes).into_iter();
        let sources = self.rules.sources().iter().enumerate();
        self.outcomes = sources
            .map(|(index, source)| match earlier.next() {
                None => self.try_source(index, source),
                Some(outcome) => self.retry_source(index, source, outcome),
            })
            .collect();
        self.worked += self.clock.uptime().saturating_sub(began);
    }

    /// Tries a source again after a fetch. A signature that was invalid stays invalid under the same keys.
    fn retry_source(&self, index: usize, source: &KeySource, earlier: Outcome) -> Outcome {
        match earlier {
            Outcome::KeyUnknown { .. } => self.try_source(index, source),
            Outcome::SignatureInvalid(keys) => {
                let snapshot = source.keys.snapshot();
                if snapshot.generation == keys.generation {
                    let is_final = keys.is_final || self.is_final(&snapshot);
                    Outcome::SignatureInvalid(KeysTried { is_final, ..keys })
                } else {
                    self.try_source(index, source)
                }
            }
            settled @ (Outcome::Accepted(_)
            | Outcome::ClaimsRefused(_)
            | Outcome::Unavailable(_)
            | Outcome::AlgorithmMismatch(_)
            | Outcome::IssuerMismatch) => settled,
        }
    }

    /// Asks every source that lacks a key to fetch its keys, all at the same time, and waits for them. Each source
    /// limits how often it fetches and how long a token waits. Returns false, without waiting, if no fetch can change
    /// the result: a source has signed the token, none lacks a key, or the token has waited [`MAX_FETCHES`] times.
    pub(in crate::token) async fn fetch_missing_keys<T: TokenTrace>(
        &mut self,
        trace: &mut T,
    ) -> bool {
        let is_signed = self.outcomes.iter().any(Outcome::is_signed);
        let lacks_key = self
            .outcomes
            .iter()
            .any(|outcome| outcome.missing().is_some());
        if is_signed || !lacks_key || self.fetches == MAX_FETCHES {
            return false;
        }
        self.fetches += 1;
        trace.note_token(|| TokenNote::FetchingKeys);
        let fetches =
            self.rules
                .sources()
                .iter()
                .zip(&self.outcomes)
                .filter_map(|(source, outcome)| {
                    let (missing, round) = outcome.missing()?;
                    Some(source.keys.refresh_for(missing, round))
                });
        join_all(fetches).await;
        true
    }

    /// Ends the verification with the outcome that decides.
    ///
    /// # Errors
    /// The refusal of that outcome, from `algorithm-refused` to `scope-claim-malformed`.
    pub(in crate::token) fn conclude<T: TokenTrace>(
        self,
        trace: &mut T,
    ) -> Result<Verified, Refusal> {
        let Self {
            rules,
            claims,
            outcomes,
            ..
        } = self;
        let decided = decisive(outcomes).and_then(|(index, outcome)| {
            rules
                .sources()
                .get(index)
                .map(|source| (&*source.name, outcome))
        });
        let Some((source, outcome)) = decided else {
            return Err(Refusal::new(
                Reason::KeysUnavailable,
                "the resource has no key source",
            ));
        };
        if outcome.is_signed() {
            trace.note_token(|| TokenNote::VerifiedBy { source });
        }
        let step = outcome.step();
        let claims = &claims;
        outcome.into_result().inspect_err(|&refusal| {
            trace.note_token(|| TokenNote::Refused {
                source,
                step,
                refusal,
                claims,
            });
        })
    }

    /// What was tried, where a key is missing in `snapshot` or does not verify the token.
    pub(super) fn keys_tried(&self, snapshot: &KeySnapshot) -> KeysTried {
        let is_final = self.is_final(snapshot);
        KeysTried {
            generation: snapshot.generation,
            round: snapshot.round,
            is_final,
        }
    }

    /// Whether the keys of `snapshot` are recent enough to say that the provider does not have a key.
    pub(super) fn is_fresh(&self, snapshot: &KeySnapshot) -> bool {
        snapshot.is_fresh(self.arrived, self.clock.uptime())
    }

    fn is_final(&self, snapshot: &KeySnapshot) -> bool {
        snapshot
            .asked_at
            .is_some_and(|asked_at| asked_at > self.arrived)
    }
}

/// How often one token may wait for fetches. A fetch that had begun before the request arrived may have missed a key
/// that was published since; the second one cannot.
const MAX_FETCHES: usize = 2;
