//! A section of the configuration whose values have the right shape. What they mean is for its reader to check.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    mistake::{Report, below, shown},
    units::written_duration,
};
use crate::{
    domain::{NamedScopes, Scope, ScopeGroups},
    telemetry::SamplingRatio,
};

/// The keys of one section that are written, each with a value of its shape. A value that could not be read is
/// a mistake that was reported already: it counts as written, and has no value.
#[derive(Debug, Default)]
pub(super) struct Section {
    path: String,
    is_written: bool,
    members: Vec<(&'static str, Option<Node>)>,
}

/// A value of a known shape.
#[derive(Debug)]
pub(super) enum Node {
    Flag(bool),
    SamplingRatio(SamplingRatio),
    Number(u64),
    Duration(Duration),
    Text(String),
    Texts(Vec<String>),
    Scopes(ScopeGroups),
    Named(NamedScopes),
    Implies(Vec<(Scope, Vec<Scope>)>),
    Section(Section),
    Entries(Vec<Section>),
}

impl Section {
    pub(super) fn new(path: &str, is_written: bool) -> Self {
        Self { path: path.to_owned(), is_written, members: Vec::new() }
    }

    pub(super) fn insert(&mut self, name: &'static str, node: Option<Node>) {
        self.members.push((name, node));
    }

    /// Where the section is.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a key of the section.
    pub(super) fn at(&self, name: &str) -> String {
        below(&self.path, name)
    }

    /// Whether the section itself stands in the file or the environment.
    pub(super) const fn is_written(&self) -> bool {
        self.is_written
    }

    /// Whether the key is written, with a readable value or not.
    pub(super) fn has(&self, name: &str) -> bool {
        let is_absent =
            |node: &Option<Node>| matches!(node, Some(Node::Section(section)) if !section.is_written);
        self.members.iter().any(|(member, node)| *member == name && !is_absent(node))
    }

    fn node(&self, name: &str) -> Option<&Node> {
        self.members.iter().find(|(member, _)| *member == name).and_then(|(_, node)| node.as_ref())
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        if let Some(Node::Flag(flag)) = self.node(name) { Some(*flag) } else { None }
    }

    pub(super) fn share(&self, name: &str) -> Option<SamplingRatio> {
        if let Some(Node::SamplingRatio(share)) = self.node(name) { Some(*share) } else { None }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Node::Text(text)) = self.node(name) { Some(text) } else { None }
    }

    pub(super) fn texts(&self, name: &str) -> Option<&[String]> {
        if let Some(Node::Texts(texts)) = self.node(name) { Some(texts) } else { None }
    }

    pub(super) fn scopes(&self, name: &str) -> ScopeGroups {
        if let Some(Node::Scopes(groups)) = self.node(name) { groups.clone() } else { Vec::new() }
    }

    pub(super) fn named(&self, name: &str) -> NamedScopes {
        if let Some(Node::Named(named)) = self.node(name) { named.clone() } else { Vec::new() }
    }

    pub(super) fn implies(&self, name: &str) -> Vec<(Scope, Vec<Scope>)> {
        if let Some(Node::Implies(implies)) = self.node(name) { implies.clone() } else { Vec::new() }
    }

    /// The section under a key; an empty one where there is none.
    pub(super) fn section(&self, name: &str) -> &Self {
        if let Some(Node::Section(section)) = self.node(name) { section } else { &NO_SECTION }
    }

    pub(super) fn entries(&self, name: &str) -> &[Self] {
        if let Some(Node::Entries(entries)) = self.node(name) { entries } else { &[] }
    }

    /// A number within its bounds.
    pub(super) fn number(
        &self,
        name: &str,
        default: usize,
        bounds: RangeInclusive<usize>,
        report: &mut Report,
    ) -> usize {
        let Some(Node::Number(number)) = self.node(name) else { return default };
        let within = usize::try_from(*number).ok().filter(|number| bounds.contains(number));
        within.unwrap_or_else(|| {
            let expected = format!("a number from {} to {}", bounds.start(), bounds.end());
            report.mistake(&self.at(name), format!("`{number}`"), expected);
            default
        })
    }

    /// A duration within its bounds.
    pub(super) fn duration(
        &self,
        name: &str,
        default: Duration,
        bounds: RangeInclusive<Duration>,
        report: &mut Report,
    ) -> Duration {
        let Some(Node::Duration(duration)) = self.node(name) else { return default };
        if bounds.contains(duration) {
            return *duration;
        }
        let (least, most) = (written_duration(*bounds.start()), written_duration(*bounds.end()));
        let expected = format!("a duration from `{least}` to `{most}`");
        report.mistake(&self.at(name), format!("`{}`", written_duration(*duration)), expected);
        default
    }

    /// One of some words. The first is the default.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &str,
        default: T,
        choices: &[(&str, T)],
        report: &mut Report,
    ) -> T {
        let Some(text) = self.text(name) else { return default };
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        chosen.unwrap_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            report.mistake(&self.at(name), shown(text), words.join(" or "));
            default
        })
    }

    /// Reports a key that must be there and is not.
    pub(super) fn require(&self, name: &str, expected: &str, report: &mut Report) {
        if !self.has(name) {
            report.mistake(&self.at(name), "nothing", expected);
        }
    }
}

static NO_SECTION: Section = Section { path: String::new(), is_written: false, members: Vec::new() };
