//! Turns the raw value tree into sections whose values have the shapes that their keys declare.
//! Reports unknown keys, wrong types, values out of range and references to unset variables, also
//! in resources that are disabled.

mod scalar;
mod text;

use std::fmt::Display;

use config::{Map, Value, ValueKind};

use crate::config::{
    declaration::{
        nearest_key,
        shape::{Declared, Keys, Shape, each, find},
    },
    environment::process::Environment,
    file::section::{Node, Section},
    mistake::{Report, below, shown},
    units::written_duration,
};

/// The context of reading: the known keys, the environment and the report.
pub(in crate::config) struct Reader<'a> {
    pub(in crate::config) root: Keys,
    pub(in crate::config) environment: &'a Environment,
    pub(in crate::config) report: &'a mut Report,
}

impl Reader<'_> {
    /// Reads a section; `None` and an empty value are an empty section.
    pub(in crate::config) fn section(
        &mut self,
        path: &str,
        keys: Keys,
        value: Option<&Value>,
    ) -> Section {
        let mut section = Section::new(path, value.is_some());
        let empty = Map::new();
        let table = match value.map(|value| &value.kind) {
            None | Some(ValueKind::Nil) => &empty,
            Some(ValueKind::Table(table)) => table,
            // A text in place of a section may be a secret that was written one level too high.
            Some(ValueKind::String(text)) => {
                let expected = match text.split_once(':').and_then(|(name, _)| find(keys, name)) {
                    Some(key) => {
                        format!("a section with keys: write a space after `{}:`", key.name())
                    }
                    None => "a section with keys".to_owned(),
                };
                self.report.misnamed(path, "a text", expected);
                return section;
            }
            Some(_) => {
                self.mistyped(path, value, "a section with keys");
                return section;
            }
        };
        self.refuse_unknown(path, keys, table);
        for key in each(keys) {
            self.member(&mut section, key, table.get(key.name()));
        }
        section
    }

    fn refuse_unknown(&mut self, path: &str, keys: Keys, table: &Map<String, Value>) {
        let written: Vec<&str> = table.keys().map(String::as_str).collect();
        for name in written.iter().filter(|name| find(keys, name).is_none()) {
            let expected = nearest_key::instead_of(name, path, keys, &written, self.root);
            self.report
                .misnamed(&below(path, name), "an unknown key", expected);
        }
    }

    fn member(&mut self, section: &mut Section, key: &dyn Declared, value: Option<&Value>) {
        let path = section.at(key);
        if let Shape::Section(keys) = key.shape() {
            section.insert(
                key.name(),
                Some(Node::Section(self.section(&path, keys, value))),
            );
        } else if let Some(value) = value {
            section.insert(key.name(), self.node(&path, &key.shape(), value));
        }
    }

    fn node(&mut self, path: &str, shape: &Shape, value: &Value) -> Option<Node> {
        match shape {
            Shape::Flag => self.flag(path, value).map(Node::Flag),
            Shape::Ratio => self.ratio(path, value).map(Node::Ratio),
            Shape::Number(range) => self.number(path, range, value).map(Node::Number),
            Shape::Size(range) => self.size(path, range, value).map(Node::Number),
            Shape::Duration(range) => {
                let duration = self.duration(path, value)?;
                self.within(path, duration, range, "a duration", written_duration)
                    .map(Node::Duration)
            }
            Shape::Choice(words) => self.choice(path, words, value).map(Node::Text),
            Shape::Text(_) => self
                .text(path, value, "a text")
                .map(|text| Node::Text(text.text)),
            Shape::Secret => self.secret(path, value).map(Node::Text),
            Shape::List(_) => self.list(path, value, "a list of texts").map(Node::List),
            Shape::Scopes => self.scopes(path, value).map(Node::Scopes),
            Shape::Names => self.names(path, value).map(Node::Names),
            Shape::Hierarchy => self.hierarchy(path, value).map(Node::Hierarchy),
            Shape::Section(keys) => Some(Node::Section(self.section(path, keys, Some(value)))),
            Shape::Entries(keys) => self.entries(path, keys, value),
        }
    }

    fn entries(&mut self, path: &str, keys: Keys, value: &Value) -> Option<Node> {
        let first = each(keys).next().map_or("key", |key| key.name());
        let expected = format!("a list, each entry of which begins with `- {first}:`");
        let items = self.items(path, value, &expected)?;
        let mut entries = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if matches!(item.kind, ValueKind::Nil) {
                self.report.empty(&path, "a section with keys");
            }
            entries.push(self.section(&path, keys, Some(item)));
        }
        Some(Node::Entries(entries))
    }

    pub(in crate::config) fn items<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        expected: &str,
    ) -> Option<&'v [Value]> {
        if let ValueKind::Array(items) = &value.kind {
            return Some(items);
        }
        self.mistyped(path, Some(value), expected);
        None
    }

    /// Reads the members of a table whose keys are names. An empty value is an empty table.
    pub(in crate::config) fn members<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        expected: &str,
    ) -> Option<Vec<(&'v String, &'v Value)>> {
        if let ValueKind::Table(table) = &value.kind {
            return Some(table.iter().collect());
        }
        if matches!(value.kind, ValueKind::Nil) {
            return Some(Vec::new());
        }
        self.mistyped(path, Some(value), expected);
        None
    }

    pub(in crate::config) fn mistyped(
        &mut self,
        path: &str,
        value: Option<&Value>,
        expected: &str,
    ) {
        match value.map(|value| &value.kind) {
            None | Some(ValueKind::Nil) => self.report.empty(path, expected),
            Some(kind) => self.report.mistake(path, described(kind), expected),
        }
    }
}

fn described(kind: &ValueKind) -> String {
    let number = |number: &dyn Display| format!("the number `{number}`");
    match kind {
        ValueKind::Nil => "an empty value".to_owned(),
        ValueKind::Boolean(flag) => format!("the flag `{flag}`"),
        ValueKind::I64(value) => number(value),
        ValueKind::I128(value) => number(value),
        ValueKind::U64(value) => number(value),
        ValueKind::U128(value) => number(value),
        ValueKind::Float(value) => number(value),
        ValueKind::String(text) => format!("the text {}", shown(text)),
        ValueKind::Table(_) => "a section".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
    }
}
