//! One key of the configuration, declared once: its name, what its value is, its default, its range and its
//! documentation. The reader, the environment's names, the reference and the JSON Schema all go by it.

use crate::config::{
    declaration::shape::{Declared, Shape},
    file::section::{Node, Section},
};

/// A key whose value is of kind `K`. A reader asks a section for it, so that a mistyped name does not compile.
pub(in crate::config) struct Key<K> {
    name: &'static str,
    /// What the value is.
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

    /// The default, where it depends on something else.
    pub(in crate::config) const fn defaults_to(mut self, words: &'static str) -> Self {
        self.default_in_words = Some(words);
        self
    }

    /// A second, shorter name in the environment: for the key of `server`, or of `mcp` and not of `resources`.
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

/// What a key's value is.
pub(in crate::config) trait Kind: Sync + 'static {
    /// What a reader gets.
    type Value<'a>;

    /// What the value looks like.
    fn shape(&self) -> Shape;

    /// The value of a node of that shape.
    fn read<'a>(&self, node: &'a Node) -> Option<Self::Value<'a>>;

    /// The default as it would be written.
    fn default(&self) -> Option<String> {
        None
    }
}

/// A kind that has a value where nothing is written.
pub(in crate::config) trait Preset: Kind {
    /// That value.
    fn preset<'a>(&self) -> Self::Value<'a>;
}

impl Section {
    /// The value of a key, if there is one.
    pub(in crate::config) fn find<K: Kind>(&self, key: &Key<K>) -> Option<K::Value<'_>> {
        key.kind.read(self.node(key)?)
    }

    /// The value of a key, or its default.
    pub(in crate::config) fn get<K: Preset>(&self, key: &Key<K>) -> K::Value<'_> {
        self.find(key).unwrap_or_else(|| key.kind.preset())
    }
}
