//! One key of the configuration, declared once: its name, what its value is, its default, its range and its
//! documentation. The reader, the environment's names, the reference and the JSON Schema all go by it.

use std::{ops::RangeInclusive, time::Duration};

use super::kind::Kind;

/// A key whose value is of kind `K`. A reader asks a section for it, so that a mistyped name does not compile.
pub(super) struct Key<K> {
    name: &'static str,
    /// What the value is.
    pub(super) kind: K,
    doc: &'static str,
    default_in_words: Option<&'static str>,
    variable: Option<&'static str>,
}

impl<K> Key<K> {
    /// A key with its documentation, in Markdown.
    pub(super) const fn new(name: &'static str, kind: K, doc: &'static str) -> Self {
        Self { name, kind, doc, default_in_words: None, variable: None }
    }

    /// The default, where it depends on something else.
    pub(super) const fn defaults_to(mut self, words: &'static str) -> Self {
        self.default_in_words = Some(words);
        self
    }

    /// A second, shorter name in the environment: for the key of `server`, or of `mcp` and not of `resources`.
    pub(super) const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }
}

/// A key without the type of its value, for what treats all keys alike.
pub(super) trait Declared: Sync {
    /// As it is written.
    fn name(&self) -> &'static str;
    /// What stands under it.
    fn shape(&self) -> Shape;
    /// The documentation, in Markdown.
    fn doc(&self) -> &'static str;
    /// The default as it would be written, if there is one that depends on nothing.
    fn default(&self) -> Option<String>;
    /// The default in words, where it depends on something else.
    fn default_in_words(&self) -> Option<&'static str>;
    /// A second, shorter name in the environment.
    fn short_variable(&self) -> Option<&'static str>;
}

impl<K: Kind> Declared for Key<K> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn shape(&self) -> Shape {
        self.kind.shape()
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn default(&self) -> Option<String> {
        self.kind.default()
    }

    fn default_in_words(&self) -> Option<&'static str> {
        self.default_in_words
    }

    fn short_variable(&self) -> Option<&'static str> {
        self.variable
    }
}

/// What a value looks like.
pub(super) enum Shape {
    /// `true` or `false`.
    Flag,
    /// `true`, `false`, or a number from 0 to 1.
    Ratio,
    /// A whole number.
    Number(RangeInclusive<usize>),
    /// Bytes: a number, or a text such as `512 KiB`.
    Size(RangeInclusive<usize>),
    /// A text such as `30s`.
    Duration(RangeInclusive<Duration>),
    /// One of some words.
    Choice(Vec<&'static str>),
    /// Any text.
    Text(Form),
    /// A text that is never shown.
    Secret,
    /// A list of texts; of these words only, if there are any.
    List(&'static [&'static str]),
    /// A scope list.
    Scopes,
    /// Names with a scope list each.
    Names,
    /// Scopes with a list of scopes each.
    Hierarchy,
    /// Further keys.
    Section(Keys),
    /// A list of sections.
    Entries(Keys),
}

impl Shape {
    /// The keys of a section, or of each entry of a list of sections.
    pub(super) const fn keys(&self) -> Option<Keys> {
        match self {
            Self::Section(keys) | Self::Entries(keys) => Some(*keys),
            Self::Flag
            | Self::Ratio
            | Self::Number(_)
            | Self::Size(_)
            | Self::Duration(_)
            | Self::Choice(_)
            | Self::Text(_)
            | Self::Secret
            | Self::List(_)
            | Self::Scopes
            | Self::Names
            | Self::Hierarchy => None,
        }
    }
}

/// What a text holds. Only documentation goes by it; the readers check texts by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Anything.
    Any,
    /// An http(s) URL.
    Url,
    /// A file, a folder, or the path of a URL.
    Path,
    /// `host:port`.
    HostPort,
}

/// The keys of a section, in parts so that sections can share some.
pub(super) type Keys = &'static [Part];

/// Some keys that stand together.
pub(super) type Part = &'static [&'static dyn Declared];

/// The keys of a section, one by one.
pub(super) fn each(keys: Keys) -> impl Iterator<Item = &'static dyn Declared> {
    keys.iter().copied().flatten().copied()
}

/// The key of that name.
pub(super) fn find(keys: Keys, name: &str) -> Option<&'static dyn Declared> {
    each(keys).find(|key| key.name() == name)
}
