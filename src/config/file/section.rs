//! A section of the configuration, whose values have the shapes that their keys declare. The
//! section's reader checks what they mean.

use std::time::Duration;

use crate::{
    config::{
        declaration::shape::Declared,
        mistake::{Report, below},
    },
    domain::{NamedScopes, Scope, ScopeGroups},
    telemetry::SamplingRatio,
};

/// The keys of one section that are set, each with a value of its declared shape. A value that
/// could not be read was reported as a mistake: its key counts as set, and has no value.
#[derive(Debug)]
pub(in crate::config) struct Section {
    path: String,
    is_written: bool,
    members: Vec<(&'static str, Option<Node>)>,
}

/// A value of a declared shape.
#[derive(Debug)]
pub(in crate::config) enum Node {
    Flag(bool),
    Ratio(SamplingRatio),
    Number(usize),
    Duration(Duration),
    Text(String),
    List(Vec<String>),
    Scopes(ScopeGroups),
    Names(NamedScopes),
    Hierarchy(Vec<(Scope, Vec<Scope>)>),
    Section(Section),
    Entries(Vec<Section>),
}

impl Section {
    pub(in crate::config) fn new(path: &str, is_written: bool) -> Self {
        Self {
            path: path.to_owned(),
            is_written,
            members: Vec::new(),
        }
    }

    pub(in crate::config) fn insert(&mut self, name: &'static str, node: Option<Node>) {
        self.members.push((name, node));
    }

    /// The path of the section.
    pub(in crate::config) fn path(&self) -> &str {
        &self.path
    }

    /// The path of one of its keys.
    pub(in crate::config) fn at(&self, key: &dyn Declared) -> String {
        below(&self.path, key.name())
    }

    /// Returns true if the section is in the file or the environment.
    pub(in crate::config) const fn is_written(&self) -> bool {
        self.is_written
    }

    /// Returns true if the key is set, whether or not its value could be read.
    pub(in crate::config) fn has(&self, key: &dyn Declared) -> bool {
        let is_absent = |node: &Option<Node>| matches!(node, Some(Node::Section(section)) if !section.is_written);
        self.members
            .iter()
            .any(|(member, node)| *member == key.name() && !is_absent(node))
    }

    /// The node of a key, if it is set and could be read.
    pub(in crate::config) fn node(&self, key: &dyn Declared) -> Option<&Node> {
        let (_, node) = self
            .members
            .iter()
            .find(|(member, _)| *member == key.name())?;
        node.as_ref()
    }

    /// Reports a required key that is missing.
    pub(in crate::config) fn require(
        &self,
        key: &dyn Declared,
        expected: &str,
        report: &mut Report,
    ) {
        if !self.has(key) {
            report.missing(&self.at(key), expected);
        }
    }
}

/// A section that is not in the file.
pub(in crate::config) static NO_SECTION: Section = Section {
    path: String::new(),
    is_written: false,
    members: Vec::new(),
};
