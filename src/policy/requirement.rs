//! The scopes that one level of an operation requires: an OR of ANDs, extended by the scope hierarchy.

use std::fmt;

use super::hierarchy::Hierarchy;
use crate::domain::{Scope, ScopeGroups, ScopeSet};

/// The token must have all scopes of at least one of these groups. Without groups, no scope is required.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    groups: Vec<Vec<RequiredScope>>,
}

/// A scope, and the broader scopes that include it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredScope {
    scope: Scope,
    included_in: Vec<Scope>,
}

impl Requirement {
    /// The requirement as configured, in a hierarchy of scopes.
    #[must_use]
    pub fn compile(groups: &ScopeGroups, hierarchy: &Hierarchy) -> Self {
        let required = |scope: &Scope| RequiredScope {
            scope: scope.clone(),
            included_in: hierarchy.broader(scope),
        };
        Self {
            groups: groups
                .iter()
                .map(|group| group.iter().map(required).collect())
                .collect(),
        }
    }

    /// Whether the scopes of a token suffice.
    #[must_use]
    pub fn is_met_by(&self, granted: &ScopeSet) -> bool {
        self.groups.is_empty()
            || self
                .groups
                .iter()
                .any(|group| group.iter().all(|required| required.is_met_by(granted)))
    }

    /// Whether no scope is required.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The alternatives, in the order of the configuration.
    #[must_use]
    pub fn groups(&self) -> &[Vec<RequiredScope>] {
        &self.groups
    }

    /// Every scope that it names, in order and with duplicates.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.groups.iter().flatten().map(RequiredScope::scope)
    }
}

impl RequiredScope {
    /// The scope as configured. A challenge names this one, not a broader one.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether a token has this scope or a broader one.
    #[must_use]
    pub fn is_met_by(&self, granted: &ScopeSet) -> bool {
        granted.contains(&self.scope)
            || self
                .included_in
                .iter()
                .any(|broader| granted.contains(broader))
    }
}

/// Writes `a b` or `(a b | c)`; `-` if no scope is required.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |group: &Vec<RequiredScope>| {
            group
                .iter()
                .map(|required| required.scope.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        match self.groups.as_slice() {
            [] => f.write_str("-"),
            [group] => f.write_str(&join(group)),
            groups => write!(
                f,
                "({})",
                groups.iter().map(join).collect::<Vec<_>>().join(" | ")
            ),
        }
    }
}
