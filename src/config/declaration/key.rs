//! One key of the configuration, declared once: its name, kind, default, range and documentation.
//! The reader, the environment's names, the reference and the JSON Schema are derived from it.

use crate::config::{
    declaration::shape::{Declared, Shape},
    file::section::{Node, Section},
};

/// A key whose value is of kind `K`. A reader asks a section for the constant, so that a mistyped
/// name does not compile.
pub(in crate::config) struct Key<K> {
    name: &'static str,
    /// The kind of the value, with its range and default.
    pub(in crate::config) kind: K,
    doc: &'static str,
    default_in_words: Option<&'static str>,
    variable: Option<&'static str>,
}

impl<K> Key<K> {
    /// A key with its documentation, in Markdown.
    pub(in crate::config) const fn new(name: &'static str, kind: K, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            doc,
            default_in_words: None,
            variable: None,
        }
    }

    /// Describes a default that depends on another setting, for the documentation.
    pub(in crate::config) const fn defaults_to(mut self, words: &'static str) -> Self {
        self.default_in_words = Some(words);
        self
    }

    /// Adds a second, shorter name in the environment. Only for keys of `server` or `mcp`, not for
    /// keys of `resources`.
    pub(in crate::config) const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }
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

/// The type, the shape and the default of a key's value.
pub(in crate::config) trait Kind: Sync + 'static {
    /// The type that a reader gets.
    type Value<'a>;

    /// The shape that the value must have in the file.
    fn shape(&self) -> Shape;

    /// Converts a node of that shape to the value.
    fn read<'a>(&self, node: &'a Node) -> Option<Self::Value<'a>>;

    /// The default, written as in the file.
    fn default(&self) -> Option<String> {
        None
    }
}

/// A kind with a default: a reader gets a value even if the key is not set.
pub(in crate::config) trait Preset: Kind {
    /// The default.
    fn preset<'a>(&self) -> Self::Value<'a>;
}

impl Section {
    /// Returns the value of a key, if it is set.
    pub(in crate::config) fn find<K: Kind>(&self, key: &Key<K>) -> Option<K::Value<'_>> {
        key.kind.read(self.node(key)?)
    }

    /// Returns the value of a key, or its default.
    pub(in crate::config) fn get<K: Preset>(&self, key: &Key<K>) -> K::Value<'_> {
        self.find(key).unwrap_or_else(|| key.kind.preset())
    }
}
