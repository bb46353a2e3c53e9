//! The verdict on an operation: a pure function of a policy, verified facts and the operation. Denials, challenges,
//! `explain` and the self-check are renderings of it, so that they cannot disagree.

use std::sync::LazyLock;

use super::{level::Levels, missing_scopes::MissingScopes, resource::Policy, target::Target};
use crate::{
    domain::{Reason, Refusal, ScopeSet},
    token::Identity,
};

/// Whether the caller may do an operation, and if not, whether the caller can get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The facts suffice.
    Permit,
    /// These scopes would suffice, and a client may ask the authorization server for them (RFC 6750 §3.1,
    /// `insufficient_scope`).
    Acquirable(MissingScopes),
    /// Nothing that a client can acquire changes the verdict.
    Never(Refusal),
}

/// The verified facts that a verdict rests on. What a request only claims is not among them.
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
    /// The scopes that the caller has.
    #[must_use]
    pub fn scopes(self) -> &'a ScopeSet {
        match self {
            Self::Anonymous => &NO_SCOPES,
            Self::Verified(identity) => &identity.scopes,
        }
    }
}

/// The verdict of `policy` on `target`, for a caller with these facts (steps 8 and 9 of the decision).
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
