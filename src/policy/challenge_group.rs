//! Chooses which alternative of each level a challenge names: the combination with the fewest missing scopes, the
//! first on a tie.

use std::{collections::HashMap, ops::Range};

use super::requirement::{RequiredScope, Requirement};
use crate::domain::{Scope, ScopeHashing, ScopeSet};

/// The best alternative of each requirement, in their order. The result is exact for up to `max_groups`
/// combinations. Beyond that, each requirement takes the alternative that adds the fewest scopes to those before
/// it.
pub(super) fn select<'r>(
    requirements: &[&'r Requirement],
    granted: &ScopeSet,
    max_groups: usize,
) -> Vec<&'r [RequiredScope]> {
    let search = Search::new(requirements, granted);
    let chosen = if search.count() <= max_groups {
        search.exact()
    } else {
        search.greedy()
    };
    let groups = requirements
        .iter()
        .zip(&chosen)
        .filter_map(|(requirement, index)| requirement.groups().get(*index));
    groups.map(Vec::as_slice).collect()
}

/// The missing scopes of each alternative, as numbers. Three flat lists keep the number of allocations constant,
/// however many fields there are.
struct Search {
    /// The range of each requirement's alternatives in `alternatives`.
    levels: Vec<Range<usize>>,
    /// The range of each alternative's missing scopes in `missing`.
    alternatives: Vec<Range<usize>>,
    missing: Vec<usize>,
    /// The number of distinct missing scopes.
    scopes: usize,
}

impl Search {
    fn new(requirements: &[&Requirement], granted: &ScopeSet) -> Self {
        let scopes = requirements
            .iter()
            .map(|requirement| requirement.scopes().count())
            .sum();
        let mut numbers: HashMap<&Scope, usize, ScopeHashing> =
            HashMap::with_capacity_and_hasher(scopes, ScopeHashing::default());
        let mut levels = Vec::with_capacity(requirements.len());
        let mut alternatives = Vec::with_capacity(scopes);
        let mut missing = Vec::with_capacity(scopes);
        for requirement in requirements {
            let first = alternatives.len();
            for group in requirement.groups() {
                let from = missing.len();
                let lacking = group.iter().filter(|required| !required.is_met_by(granted));
                missing.extend(lacking.map(|required| {
                    let next = numbers.len();
                    *numbers.entry(required.scope()).or_insert(next)
                }));
                alternatives.push(from..missing.len());
            }
            levels.push(first..alternatives.len());
        }
        Self {
            levels,
            alternatives,
            missing,
            scopes: numbers.len(),
        }
    }

    /// The missing scopes of each alternative of a requirement.
    fn groups(&self, level: &Range<usize>) -> impl ExactSizeIterator<Item = &[usize]> + Clone {
        let alternatives = self.alternatives.get(level.clone()).unwrap_or_default();
        alternatives
            .iter()
            .map(|group| self.missing.get(group.clone()).unwrap_or_default())
    }

    /// The number of combinations.
    fn count(&self) -> usize {
        self.levels
            .iter()
            .map(|level| level.len().max(1))
            .fold(1, usize::saturating_mul)
    }

    /// The first of the best combinations. It drops a branch that is no better than the best so far.
    fn exact(&self) -> Vec<usize> {
        let mut taken = self.take_forced();
        let mut chosen = vec![0; self.levels.len()];
        let open: Vec<_> = self
            .levels
            .iter()
            .enumerate()
            .filter(|(_, level)| level.len() > 1)
            .collect();
        let mut best = None;
        self.descend(&open, &mut taken, &mut chosen, &mut best);
        best.map_or(chosen, |(_, best)| best)
    }

    /// Tries each alternative of the first open level with all alternatives of the others. Each open level at least
    /// doubles the number of combinations, so the recursion is no deeper than the logarithm of their bound.
    fn descend(
        &self,
        open: &[(usize, &Range<usize>)],
        taken: &mut Taken,
        chosen: &mut [usize],
        best: &mut Option<(usize, Vec<usize>)>,
    ) {
        if best
            .as_ref()
            .is_some_and(|(count, _)| *count <= taken.len())
        {
            return;
        }
        let Some(((level, groups), others)) = open.split_first() else {
            *best = Some((taken.len(), chosen.to_vec()));
            return;
        };
        for (index, group) in self.groups(groups).enumerate() {
            if let Some(choice) = chosen.get_mut(*level) {
                *choice = index;
            }
            let before = taken.len();
            taken.take(group);
            self.descend(others, taken, chosen, best);
            taken.undo_to(before);
        }
    }

    /// A good combination, in one pass.
    fn greedy(&self) -> Vec<usize> {
        let mut taken = self.take_forced();
        let choose = |level: &Range<usize>| {
            let costs = self
                .groups(level)
                .enumerate()
                .map(|(index, group)| (taken.cost(group), index, group));
            let Some((_, index, group)) = costs.min_by_key(|(cost, index, _)| (*cost, *index))
            else {
                return 0;
            };
            taken.take(group);
            index
        };
        self.levels.iter().map(choose).collect()
    }

    /// Takes the scopes of levels with a single alternative, which every combination needs.
    fn take_forced(&self) -> Taken {
        let mut taken = Taken {
            is_taken: vec![false; self.scopes],
            order: Vec::with_capacity(self.scopes),
        };
        let forced = self.levels.iter().filter(|level| level.len() == 1);
        forced
            .flat_map(|level| self.groups(level))
            .for_each(|group| taken.take(group));
        taken
    }
}

/// The missing scopes of the alternatives that are chosen so far.
struct Taken {
    is_taken: Vec<bool>,
    /// The scopes in the order in which they were taken.
    order: Vec<usize>,
}

impl Taken {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn cost(&self, group: &[usize]) -> usize {
        group
            .iter()
            .filter(|scope| self.is_taken.get(**scope) == Some(&false))
            .count()
    }

    /// Takes the scopes that are not taken yet.
    fn take(&mut self, group: &[usize]) {
        for scope in group {
            if let Some(is_taken) = self.is_taken.get_mut(*scope).filter(|is_taken| !**is_taken) {
                *is_taken = true;
                self.order.push(*scope);
            }
        }
    }

    /// Gives back the scopes that were taken after the first `len`.
    fn undo_to(&mut self, len: usize) {
        for scope in self.order.drain(len.min(self.order.len())..) {
            if let Some(is_taken) = self.is_taken.get_mut(scope) {
                *is_taken = false;
            }
        }
    }
}
