//! What one key source makes of a token: is it the signer, and is what was signed an access token for us?

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use super::{
    Identity, IdentityHeaders, SourceRules, TokenRules,
    cache::Verified,
    claims::Claims,
    identity::{VerifiedClaims, Who},
    jwt::Jws,
    rules::IssuerFit,
    scopes,
    validate::{Context, Validity, validate},
    verdict::Verdict,
};
use crate::{
    clock::{UnixSeconds, Uptime},
    domain::Refusal,
    keys::{KeySnapshot, VerifyingKey},
};

/// A token taken apart, nothing of it verified.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    pub(super) jws: &'a Jws<'a>,
    pub(super) claims: Claims<'a>,
}

/// The times that a verdict needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// When the request came.
    pub(super) arrived: Uptime,
    /// What the stopwatch shows.
    pub(super) uptime: Uptime,
    /// What the calendar shows.
    pub(super) unix_seconds: UnixSeconds,
}

/// One token before one source.
pub(super) struct Case<'a> {
    pub(super) rules: &'a TokenRules,
    /// The source's place among the rules' sources.
    pub(super) index: usize,
    pub(super) source: &'a SourceRules,
    pub(super) token: &'a Unverified<'a>,
    pub(super) moment: Moment,
}

impl Case<'_> {
    /// Judges with the source's keys as they are now.
    pub(super) fn judge(&self) -> Verdict {
        let snapshot = self.source.keys.snapshot();
        let fit = self.source.token.issuer.fit(self.token.claims.issuer(), snapshot.issuer.as_ref());
        // With several sources, `iss` says whose keys are asked. A single one looks at the signature first, and
        // says nothing about claims that it did not sign.
        if fit == IssuerFit::Refused && self.rules.sources().len() > 1 {
            return Verdict::OtherIssuer;
        }
        if !self.source.algorithms.contains(self.token.jws.algorithm) {
            return Verdict::OtherAlgorithm("`alg` is not allowed for the key source");
        }
        if fit == IssuerFit::Undiscovered {
            return Verdict::Unavailable("the issuer of the key source is not known yet");
        }
        if !snapshot.is_usable(self.moment.uptime) {
            return Verdict::Unavailable("the key source has no keys, or too old ones");
        }
        match self.signer(&snapshot) {
            Ok(key) => self.judge_signed(key, fit).map_or_else(Verdict::Denied, Verdict::Accepted),
            Err(verdict) => verdict,
        }
    }

    /// The key that signed the token.
    fn signer<'k>(&'k self, snapshot: &'k KeySnapshot) -> Result<&'k VerifyingKey, Verdict> {
        let Jws { algorithm, signing_input, signature, .. } = *self.token.jws;
        let kid = self.token.jws.kid.as_deref();
        let (arrived, round) = (self.moment.arrived, snapshot.round);
        let is_final = snapshot.asked_at.is_some_and(|asked_at| asked_at > arrived);
        let mut candidates = snapshot.keys.candidates(kid, algorithm).peekable();
        if candidates.peek().is_some() {
            return candidates
                .find(|key| key.verify(signing_input.as_bytes(), signature))
                .ok_or(Verdict::BadSignature { generation: snapshot.generation, round, is_final });
        }
        if kid.is_some_and(|kid| snapshot.keys.has_kid(kid)) {
            return Err(Verdict::OtherAlgorithm("`alg` does not fit the key that `kid` names"));
        }
        let is_fresh = snapshot.is_fresh(arrived, self.moment.uptime);
        Err(Verdict::UnknownKey { is_fresh, round, is_final })
    }

    fn judge_signed(&self, key: &VerifyingKey, fit: IssuerFit) -> Result<Verified, Refusal> {
        let context = Context {
            typ: self.token.jws.typ.as_deref(),
            is_issuer_accepted: fit == IssuerFit::Accepted,
            settings: &self.source.token,
            now: self.moment.unix_seconds,
        };
        let validity = validate(&self.token.claims, &context)?;
        let identity = Arc::new(self.identity(key, validity)?);
        Ok(Verified { identity, validity, source: self.index, key: key.serial() })
    }

    fn identity(&self, key: &VerifyingKey, validity: Validity) -> Result<Identity, Refusal> {
        let claims = &self.token.claims;
        let subject = claims.subject()?;
        let scopes = scopes::granted(claims.members(), self.rules)?;
        let client_id = claims.client_id();
        let who = Who {
            subject: subject.as_deref().unwrap_or_default(),
            client_id: client_id.as_deref().unwrap_or_default(),
            issuer: claims.issuer().unwrap_or_default(),
        };
        let headers = IdentityHeaders::build(self.rules.resource(), &who, &scopes)?;
        let claims = VerifiedClaims {
            issuer: claims.issuer().map(Into::into),
            subject: subject.map(Cow::into_owned),
            client_id: client_id.map(Cow::into_owned),
            scopes,
            kid: key.shared_kid(),
            source: Arc::clone(&self.source.name),
            expires_at: validity.expires_at,
            subject_hash: OnceLock::new(),
        };
        Ok(Identity::new(claims, headers))
    }
}
