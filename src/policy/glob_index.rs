//! Which patterns may match a name, by how they begin or end: of ten thousand globs only a few are tried.

use std::collections::{BTreeSet, HashMap};

use smallvec::SmallVec;

/// Patterns by number, found by the text before their first wildcard, or else after their last.
#[derive(Clone, Debug, Default)]
pub(super) struct GlobIndex {
    beginnings: Texts,
    endings: Texts,
    /// Those that neither begin nor end with a text.
    others: Vec<usize>,
}

impl GlobIndex {
    /// Adds a pattern that matches only what begins with `beginning` and ends with `ending`.
    pub(super) fn add(&mut self, number: usize, beginning: &str, ending: &str) {
        match (beginning, ending) {
            ("", "") => self.others.push(number),
            ("", ending) => self.endings.add(number, ending),
            (beginning, _) => self.beginnings.add(number, beginning),
        }
    }

    /// The numbers of all patterns that may match, in order.
    pub(super) fn candidates(&self, name: &str) -> SmallVec<[usize; 8]> {
        let beginnings = self.beginnings.lengths.iter().filter_map(|length| name.get(..*length));
        let endings =
            self.endings.lengths.iter().filter_map(|length| name.get(name.len().checked_sub(*length)?..));
        let found = beginnings.filter_map(|text| self.beginnings.patterns.get(text));
        let found = found.chain(endings.filter_map(|text| self.endings.patterns.get(text)));
        let mut numbers: SmallVec<_> = found.flatten().chain(&self.others).copied().collect();
        numbers.sort_unstable();
        numbers
    }
}

#[derive(Clone, Debug, Default)]
struct Texts {
    patterns: HashMap<String, Vec<usize>, ahash::RandomState>,
    lengths: BTreeSet<usize>,
}

impl Texts {
    fn add(&mut self, number: usize, text: &str) {
        self.patterns.entry(text.to_owned()).or_default().push(number);
        self.lengths.insert(text.len());
    }
}
