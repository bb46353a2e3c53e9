//! The outcome of a verification against one key source, and the rule that picks the outcome that decides.

use super::Verified;
use crate::{
    domain::{Reason, Refusal, Step},
    keys::Missing,
};

/// What one key source says of a token.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A key of the source signed the token, and its claims are valid.
    Accepted(Verified),
    /// A key of the source signed the token, and its claims are refused.
    ClaimsRefused(Refusal),
    /// The source cannot tell: it has no keys, they are too old, or its issuer is not discovered yet.
    Unavailable(&'static str),
    /// Keys of the source fit the token, and the signature verifies under none of them.
    SignatureInvalid(KeysTried),
    /// No key of the source fits the token.
    KeyUnknown {
        /// The keys that were searched.
        keys: KeysTried,
        /// Whether they are recent enough to say that the provider does not have the key.
        is_fresh: bool,
    },
    /// `alg` is not allowed for the source, or does not fit the key that `kid` names.
    AlgorithmMismatch(&'static str),
    /// The source does not sign for the token's issuer.
    IssuerMismatch,
}

/// Which keys of a source were tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeysTried {
    /// The generation of the key set.
    pub(super) generation: u64,
    /// The number of fetches that had ended.
    pub(super) round: u64,
    /// Whether the fetch that brought the keys began after the request arrived. Another fetch can then tell no more.
    pub(super) is_final: bool,
}

/// Picks the outcome that decides, with the index of its source. Among equals the first source in the configuration
/// counts.
///
/// The source that signed the token knows best. Without one, a source that cannot tell forbids a 401: the client must
/// not throw away a token that may be good. Then counts the source that came closest to the token.
pub(super) fn decisive(outcomes: Vec<Outcome>) -> Option<(usize, Outcome)> {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Accepted(_) => 0,
        Outcome::ClaimsRefused(_) => 1,
        Outcome::Unavailable(_)
        | Outcome::KeyUnknown {
            is_fresh: false, ..
        } => 2,
        Outcome::SignatureInvalid(_) => 3,
        Outcome::KeyUnknown { is_fresh: true, .. } => 4,
        Outcome::AlgorithmMismatch(_) => 5,
        Outcome::IssuerMismatch => 6,
    };
    outcomes
        .into_iter()
        .enumerate()
        .min_by_key(|(_, outcome)| rank(outcome))
}

impl Outcome {
    /// Whether a key of the source signed the token.
    pub(super) const fn is_signed(&self) -> bool {
        matches!(self, Self::Accepted(_) | Self::ClaimsRefused(_))
    }

    /// The result of the verification, if the source accepts the token.
    pub(super) const fn accepted(&self) -> Option<&Verified> {
        match self {
            Self::Accepted(verified) => Some(verified),
            Self::ClaimsRefused(_)
            | Self::Unavailable(_)
            | Self::SignatureInvalid(_)
            | Self::KeyUnknown { .. }
            | Self::AlgorithmMismatch(_)
            | Self::IssuerMismatch => None,
        }
    }

    /// What the source lacks, and the round of its keys, if another fetch could change the outcome.
    pub(super) const fn missing(&self) -> Option<(Missing, u64)> {
        let (missing, keys) = match self {
            Self::KeyUnknown { keys, .. } => (Missing::Kid, keys),
            Self::SignatureInvalid(keys) => (Missing::Signature, keys),
            Self::Accepted(_)
            | Self::ClaimsRefused(_)
            | Self::Unavailable(_)
            | Self::AlgorithmMismatch(_)
            | Self::IssuerMismatch => return None,
        };
        if keys.is_final {
            None
        } else {
            Some((missing, keys.round))
        }
    }

    /// The step of the decision that the outcome belongs to.
    pub(super) fn step(&self) -> Step {
        match self {
            Self::Accepted(_) => Step::Scopes,
            Self::ClaimsRefused(refusal) if refusal.reason == Reason::ScopeClaimMalformed => {
                Step::Scopes
            }
            Self::ClaimsRefused(_) | Self::IssuerMismatch => Step::Claims,
            Self::Unavailable(_)
            | Self::SignatureInvalid(_)
            | Self::KeyUnknown { .. }
            | Self::AlgorithmMismatch(_) => Step::Signature,
        }
    }

