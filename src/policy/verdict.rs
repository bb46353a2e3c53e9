//! The verdict on an operation: a pure function of a policy, verified facts and the operation. Denials, challenges,
//! `explain` and the self-check all read this one value, so they cannot disagree.

use std::sync::LazyLock;

use super::{
    missing_scopes::MissingScopes, resource::Policy, scope_level::Levels, verdict_target::Target,
};
use crate::{
    domain::{Reason, Refusal, ScopeSet},
    token::Identity,
};

/// Whether the caller may do an operation, and if not, whether more scopes would change that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The caller has every scope that the operation requires.
    Permit,
    /// The caller lacks these scopes. A client may ask the authorization server for them (RFC 6750 §3.1,
    /// `insufficient_scope`).
    Acquirable(MissingScopes),
    /// No token that the client could get would change the verdict.
    Never(Refusal),
}

/// The verified facts behind a verdict. Unverified claims of a request are never among them.
#[derive(Clone, Copy, Debug)]
pub enum Facts<'a> {
    /// The caller sent no token.
    Anonymous,
    /// The caller's token was verified.
    Verified(&'a Identity),
}

impl Verdict {
    /// The stable code of a denial; `None` for a permit.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Permit => None,
            Self::Acquirable(_) => Some(Reason::ScopeInsufficient),
            Self::Never(refusal) => Some(refusal.reason),
        }
    }
}

impl<'a> Facts<'a> {
    /// The scopes that the token grants; none without a token.
    #[must_use]
    pub fn scopes(self) -> &'a ScopeSet {
        match self {
            Self::Anonymous => &NO_SCOPES,
            Self::Verified(identity) => &identity.scopes,
        }
    }
}

/// The verdict of `policy` on `target` for a caller with these facts (steps 8 and 9 of the decision).
#[must_use]
pub fn verdict(policy: &Policy, facts: Facts<'_>, target: Target<'_>) -> Verdict {
    match policy.table.levels(target) {
        Err(refusal) => Verdict::Never(refusal),
        Ok(levels) => weigh(policy, facts, &levels),
    }
}

fn weigh(policy: &Policy, facts: Facts<'_>, levels: &Levels<'_>) -> Verdict {
    let (names, max_groups) = (policy.challenge_scopes, policy.max_scope_combinations);
    match MissingScopes::find(levels, facts.scopes(), names, max_groups) {
        None => Verdict::Permit,
        Some(missing) => Verdict::Acquirable(missing),
    }
}

static NO_SCOPES: LazyLock<ScopeSet> = LazyLock::new(ScopeSet::default);
