//! What one source concluded about a token, and which of several conclusions counts.

use super::cache::Verified;
use crate::{
    domain::{Reason, Refusal, Step},
    keys::Missing,
};

/// The conclusion of one source.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Signed by this source, and an access token for us.
    Accepted(Verified),
    /// Signed by this source, but its claims are refused.
    Denied(Refusal),
    /// The source cannot know: it has no keys, or too old ones, or does not know its issuer yet.
    Unavailable(&'static str),
    /// The keys that the token could be signed with did not sign it.
    BadSignature {
        /// The key set that was tried.
        generation: u64,
        /// The round that brought it.
        round: u64,
        /// Whether it was asked for after the request arrived, so that another round can tell no more.
        is_final: bool,
    },
    /// No key fits the token.
    UnknownKey {
        /// Whether the keys are fresh enough to say so.
        is_fresh: bool,
        /// The round that brought them.
        round: u64,
        /// Whether they were asked for after the request arrived, so that another round can tell no more.
        is_final: bool,
    },
    /// The source, or the key that the token names, is not for this algorithm.
    OtherAlgorithm(&'static str),
    /// The source does not sign for this issuer.
    OtherIssuer,
}

impl Verdict {
    /// Whether a key of this source signed the token.
    pub(super) const fn is_signed(&self) -> bool {
        matches!(self, Self::Accepted(_) | Self::Denied(_))
    }

    /// What was verified, where the token is good.
    pub(super) const fn accepted(&self) -> Option<&Verified> {
        match self {
            Self::Accepted(verified) => Some(verified),
            Self::Denied(_)
            | Self::Unavailable(_)
            | Self::BadSignature { .. }
            | Self::UnknownKey { .. }
            | Self::OtherAlgorithm(_)
            | Self::OtherIssuer => None,
        }
    }

    /// What a fetch of the source's keys could mend, and the round that they are of.
    pub(super) const fn missing(&self) -> Option<(Missing, u64)> {
        match self {
            Self::UnknownKey { is_final: true, .. } | Self::BadSignature { is_final: true, .. } => None,
            Self::UnknownKey { round, .. } => Some((Missing::Kid, *round)),
            Self::BadSignature { round, .. } => Some((Missing::Signature, *round)),
            Self::Accepted(_)
            | Self::Denied(_)
            | Self::Unavailable(_)
            | Self::OtherAlgorithm(_)
            | Self::OtherIssuer => None,
        }
    }

    /// The lowest counts among several sources. Whoever signed the token knows best; then, a source that cannot
    /// know forbids a 401; then, the closer a source came, the more it tells.
    pub(super) const fn precedence(&self) -> u8 {
        match self {
            Self::Accepted(_) => 0,
            Self::Denied(_) => 1,
            Self::Unavailable(_) | Self::UnknownKey { is_fresh: false, .. } => 2,
            Self::BadSignature { .. } => 3,
            Self::UnknownKey { is_fresh: true, .. } => 4,
            Self::OtherAlgorithm(_) => 5,
            Self::OtherIssuer => 6,
        }
    }

    /// The step of the decision at which a refusal came.
    pub(super) fn step(&self) -> Step {
        match self {
            Self::Accepted(_) => Step::Scopes,
            Self::Denied(refusal) if refusal.reason == Reason::ScopeClaimMalformed => Step::Scopes,
            Self::Denied(_) | Self::OtherIssuer => Step::Claims,
            Self::Unavailable(_)
            | Self::BadSignature { .. }
            | Self::UnknownKey { .. }
            | Self::OtherAlgorithm(_) => Step::Signature,
        }
    }

    pub(super) fn into_result(self) -> Result<Verified, Refusal> {
        Err(match self {
            Self::Accepted(verified) => return Ok(verified),
            Self::Denied(refusal) => refusal,
            Self::Unavailable(detail) => Refusal::new(Reason::KeysUnavailable, detail),
            Self::BadSignature { .. } => Refusal::new(
                Reason::SignatureInvalid,
                "the signature does not verify under any key that fits",
            ),
            Self::UnknownKey { is_fresh: true, .. } => {
                Refusal::new(Reason::KeyUnknown, "no key fits `kid` and `alg`, and the keys are fresh")
            }
            Self::UnknownKey { is_fresh: false, .. } => Refusal::new(
                Reason::KeysUnavailable,
                "no key fits `kid` and `alg`, and the keys are not fresh",
            ),
            Self::OtherAlgorithm(detail) => Refusal::new(Reason::AlgorithmRefused, detail),
            Self::OtherIssuer => {
                Refusal::new(Reason::IssuerRefused, "`iss` is none that a key source may sign for")
            }
        })
    }
}
