//! What a token lacks, and which of the alternatives a challenge names.

use std::collections::HashSet;

use ahash::RandomState;

use super::{
    ChallengeScopes,
    level::{Level, LevelKind},
    requirement::RequiredScope,
    selection::select,
};
use crate::domain::ScopeSet;

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
        let best: Vec<&RequiredScope> = match (names, first_failed.kind) {
            (ChallengeScopes::Operation, _) => {
                // The fields' alternatives are weighed among themselves: the other levels come before them.
                let (fields, others): (Vec<_>, Vec<_>) = levels.iter().partition(|level| is_field(level));
                let others = best_of(&others, granted, max_groups);
                others.into_iter().chain(best_of(&fields, granted, max_groups)).collect()
            }
            (ChallengeScopes::Level, LevelKind::Field) => {
                let fields: Vec<_> = levels.iter().filter(|level| is_field(level)).collect();
                best_of(&fields, granted, max_groups)
            }
            (
                ChallengeScopes::Level,
                LevelKind::Initialize | LevelKind::Method | LevelKind::Tool | LevelKind::Named,
            ) => best_of(&[first_failed], granted, max_groups),
        };
        let lacking = best.iter().filter(|required| !required.is_met_by(granted));
        Some(Self {
            needed: best.iter().map(|required| required.scope().clone()).collect(),
            missing: lacking.map(|required| required.scope().clone()).collect(),
            first_failed: first_failed.kind,
        })
    }
}

/// The scopes of the best alternatives of some levels. A requirement that stands twice counts once.
fn best_of<'r>(levels: &[&Level<'r>], granted: &ScopeSet, max_groups: usize) -> Vec<&'r RequiredScope> {
    let mut seen = HashSet::with_capacity_and_hasher(levels.len(), RandomState::new());
    let distinct: Vec<_> = levels
        .iter()
        .map(|level| level.requirement)
        .filter(|requirement| !requirement.is_nothing() && seen.insert(std::ptr::from_ref(*requirement)))
        .collect();
    select(&distinct, granted, max_groups).into_iter().flatten().collect()
}

fn is_field(level: &Level<'_>) -> bool {
    level.kind == LevelKind::Field
}
