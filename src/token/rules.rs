//! The rules for the tokens of one resource: the key sources that may sign them, and the claims they must carry.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{IssuerRule, TokenSettings};
use crate::{
    domain::{Issuer, ResourceId, Scope, ScopeSet},
    keys::{AlgorithmSet, KeysHandle},
};

/// The rules of one resource. Each value has its own number within the process, so that the cache does not use a token
/// that was verified under other rules.
#[derive(Debug)]
pub struct TokenRules {
    id: u64,
    resource: ResourceId,
    sources: Vec<KeySource>,
    scope_claims: Vec<String>,
    /// Sorted.
    known_scopes: Vec<Scope>,
}

impl TokenRules {
    /// Rules for `resource`. The claims that `scope_claims` names grant scopes.
    #[must_use]
    pub fn new(resource: ResourceId, sources: Vec<KeySource>, scope_claims: Vec<String>) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            resource,
            sources,
            scope_claims,
            known_scopes: Vec::new(),
        }
    }

    /// The same with the scopes that most tokens carry. The identities of these tokens then share them in memory.
    #[must_use]
    pub fn knowing(self, scopes: &ScopeSet) -> Self {
        let mut known_scopes: Vec<_> = scopes.iter().cloned().collect();
        known_scopes.sort_unstable();
        Self {
            known_scopes,
            ..self
        }
    }

    /// The resource that the tokens are for.
    #[must_use]
    pub const fn resource(&self) -> &ResourceId {
        &self.resource
    }

    /// The key sources, in the order of the configuration.
    #[must_use]
    pub fn sources(&self) -> &[KeySource] {
        &self.sources
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn scope_claims(&self) -> &[String] {
        &self.scope_claims
    }

    /// The known scope with this text.
    pub(super) fn known_scope(&self, text: &str) -> Option<&Scope> {
        let at = self
            .known_scopes
            .binary_search_by(|known| known.as_str().cmp(text))
            .ok()?;
        self.known_scopes.get(at)
    }
}

/// A key source of a resource, and the rules for tokens that its keys sign.
#[derive(Clone, Debug)]
pub struct KeySource {
    /// The source's name in logs and in `explain`.
    pub name: Arc<str>,
    /// The keys of the source.
    pub keys: KeysHandle,
    /// The algorithms that may be used with them.
    pub algorithms: AlgorithmSet,
    /// What a token must carry.
    pub token: TokenSettings,
}

/// Whether a source may sign for an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IssuerFit {
    Accepted,
    Refused,
    /// The source has not discovered its issuer yet.
    Undiscovered,
}

impl IssuerRule {
    /// Compares a token's `iss` with the rule. `discovered` is the issuer from the source's discovery document.
    pub(super) fn fit(&self, claim: Option<&str>, discovered: Option<&Issuer>) -> IssuerFit {
        let is_accepted = match self {
            Self::Exactly(issuer) => claim == Some(issuer.as_str()),
            Self::Discovered => match discovered {
                Some(issuer) => claim == Some(issuer.as_str()),
                None => return IssuerFit::Undiscovered,
            },
            Self::AbsentOrOneOf(issuers) => {
                claim.is_none_or(|claim| issuers.iter().any(|issuer| issuer.is_nearly(claim)))
            }
        };
        if is_accepted {
            IssuerFit::Accepted
        } else {
            IssuerFit::Refused
        }
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);
