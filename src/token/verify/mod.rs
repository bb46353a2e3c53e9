//! Verifies a bearer token from its bytes to an identity: parses the JWS, tries each key source of the resource, and
//! picks the outcome that decides. It remembers nothing; `cache` wraps it with the same method.
//!
//! `jws` and `claims` parse. `source_check` chooses a key of one source and checks the signature. `claim_checks`,
//! `token_type` and `scopes` read what was signed. `source_outcome` is the result at one source, and `source_rounds` goes
//! through all sources.

mod claim_checks;
mod claims;
mod jws;
mod scopes;
mod source_check;
mod source_outcome;
mod source_rounds;
mod token_type;
mod verified_token;

use std::sync::Arc;

pub use self::claims::Claims;
pub(super) use self::{jws::Jws, source_rounds::Verification, verified_token::Verified};
use super::{
    Bearer, Identity, TokenNote, TokenRules, TokenTrace, VerifyToken, explain_note::note_identity,
};
use crate::{
    clock::{Clock, SharedClock, Uptime},
    domain::{Refusal, Step},
};

/// Verifies every token from its bytes. `explain` uses it as it is.
#[derive(Clone, Debug)]
pub struct Verifier {
    clock: SharedClock,
}

impl Verifier {
    /// A verifier that reads the time from `clock`.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self { clock }
    }

    /// The clock that it reads.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Parses the claims and starts a verification under `rules`, for a request that arrived at `arrived`.
    ///
    /// # Errors
    /// `token-malformed` for claims that cannot be read.
    pub(super) fn begin<'a, T: TokenTrace>(
        &'a self,
        rules: &'a TokenRules,
        jws: &'a Jws<'a>,
        arrived: Uptime,
        trace: &mut T,
    ) -> Result<Verification<'a>, Refusal> {
        let claims = noted(Claims::parse(&jws.payload), Step::Claims, trace)?;
        Ok(Verification::new(self.clock(), rules, jws, claims, arrived))
    }
}

impl VerifyToken for Verifier {
    async fn verify<T: TokenTrace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal> {
        trace.note_token(|| TokenNote::Bearer {
            bytes: bearer.expose().len(),
        });
        let arrived = self.clock.uptime();
        let jws = parse(bearer, trace)?;
        let mut verification = self.begin(rules, &jws, arrived, trace)?;
        verification.try_sources();
        while verification.fetch_missing_keys(trace).await {
            verification.try_sources();
        }
        let Verified { identity, .. } = verification.conclude(trace)?;
        note_identity(&identity, trace);
        Ok(identity)
    }

    async fn refuse(&self, refusal: Refusal) -> Refusal {
        refusal
    }
}

/// Parses the token into its parts and notes the JOSE header.
///
/// # Errors
/// `token-malformed`, or `algorithm-refused` for an `alg` that this build does not verify.
pub(super) fn parse<'a, T: TokenTrace>(
    bearer: Bearer<'a>,
    trace: &mut T,
) -> Result<Jws<'a>, Refusal> {
    let jws = noted(Jws::parse(bearer.expose()), Step::Signature, trace)?;
    trace.note_token(|| TokenNote::Header {
        alg: jws.algorithm.name(),
        kid: jws.kid.as_deref(),
        typ: jws.typ.as_deref(),
    });
    Ok(jws)
}

fn noted<V, T: TokenTrace>(
    result: Result<V, Refusal>,
    step: Step,
    trace: &mut T,
) -> Result<V, Refusal> {
    result.inspect_err(|&refusal| trace.note_token(|| TokenNote::Malformed { step, refusal }))
}
