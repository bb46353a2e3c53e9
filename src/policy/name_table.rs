//! Names and globs with the scopes that they require. All entries that match a name apply together.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{
    glob::{Glob, literal_ends},
    glob_index::GlobIndex,
    hierarchy::Hierarchy,
    requirement::Requirement,
};
use crate::domain::NamedScopes;

/// The requirements of all entries that match one name.
pub(super) type Matches<'t> = SmallVec<[&'t Requirement; 4]>;

/// A table of names: exact names by hash, patterns in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct NameTable {
    exact: HashMap<String, Requirement, ahash::RandomState>,
    patterns: Vec<(Glob, Requirement)>,
    index: GlobIndex,
    names: Vec<String>,
}

impl NameTable {
    /// A table of globs: `*` stands for any characters or none, `?` for exactly one.
    #[must_use]
    pub(super) fn of_globs(entries: &NamedScopes, hierarchy: &Hierarchy) -> Self {
        Self::compile(entries, hierarchy, |name| {
            Glob::of_name(name).map(|glob| (glob, literal_ends(name, &['*', '?'])))
        })
    }

    /// A table of URIs and globs: `*` stands for any characters or none. `?` stands for itself, because it begins
    /// the query of a URI.
    #[must_use]
    pub(super) fn of_uris(entries: &NamedScopes, hierarchy: &Hierarchy) -> Self {
        Self::compile(entries, hierarchy, |uri| {
            Glob::of_uri(uri).map(|glob| (glob, literal_ends(uri, &['*'])))
        })
    }

    /// A table of names and of prefixes that end in `*`.
    #[must_use]
    pub(super) fn of_prefixes(entries: &NamedScopes, hierarchy: &Hierarchy) -> Self {
        Self::compile(entries, hierarchy, |name| {
            Glob::of_prefix(name).map(|glob| (glob, literal_ends(name, &['*'])))
        })
    }

    fn compile(
        entries: &NamedScopes,
        hierarchy: &Hierarchy,
        pattern: impl for<'n> Fn(&'n str) -> Option<(Glob, (&'n str, &'n str))>,
    ) -> Self {
        let mut table = Self::default();
        for (name, groups) in entries {
            let requirement = Requirement::compile(groups, hierarchy);
            table.names.push(name.clone());
            // A pattern also matches its own text: `file:///a?b` matches `file:///a?b`.
            match pattern(name) {
                Some((pattern, (prefix, suffix))) => {
                    table.index.add(table.patterns.len(), prefix, suffix);
                    table.patterns.push((pattern, requirement));
                }
                None => drop(table.exact.insert(name.clone(), requirement)),
            }
        }
        table
    }

    /// The requirements of every entry that matches `name`; empty if none does.
    #[must_use]
    pub(super) fn matches(&self, name: &str) -> Matches<'_> {
        let candidates = self
            .index
            .candidates(name)
            .into_iter()
            .filter_map(|number| self.patterns.get(number));
        let patterns = candidates.filter(|(pattern, _)| pattern.matches(name));
        self.exact
            .get(name)
            .into_iter()
            .chain(patterns.map(|(_, requirement)| requirement))
            .collect()
    }

    /// The entries as configured, each with its own requirement.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Requirement)> {
        let mut patterns = self.patterns.iter();
        self.names.iter().filter_map(move |name| {
            let requirement = self
                .exact
                .get(name)
                .or_else(|| patterns.next().map(|(_, requirement)| requirement))?;
            Some((name.as_str(), requirement))
        })
    }

    /// Whether the table has no entry.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Scope;

    fn table(entries: &[(&str, &str)]) -> NameTable {
        let entries = entries
            .iter()
            .map(|(name, scope)| ((*name).to_owned(), vec![vec![Scope::parse(scope).unwrap()]]))
            .collect();
        NameTable::of_globs(&entries, &Hierarchy::default())
    }

    fn matched(table: &NameTable, name: &str) -> Vec<String> {
        table
            .matches(name)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn exact_names_and_globs_apply_together() {
        let table = table(&[
            ("admin-*", "admin"),
            ("admin-reset", "reset"),
            ("*-reset", "any"),
        ]);
        assert_eq!(matched(&table, "admin-reset"), ["reset", "admin", "any"]);
        assert_eq!(matched(&table, "admin-x"), ["admin"]);
        assert!(matched(&table, "Admin-x").is_empty());
    }

    proptest! {
        #[test]
        fn the_index_leaves_out_only_patterns_that_cannot_match(
            entries in prop::collection::vec("[abé*?]{1,4}", 1..12),
            names in prop::collection::vec("[abé]{0,6}", 1..20),
        ) {
            let scope = |index: usize| vec![vec![Scope::parse(&format!("s{index}")).unwrap()]];
            let entries: NamedScopes =
                entries.into_iter().enumerate().map(|(index, name)| (name, scope(index))).collect();
            let hierarchy = Hierarchy::default();
            for table in [
                NameTable::of_globs(&entries, &hierarchy),
                NameTable::of_uris(&entries, &hierarchy),
                NameTable::of_prefixes(&entries, &hierarchy),
            ] {
                for name in &names {
                    let all = table.patterns.iter().filter(|(pattern, _)| pattern.matches(name));
                    let all = table.exact.get(name).into_iter().chain(all.map(|(_, requirement)| requirement));
                    prop_assert_eq!(table.matches(name).to_vec(), all.collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn in_a_uri_the_question_mark_stands_for_itself() {
        let entries = ["https://h/p?q=1", "https://h/s?*"]
            .map(|uri| (uri.to_owned(), Vec::new()))
            .to_vec();
        let table = NameTable::of_uris(&entries, &Hierarchy::default());
        let matches = |uri: &str| table.matches(uri).len();
        assert_eq!(
            [
                matches("https://h/p?q=1"),
                matches("https://h/s?"),
                matches("https://h/s?x")
            ],
            [1, 1, 1]
        );
        assert_eq!(
            [
                matches("https://h/pXq=1"),
                matches("https://h/sX"),
                matches("https://h/s")
            ],
            [0, 0, 0]
        );
    }

    #[test]
    fn a_star_matches_slashes_line_breaks_and_the_empty_text() {
        let table = table(&[("file:///*", "files")]);
        for uri in ["file:///", "file:///a/b", "file:///a\nb", "file:///é"] {
            assert_eq!(matched(&table, uri), ["files"], "{uri:?}");
        }
        assert!(matched(&table, "file://").is_empty());
    }
}
