//! The verification against one key source: chooses the key, checks the signature, and reads what was signed.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use super::{
    Verification, Verified,
    claim_checks::{Context, Validity, validate},
    jws::Jws,
    scopes,
    source_outcome::Outcome,
};
use crate::{
    domain::Refusal,
    keys::{KeySnapshot, VerifyingKey},
    token::{
        Identity, IdentityHeaders, KeySource, VerifiedClaims, identity_headers::HolderNames,
        rules::IssuerFit,
    },
};

impl Verification<'_> {
    /// Tries the key source of this index with the keys that it has now.
    pub(super) fn try_source(&self, index: usize, source: &KeySource) -> Outcome {
        let snapshot = source.keys.snapshot();
        let fit = source
            .token
            .issuer
            .fit(self.claims.issuer(), snapshot.issuer.as_ref());
        // With several sources, `iss` selects the ones to try. With a single source the signature comes first: the
        // service says nothing about claims that are not signed.
        if fit == IssuerFit::Refused && self.rules.sources().len() > 1 {
            return Outcome::IssuerMismatch;
        }
        if !source.algorithms.contains(self.jws.algorithm) {
            return Outcome::AlgorithmMismatch("`alg` is not allowed for the key source");
        }
        if fit == IssuerFit::Undiscovered {
            return Outcome::Unavailable("the issuer of the key source is not known yet");
        }
        if !snapshot.is_usable(self.clock.uptime()) {
            return Outcome::Unavailable("the key source has no keys, or too old ones");
        }
        match self.find_signer(&snapshot) {
            Ok(key) => self
                .read_signed(index, source, key, fit == IssuerFit::Accepted)
                .map_or_else(Outcome::ClaimsRefused, Outcome::Accepted),
            Err(outcome) => outcome,
        }
    }

    /// The key that signed the token.
    ///
    /// # Errors
    /// The outcome at the source, if it is none of them.
    fn find_signer<'k>(&self, snapshot: &'k KeySnapshot) -> Result<&'k VerifyingKey, Outcome> {
        let Jws {
            algorithm,
            signing_input,
            signature,
            ..
        } = *self.jws;
        let kid = self.jws.kid.as_deref();
        let mut candidates = snapshot.keys.candidates(kid, algorithm).peekable();
        if candidates.peek().is_some() {
            return candidates
                .find(|key| key.verify(signing_input.as_bytes(), signature))
                .ok_or_else(|| Outcome::SignatureInvalid(self.keys_tried(snapshot)));
        }
        if kid.is_some_and(|kid| snapshot.keys.has_kid(kid)) {
            return Err(Outcome::AlgorithmMismatch(
                "`alg` does not fit the key that `kid` names",
            ));
        }
        Err(Outcome::KeyUnknown {
            keys: self.keys_tried(snapshot),
            is_fresh: self.is_fresh(snapshot),
        })
    }

    /// Validates the signed claims and reads the identity from them.
    ///
    /// # Errors
    /// Any reason from `token-expired` to `scope-claim-malformed`.
    fn read_signed(
        &self,
        index: usize,
        source: &KeySource,
        key: &VerifyingKey,
        is_issuer_accepted: bool,
    ) -> Result<Verified, Refusal> {
        let context = Context {
            typ: self.jws.typ.as_deref(),
            is_issuer_accepted,
            settings: &source.token,
            now: self.clock.unix_seconds(),
        };
        let validity = validate(&self.claims, &context)?;
        let identity = Arc::new(self.identity(source, key, validity)?);
        Ok(Verified {
            identity,
            validity,
            source: index,
            key: key.serial(),
        })
    }

    fn identity(
        &self,
        source: &KeySource,
        key: &VerifyingKey,
        validity: Validity,
    ) -> Result<Identity, Refusal> {
        let claims = &self.claims;
        let subject = claims.subject()?;
        let scopes = scopes::granted(claims.members(), self.rules)?;
        let client_id = claims.client_id();
        let names = HolderNames {
            subject: subject.as_deref().unwrap_or_default(),
            client_id: client_id.as_deref().unwrap_or_default(),
            issuer: claims.issuer().unwrap_or_default(),
        };
        let headers = IdentityHeaders::build(self.rules.resource(), &names, &scopes)?;
        let claims = VerifiedClaims {
            issuer: claims.issuer().map(Into::into),
            subject: subject.map(Cow::into_owned),
            client_id: client_id.map(Cow::into_owned),
            scopes,
            kid: key.shared_kid(),
            source: Arc::clone(&source.name),
            expires_at: validity.expires_at,
            subject_hash: OnceLock::new(),
        };
        Ok(Identity::new(claims, headers))
    }
}
