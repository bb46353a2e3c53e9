//! The result of a successful verification, and what has to stay true for it to hold for a later request.

use std::sync::Arc;

use super::claim_checks::Validity;
use crate::{
    clock::Clock,
    token::{Identity, TokenRules},
};

/// An identity and what it depends on.
#[derive(Clone, Debug)]
pub(in crate::token) struct Verified {
    pub(in crate::token) identity: Arc<Identity>,
    pub(super) validity: Validity,
    /// The index of the key source among those of the rules.
    pub(super) source: usize,
    /// The serial of the key that signed the token.
    pub(super) key: u64,
}

impl Verified {
    /// Whether a new verification under the same `rules` would accept the token again. A key's serial belongs to one
    /// key of one issuer, so it stands for both.
    pub(in crate::token) fn still_holds(&self, rules: &TokenRules, clock: &dyn Clock) -> bool {
        let Some(source) = rules.sources().get(self.source) else {
            return false;
        };
        let snapshot = source.keys.snapshot();
        snapshot.keys.holds(self.key)
            && snapshot.is_usable(clock.uptime())
            && self.validity.check(clock.unix_seconds()).is_ok()
    }
}

#[cfg(test)]
impl Verified {
    /// An identity whose key has this serial, with no end to its validity.
    pub(in crate::token) fn signed_by(key: u64) -> Self {
        let identity = Arc::new(Identity::granted("mcp", "a b"));
        Self {
            identity,
            validity: Validity::forever(),
            source: 0,
            key,
        }
    }

    pub(in crate::token) fn key(&self) -> u64 {
        self.key
    }
}
