//! Finds the patterns that may match a name by their literal prefix or suffix, so that only a few of ten thousand
//! globs are tried.

use std::collections::{BTreeSet, HashMap};

use smallvec::SmallVec;

/// Patterns by number, indexed by the text before their first wildcard, or if that is empty by the text after their
/// last.
#[derive(Clone, Debug, Default)]
pub(super) struct GlobIndex {
    prefixes: AffixMap,
    suffixes: AffixMap,
    /// Patterns that begin and end with a wildcard.
    others: Vec<usize>,
}

impl GlobIndex {
    /// Adds a pattern that matches only names with this prefix and this suffix.
    pub(super) fn add(&mut self, number: usize, prefix: &str, suffix: &str) {
        match (prefix, suffix) {
            ("", "") => self.others.push(number),
            ("", suffix) => self.suffixes.add(number, suffix),
            (prefix, _) => self.prefixes.add(number, prefix),
        }
    }

    /// The numbers of all patterns that may match, in order.
    pub(super) fn candidates(&self, name: &str) -> SmallVec<[usize; 8]> {
        let prefixes = self
            .prefixes
            .lengths
            .iter()
            .filter_map(|length| name.get(..*length));
        let suffixes = self
            .suffixes
            .lengths
            .iter()
            .filter_map(|length| name.get(name.len().checked_sub(*length)?..));
        let found = prefixes.filter_map(|text| self.prefixes.patterns.get(text));
        let found = found.chain(suffixes.filter_map(|text| self.suffixes.patterns.get(text)));
        let mut numbers: SmallVec<_> = found.flatten().chain(&self.others).copied().collect();
        numbers.sort_unstable();
        numbers
    }
}

#[derive(Clone, Debug, Default)]
struct AffixMap {
    patterns: HashMap<String, Vec<usize>, ahash::RandomState>,
    lengths: BTreeSet<usize>,
}

impl AffixMap {
    fn add(&mut self, number: usize, text: &str) {
        self.patterns
            .entry(text.to_owned())
            .or_default()
            .push(number);
        self.lengths.insert(text.len());
    }
}
