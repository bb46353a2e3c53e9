//! Globs: how a name with a wildcard in the configuration matches the name in a request.

use wildmatch::{WildMatch, WildMatchPattern};

/// A name with a wildcard.
#[derive(Clone, Debug)]
pub(super) struct Glob(Pattern);

#[derive(Clone, Debug)]
enum Pattern {
    Name(WildMatch),
    /// The single-character wildcard is a NUL, which no URI contains: it is switched off.
    Uri(WildMatchPattern<'*', '\0'>),
    Prefix(String),
}

impl Glob {
    /// A glob of tools or prompts: `*` stands for any characters or none, `?` for exactly one. `None` if the name has
    /// neither.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        name.contains(['*', '?'])
            .then(|| Self(Pattern::Name(WildMatch::new(name))))
    }

    /// A glob of URIs: `*` stands for any characters or none. `?` stands for itself, because it begins the query of a
    /// URI.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        uri.contains('*')
            .then(|| Self(Pattern::Uri(WildMatchPattern::new(uri))))
    }

    /// A prefix that ends in `*`.
    pub(super) fn of_prefix(name: &str) -> Option<Self> {
        name.strip_suffix('*')
            .map(|prefix| Self(Pattern::Prefix(prefix.to_owned())))
    }

    /// Whether the glob matches the whole of `name`, byte for byte.
    pub(super) fn matches(&self, name: &str) -> bool {
        match &self.0 {
            Pattern::Name(glob) => glob.matches(name),
            Pattern::Uri(glob) => glob.matches(name),
            Pattern::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }
}

/// The text before the first wildcard, and the text after the last.
pub(super) fn literal_ends<'n>(pattern: &'n str, wildcards: &[char]) -> (&'n str, &'n str) {
    let prefix = pattern
        .find(wildcards)
        .and_then(|first| pattern.get(..first));
    let suffix = pattern
        .rfind(wildcards)
        .and_then(|last| pattern.get(last + 1..));
    (prefix.unwrap_or_default(), suffix.unwrap_or_default())
}
