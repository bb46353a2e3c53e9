//! YAML text to the value tree of the `config` crate.
//!
//! It reads the events of yaml-rust2, the parser behind `config`'s own YAML format, and not that format: there
//! `404:` and `'404':` silently become one key, top-level keys with a dot are read as paths, deep nesting ends
//! the process, and a key that is there twice hides every other mistake.

use std::collections::HashMap;

use config::{Map, Value, ValueKind};
use yaml_rust2::{
    Yaml,
    parser::{Event, Parser, Tag},
    scanner::{ScanError, TScalarStyle},
};

use super::mistake::below;

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The members of the root, in the order of the file. Keys are kept as they are written.
    pub(super) sections: Map<String, Value>,
    /// Paths of keys that are there again, with the line.
    pub(super) repeated: Vec<(String, usize)>,
}

/// Why a text is no document that we read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(super) struct YamlError {
    /// Counted from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) message: String,
}

impl From<ScanError> for YamlError {
    fn from(error: ScanError) -> Self {
        Self { line: error.marker().line(), message: error.info().to_owned() }
    }
}

/// Reads one document. An empty one has no members.
///
/// # Errors
/// When the text is not YAML, is more than one document, is no mapping, or is deeper or larger than any
/// configuration.
pub(super) fn parse(text: &str) -> Result<Document, YamlError> {
    let mut parser = Parser::new(text.trim_start_matches('\u{feff}').chars());
    let mut builder = Builder::default();
    loop {
        let (event, mark) = parser.next_token()?;
        if event == Event::StreamEnd {
            break;
        }
        builder
            .take(event, mark.line())
            .map_err(|message| YamlError { line: mark.line(), message: message.to_owned() })?;
    }
    match builder.root.map(|root| root.kind) {
        None | Some(ValueKind::Nil) => Ok(Document::default()),
        Some(ValueKind::Table(sections)) => Ok(Document { sections, repeated: builder.repeated }),
        Some(_) => Err(YamlError { line: 1, message: "no mapping at the top".to_owned() }),
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Value>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
    repeated: Vec<(String, usize)>,
}

struct Open {
    anchor: usize,
    collection: Collection,
}

enum Collection {
    List(Vec<Value>),
    Table { members: Map<String, Value>, key: Option<String> },
}

type Refusal = &'static str;

impl Builder {
    fn take(&mut self, event: Event, line: usize) -> Result<(), Refusal> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart if self.root.is_some() => Err("a second document"),
            Event::DocumentStart => Ok(()),
            Event::SequenceStart(anchor, _) => self.open(anchor, Collection::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(anchor, Collection::Table { members: Map::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_ref(), line),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().ok_or("an alias inside its own anchor")?;
                self.add(value, 0)
            }
        }
    }

    fn open(&mut self, anchor: usize, collection: Collection) -> Result<(), Refusal> {
        if self.expects_key() {
            return Err("a key that is no text");
        }
        if self.open.len() >= MAX_DEPTH {
            return Err("too many levels");
        }
        self.open.push(Open { anchor, collection });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some(Open { anchor, collection }) = self.open.pop() else { return Err("an end without a start") };
        let kind = match collection {
            Collection::List(items) => ValueKind::Array(items),
            Collection::Table { members, .. } => ValueKind::Table(members),
        };
        self.add(Value::new(None, kind), anchor)
    }

    fn scalar(
        &mut self,
        text: String,
        style: TScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        line: usize,
    ) -> Result<(), Refusal> {
        if !self.expects_key() {
            let is_plain = style == TScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix != "str");
            let kind = if is_plain { plain(text) } else { ValueKind::String(text) };
            return self.add(Value::new(None, kind), anchor);
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Value::new(None, ValueKind::String(text.clone())));
        }
        self.begin_member(text, line);
        Ok(())
    }

    fn expects_key(&self) -> bool {
        let top = self.open.last().map(|open| &open.collection);
        matches!(top, Some(Collection::Table { key: None, .. }))
    }

    fn begin_member(&mut self, name: String, line: usize) {
        let path = self.path(&name);
        let Some(Open { collection: Collection::Table { members, key }, .. }) = self.open.last_mut() else {
            return;
        };
        if members.contains_key(&name) {
            self.repeated.push((path, line));
        }
        *key = Some(name);
    }

    /// The path of a member that is about to begin in the innermost table.
    fn path(&self, name: &str) -> String {
        let outer = self.open.split_last().map_or(&[][..], |(_, outer)| outer);
        let parent = outer.iter().fold(String::new(), |path, open| match &open.collection {
            Collection::List(items) => format!("{path}[{}]", items.len()),
            Collection::Table { key, .. } => below(&path, key.as_deref().unwrap_or_default()),
        });
        below(&parent, name)
    }

    /// Puts a finished value where it belongs. Of a repeated key the first value stays.
    fn add(&mut self, value: Value, anchor: usize) -> Result<(), Refusal> {
        let (nodes, depth) = measure(&value);
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES || self.open.len() + depth > MAX_DEPTH {
            return Err("more values or levels than a configuration has");
        }
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.collection) {
            None => self.root = Some(value),
            Some(Collection::List(items)) => items.push(value),
            Some(Collection::Table { members, key }) => {
                let name = key.take().ok_or("an alias as a key")?;
                members.entry(name).or_insert(value);
            }
        }
        Ok(())
    }
}

/// A scalar without quotes, by YAML 1.2's core schema: `yes` and `on` are texts.
fn plain(text: String) -> ValueKind {
    match Yaml::from_str(&text) {
        Yaml::Null => ValueKind::Nil,
        Yaml::Boolean(flag) => ValueKind::Boolean(flag),
        Yaml::Integer(number) => ValueKind::I64(number),
        Yaml::Real(number) => number.parse().map_or(ValueKind::String(number), ValueKind::Float),
        Yaml::String(_) | Yaml::Array(_) | Yaml::Hash(_) | Yaml::Alias(_) | Yaml::BadValue => {
            ValueKind::String(text)
        }
    }
}

/// How many values are in a value, itself included, and how many levels.
fn measure(value: &Value) -> (usize, usize) {
    let sum =
        |(nodes, depth): (usize, usize), (more, level): (usize, usize)| (nodes + more, depth.max(level));
    let (nodes, depth) = match &value.kind {
        ValueKind::Table(members) => members.values().map(measure).fold((1, 0), sum),
        ValueKind::Array(items) => items.iter().map(measure).fold((1, 0), sum),
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::String(_) => return (1, 0),
    };
    (nodes, depth + 1)
}

/// Levels of lists and tables.
const MAX_DEPTH: usize = 64;

/// Values in all, each alias counted as what it stands for and each level again; some megabytes at most.
const MAX_NODES: usize = 1_000_000;
