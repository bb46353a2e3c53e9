//! What a token lacks, and which of the alternatives a challenge names.

use super::{
    ChallengeScopes,
    requirement::RequiredScope,
    table::{Level, LevelKind},
};
use crate::domain::{Scope, ScopeSet};

/// The scopes that a 403 names, and which of them are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The chosen group, whole, in the order of the levels.
    pub needed: ScopeSet,
    /// The scopes of the group that the token does not have, nor a broader one.
    pub missing: ScopeSet,
    /// What asked for the first level that failed.
    pub first_failed: LevelKind,
}

impl Shortfall {
    /// What `granted` lacks for all `levels`; `None` when it suffices. Of several alternatives the one with
    /// the fewest missing scopes is named, the first on a tie. An operation with more than `max_groups`
    /// alternatives is written out level by level, the best alternative of each.
    #[must_use]
    pub fn find(
        levels: &[Level<'_>],
        granted: &ScopeSet,
        names: ChallengeScopes,
        max_groups: usize,
    ) -> Option<Self> {
        let failed = levels.iter().position(|level| !level.requirement.is_met_by(granted))?;
        let first_failed = levels.get(failed)?;
        let named = match names {
            ChallengeScopes::Operation => levels,
            ChallengeScopes::Level => std::slice::from_ref(first_failed),
        };
        let best = if count_groups(named) <= max_groups {
            best_of(&combine(named), granted)
        } else {
            named.iter().flat_map(|level| best_of(level.requirement.groups(), granted)).collect()
        };
        Some(Self {
            needed: best.iter().map(|required| required.scope().clone()).collect(),
            missing: missing_of(&best, granted).cloned().collect(),
            first_failed: first_failed.kind,
        })
    }
}

/// A group of scopes while it is put together.
type Group = Vec<RequiredScope>;

/// How many groups the levels have when they are multiplied out.
fn count_groups(levels: &[Level<'_>]) -> usize {
    let of_level = |level: &Level<'_>| level.requirement.groups().len().max(1);
    levels.iter().map(of_level).fold(1, usize::saturating_mul)
}

/// The levels multiplied out: each alternative of one with each alternative of the others, in order.
fn combine(levels: &[Level<'_>]) -> Vec<Group> {
    let asking = levels.iter().filter(|level| !level.requirement.is_nothing());
    asking.fold(vec![Group::new()], |combined, level| {
        combined
            .iter()
            .flat_map(|left| level.requirement.groups().iter().map(move |right| join(left, right)))
            .collect()
    })
}

/// Both groups, each scope once, in the order of their first naming.
fn join(left: &Group, right: &Group) -> Group {
    let mut group = left.clone();
    for required in right {
        if !group.iter().any(|known| known.scope() == required.scope()) {
            group.push(required.clone());
        }
    }
    group
}

fn best_of(groups: &[Group], granted: &ScopeSet) -> Group {
    groups.iter().min_by_key(|group| missing_of(group, granted).count()).cloned().unwrap_or_default()
}

fn missing_of<'g>(group: &'g Group, granted: &ScopeSet) -> impl Iterator<Item = &'g Scope> {
    group.iter().filter(|required| !required.is_met_by(granted)).map(RequiredScope::scope)
}