    /// The result that the client and the log get.
    ///
    /// # Errors
    /// The refusal, unless the source accepts the token.
    pub(super) fn into_result(self) -> Result<Verified, Refusal> {
        Err(match self {
            Self::Accepted(verified) => return Ok(verified),
            Self::ClaimsRefused(refusal) => refusal,
            Self::Unavailable(detail) => Refusal::new(Reason::KeysUnavailable, detail),
            Self::SignatureInvalid(_) => Refusal::new(
                Reason::SignatureInvalid,
                "the signature does not verify under any key that fits",
            ),
            Self::KeyUnknown { is_fresh: true, .. } => Refusal::new(
                Reason::KeyUnknown,
                "no key fits `kid` and `alg`, and the keys are fresh",
            ),
            Self::KeyUnknown {
                is_fresh: false, ..
            } => Refusal::new(
                Reason::KeysUnavailable,
                "no key fits `kid` and `alg`, and the keys are not fresh",
            ),
            Self::AlgorithmMismatch(detail) => Refusal::new(Reason::AlgorithmRefused, detail),
            Self::IssuerMismatch => Refusal::new(
                Reason::IssuerRefused,
                "`iss` is none that a key source may sign for",
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::mem::discriminant;

    use super::*;

    const KEYS: KeysTried = KeysTried {
        generation: 1,
        round: 1,
        is_final: false,
    };

    #[test]
    fn the_source_that_signed_decides_then_one_that_cannot_tell_then_the_closest() {
        let in_order: [fn() -> Outcome; 7] = [
            || Outcome::Accepted(Verified::signed_by(1)),
            || Outcome::ClaimsRefused(Refusal::of(Reason::TokenExpired)),
            || Outcome::KeyUnknown {
                keys: KEYS,
                is_fresh: false,
            },
            || Outcome::SignatureInvalid(KEYS),
            || Outcome::KeyUnknown {
                keys: KEYS,
                is_fresh: true,
            },
            || Outcome::AlgorithmMismatch("alg"),
            || Outcome::IssuerMismatch,
        ];
        for (index, decides) in in_order.iter().enumerate() {
            for other in &in_order[index + 1..] {
                assert_eq!(
                    decisive(vec![other(), decides()]).unwrap().0,
                    1,
                    "{:?}",
                    other()
                );
                let (at, outcome) = decisive(vec![decides(), other(), decides()]).unwrap();
                assert_eq!((at, discriminant(&outcome)), (0, discriminant(&decides())));
            }
        }
        let equals = vec![
            Outcome::Unavailable("down"),
            Outcome::KeyUnknown {
                keys: KEYS,
                is_fresh: false,
            },
        ];
        assert_eq!(decisive(equals).unwrap().0, 0);
        assert!(decisive(Vec::new()).is_none());
    }

    #[test]
    fn a_fetch_helps_only_a_key_that_is_missing_or_wrong_by_keys_from_before_the_request() {
        let old = [
            Outcome::SignatureInvalid(KEYS),
            Outcome::KeyUnknown {
                keys: KEYS,
                is_fresh: true,
            },
        ];
        assert_eq!(
            old.map(|outcome| outcome.missing().map(|(missing, _)| missing)),
            [Some(Missing::Signature), Some(Missing::Kid)]
        );
        let keys = KeysTried {
            is_final: true,
            ..KEYS
        };
        for outcome in [
            Outcome::SignatureInvalid(keys),
            Outcome::KeyUnknown {
                keys,
                is_fresh: false,
            },
            Outcome::Unavailable("down"),
            Outcome::AlgorithmMismatch("alg"),
            Outcome::IssuerMismatch,
        ] {
            assert_eq!(outcome.missing(), None, "{outcome:?}");
        }
    }
}
