//! Which alternative of each level a challenge names: those that leave the fewest scopes missing together, the
//! first on a tie.

use std::collections::HashMap;

use ahash::RandomState;
use smallvec::SmallVec;

use super::requirement::{RequiredScope, Requirement};
use crate::domain::{Scope, ScopeSet};

/// The best alternative of each requirement, in their order. Exact while there are no more than `max_groups`
/// combinations; beyond that each requirement takes what adds least to the ones before it.
pub(super) fn select<'r>(
    requirements: &[&'r Requirement],
    granted: &ScopeSet,
    max_groups: usize,
) -> Vec<&'r [RequiredScope]> {
    let search = Search::new(requirements, granted);
    let chosen = if search.count() <= max_groups { search.best() } else { search.nearest() };
    let groups =
        requirements.iter().zip(&chosen).filter_map(|(requirement, index)| requirement.groups().get(*index));
    groups.map(Vec::as_slice).collect()
}

/// Scopes, as numbers.
type Numbers = SmallVec<[usize; 4]>;

/// The missing scopes of each alternative, as numbers.
struct Search {
    missing: Vec<Vec<Numbers>>,
    scopes: usize,
}

impl Search {
    fn new(requirements: &[&Requirement], granted: &ScopeSet) -> Self {
        let scopes = requirements.iter().map(|requirement| requirement.scopes().count()).sum();
        let mut numbers: HashMap<&Scope, usize, _> =
            HashMap::with_capacity_and_hasher(scopes, RandomState::new());
        let mut missing = Vec::with_capacity(requirements.len());
        for requirement in requirements {
            let groups = requirement.groups().iter().map(|group| {
                let lacking = group.iter().filter(|required| !required.is_met_by(granted));
                let number = lacking.map(|required| {
                    let next = numbers.len();
                    *numbers.entry(required.scope()).or_insert(next)
                });
                number.collect()
            });
            missing.push(groups.collect());
        }
        Self { missing, scopes: numbers.len() }
    }

    /// How many combinations there are.
    fn count(&self) -> usize {
        self.missing.iter().map(|groups| groups.len().max(1)).fold(1, usize::saturating_mul)
    }

    /// The first of the best combinations. A branch that is no better than the best so far is left.
    fn best(&self) -> Vec<usize> {
        let mut taken = Taken::new(self.scopes);
        let mut chosen = vec![0; self.missing.len()];
        let mut open = Vec::new();
        // What has no alternative is taken first: it costs the same in every combination.
        for (index, groups) in self.missing.iter().enumerate() {
            match groups.as_slice() {
                [] => {}
                [group] => drop(taken.take(group)),
                _ => open.push((index, groups.as_slice())),
            }
        }
        let mut best = None;
        descend(&open, &mut taken, &mut chosen, &mut best);
        best.map_or(chosen, |(_, best)| best)
    }

    /// A good combination in one pass.
    fn nearest(&self) -> Vec<usize> {
        let mut taken = Taken::new(self.scopes);
        let alone = self.missing.iter().filter(|groups| groups.len() == 1).flatten();
        alone.for_each(|group| drop(taken.take(group)));
        let choose = |groups: &Vec<Numbers>| {
            let costs = groups.iter().enumerate().map(|(index, group)| (taken.cost(group), index, group));
            let Some((_, index, group)) = costs.min_by_key(|(cost, index, _)| (*cost, *index)) else {
                return 0;
            };
            drop(taken.take(group));
            index
        };
        self.missing.iter().map(choose).collect()
    }
}

/// The missing scopes of the alternatives that are chosen so far.
struct Taken {
    is_taken: Vec<bool>,
    count: usize,
}

impl Taken {
    fn new(scopes: usize) -> Self {
        Self { is_taken: vec![false; scopes], count: 0 }
    }

    fn cost(&self, group: &[usize]) -> usize {
        group.iter().filter(|scope| self.is_taken.get(**scope) == Some(&false)).count()
    }

    /// Takes what is not taken yet, and tells what that was.
    fn take(&mut self, group: &[usize]) -> Vec<usize> {
        let mut added = Vec::new();
        for scope in group {
            if let Some(is_taken) = self.is_taken.get_mut(*scope).filter(|is_taken| !**is_taken) {
                *is_taken = true;
                added.push(*scope);
            }
        }
        self.count += added.len();
        added
    }

    fn give_back(&mut self, added: Vec<usize>) {
        self.count -= added.len();
        for scope in added {
            if let Some(is_taken) = self.is_taken.get_mut(scope) {
                *is_taken = false;
            }
        }
    }
}

/// Tries the alternatives of the first open level with all of the others. Never more levels than the logarithm
/// of the bound on combinations.
fn descend(
    open: &[(usize, &[Numbers])],
    taken: &mut Taken,
    chosen: &mut [usize],
    best: &mut Option<(usize, Vec<usize>)>,
) {
    if best.as_ref().is_some_and(|(count, _)| *count <= taken.count) {
        return;
    }
    let Some(((level, groups), others)) = open.split_first() else {
        *best = Some((taken.count, chosen.to_vec()));
        return;
    };
    for (index, group) in groups.iter().enumerate() {
        if let Some(choice) = chosen.get_mut(*level) {
            *choice = index;
        }
        let added = taken.take(group);
        descend(others, taken, chosen, best);
        taken.give_back(added);
    }
}
