//! The shape of a key's value, and a key without its type, for code that handles every kind of key.

use std::{ops::RangeInclusive, time::Duration};

/// A key without the type of its value, for code that handles every kind of key.
pub(in crate::config) trait Declared: Sync {
    /// The name of the key in the file.
    fn name(&self) -> &'static str;
    /// The shape of the value.
    fn shape(&self) -> Shape;
    /// The documentation, in Markdown.
    fn doc(&self) -> &'static str;
    /// The default, written as in the file. `None` without a default, or if it depends on another
    /// setting.
    fn default(&self) -> Option<String>;
    /// A description of a default that depends on another setting.
    fn default_in_words(&self) -> Option<&'static str>;
    /// A second, shorter name in the environment.
    fn short_variable(&self) -> Option<&'static str>;
}

/// The shape of a value.
pub(in crate::config) enum Shape {
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
    /// A list of texts. If words are given, the list may hold only these.
    List(&'static [&'static str]),
    /// A scope list.
    Scopes,
    /// A table of names, each with a scope list.
    Names,
    /// A table of scopes, each with a list of scopes.
    Hierarchy,
    /// Further keys.
    Section(Keys),
    /// A list of sections.
    Entries(Keys),
}

impl Shape {
    /// The keys of a section, or of each entry of a list of sections.
    pub(in crate::config) const fn keys(&self) -> Option<Keys> {
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

/// The content of a text. Only the documentation uses it; the readers check texts themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Form {
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
pub(in crate::config) type Keys = &'static [Part];

/// Some keys that stand together.
pub(in crate::config) type Part = &'static [&'static dyn Declared];

/// The keys of a section, one by one.
pub(in crate::config) fn each(keys: Keys) -> impl Iterator<Item = &'static dyn Declared> {
    keys.iter().copied().flatten().copied()
}

/// The key of that name.
pub(in crate::config) fn find(keys: Keys, name: &str) -> Option<&'static dyn Declared> {
    each(keys).find(|key| key.name() == name)
}
