//! The scopes that a token lacks, and the alternative that a challenge names.

use std::{collections::HashSet, iter};

use ahash::RandomState;
use smallvec::SmallVec;

use super::{
    ChallengeScopes,
    challenge_group::select,
    requirement::{RequiredScope, Requirement},
    scope_level::{Level, LevelKind},
};
use crate::domain::ScopeSet;

/// The scopes that a 403 names, and which of them the token lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingScopes {
    /// All scopes of the chosen group, in the order of the levels.
    pub needed: ScopeSet,
    /// The scopes of the group that the token has neither itself nor through a broader scope.
    pub missing: ScopeSet,
    /// The kind of the first level that failed.
    pub first_failed: LevelKind,
}

impl MissingScopes {
    /// What `granted` lacks for all `levels`; `None` if it suffices. Among several alternatives it chooses the one
    /// with the fewest missing scopes, the first on a tie. If there are more than `max_groups` combinations, it
    /// chooses a good one that need not be the best.
    #[must_use]
    pub fn find(
        levels: &[Level<'_>],
        granted: &ScopeSet,
        names: ChallengeScopes,
        max_groups: usize,
    ) -> Option<Self> {
        let failed = levels
            .iter()
            .position(|level| !level.requirement.is_met_by(granted))?;
        let first_failed = levels.get(failed)?;
        let mut best = Best::new();
        let mut weigh = |wanted: &dyn Fn(&Level<'_>) -> bool| {
            best_of(
                levels.iter().filter(|level| wanted(level)),
                granted,
                max_groups,
                &mut best,
            );
        };
        match (names, first_failed.kind) {
            // The alternatives of fields are compared only with each other; the scopes of the other levels come
            // before them.
            (ChallengeScopes::Operation, _) => {
                weigh(&|level| !is_field(level));
                weigh(&is_field);
            }
            (ChallengeScopes::Level, LevelKind::Field) => weigh(&is_field),
            (
                ChallengeScopes::Level,
                LevelKind::Initialize | LevelKind::Method | LevelKind::Tool | LevelKind::Named,
            ) => best_of(iter::once(first_failed), granted, max_groups, &mut best),
        }
        let lacking = best.iter().filter(|required| !required.is_met_by(granted));
        Some(Self {
            needed: best
                .iter()
                .map(|required| required.scope().clone())
                .collect(),
            missing: lacking.map(|required| required.scope().clone()).collect(),
            first_failed: first_failed.kind,
        })
    }
}

/// Adds the scopes of the best alternatives of some levels. A requirement that occurs twice counts once.
fn best_of<'l, 'r: 'l>(
    levels: impl Iterator<Item = &'l Level<'r>> + Clone,
    granted: &ScopeSet,
    max_groups: usize,
    best: &mut Best<'r>,
) {
    let requirements = levels.map(|level| level.requirement);
    // Most operations have few levels with one alternative each. They need no search, and duplicates do no harm.
    let is_few = requirements.clone().nth(FEW).is_none();
    if is_few
        && requirements
            .clone()
            .all(|requirement| requirement.groups().len() <= 1)
    {
        best.extend(requirements.flat_map(Requirement::groups).flatten());
        return;
    }
    let mut seen = HashSet::with_hasher(RandomState::new());
    let distinct: Vec<_> = requirements
        .filter(|requirement| {
            !requirement.is_empty() && seen.insert(std::ptr::from_ref(*requirement))
        })
        .collect();
    best.extend(select(&distinct, granted, max_groups).into_iter().flatten());
}

/// The scopes of the chosen alternatives, with duplicates.
type Best<'r> = SmallVec<[&'r RequiredScope; 8]>;

/// Up to this many levels, duplicates are not searched for.
const FEW: usize = 8;

fn is_field(level: &Level<'_>) -> bool {
    level.kind == LevelKind::Field
}
