//! What a token lacks, and which of the alternatives a challenge names.

use std::{collections::HashSet, iter};

use ahash::RandomState;
use smallvec::SmallVec;

use super::{
    ChallengeScopes,
    group_choice::select,
    level::{Level, LevelKind},
    requirement::{RequiredScope, Requirement},
};
use crate::domain::ScopeSet;

/// The scopes that a 403 names, and which of them are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingScopes {
    /// The chosen group, whole, in the order of the levels.
    pub needed: ScopeSet,
    /// The scopes of the group that the token does not have, nor a broader one.
    pub missing: ScopeSet,
    /// What asked for the first level that failed.
    pub first_failed: LevelKind,
}

impl MissingScopes {
    /// What `granted` lacks for all `levels`; `None` when it suffices. Of several alternatives the one with
    /// the fewest missing scopes is named, the first on a tie, as long as there are no more than `max_groups`;
    /// beyond that a good one.
    #[must_use]
    pub fn find(
        levels: &[Level<'_>],
        granted: &ScopeSet,
        names: ChallengeScopes,
        max_groups: usize,
    ) -> Option<Self> {
        let failed = levels.iter().position(|level| !level.requirement.is_met_by(granted))?;
        let first_failed = levels.get(failed)?;
        let mut best = Best::new();
        let mut weigh = |wanted: &dyn Fn(&Level<'_>) -> bool| {
            best_of(levels.iter().filter(|level| wanted(level)), granted, max_groups, &mut best);
        };
        match (names, first_failed.kind) {
            // The fields' alternatives are weighed among themselves: the other levels come before them.
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
            needed: best.iter().map(|required| required.scope().clone()).collect(),
            missing: lacking.map(|required| required.scope().clone()).collect(),
            first_failed: first_failed.kind,
        })
    }
}

/// Adds the scopes of the best alternatives of some levels. A requirement that stands twice counts once.
fn best_of<'l, 'r: 'l>(
    levels: impl Iterator<Item = &'l Level<'r>> + Clone,
    granted: &ScopeSet,
    max_groups: usize,
    best: &mut Best<'r>,
) {
    let requirements = levels.map(|level| level.requirement);
    // Mostly there are few with one alternative each: nothing to weigh, and repetitions cost nothing.
    let is_few = requirements.clone().nth(FEW).is_none();
    if is_few && requirements.clone().all(|requirement| requirement.groups().len() <= 1) {
        best.extend(requirements.flat_map(Requirement::groups).flatten());
        return;
    }
    let mut seen = HashSet::with_hasher(RandomState::new());
    let distinct: Vec<_> = requirements
        .filter(|requirement| !requirement.is_nothing() && seen.insert(std::ptr::from_ref(*requirement)))
        .collect();
    best.extend(select(&distinct, granted, max_groups).into_iter().flatten());
}

/// The scopes of chosen alternatives, each as often as it was named.
type Best<'r> = SmallVec<[&'r RequiredScope; 8]>;

/// So many levels are not looked through for repetitions.
const FEW: usize = 8;

fn is_field(level: &Level<'_>) -> bool {
    level.kind == LevelKind::Field
}
