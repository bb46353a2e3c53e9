//! Reads YAML text into the value tree of the `config` crate, with the positions of its keys.
//!
//! It uses the events of saphyr's parser, because the YAML format of `config` has faults. It
//! silently merges `404:` and `'404':`, reads top-level keys with a dot as paths, overflows the
//! stack on deep nesting, hides all other mistakes behind a repeated key, and
//! keeps no line numbers.

use std::{borrow::Cow, collections::HashMap};

use config::{Map, Value, ValueKind};
use saphyr::Scalar;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::config::{
    file::{
        position::{Mark, Position},
        syntax,
    },
    mistake::below,
};

/// The content of a text.
#[derive(Debug, Default)]
pub(in crate::config) struct Tree {
    /// The members of the root, in the order of the file. Keys keep their spelling.
    pub(in crate::config) sections: Map<String, Value>,
    /// Paths of repeated keys, each with the position of the second one.
    pub(in crate::config) repeated: Vec<(String, Span)>,
    /// The positions of keys and values, by path.
    pub(in crate::config) marks: HashMap<String, Mark>,
}

/// The reason why a text cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {message}", position.line)]
pub(in crate::config) struct YamlError {
    /// The position.
    pub(in crate::config) position: Position,
    /// The mistake, and what to write instead.
    pub(in crate::config) message: String,
}

/// Reads one document. An empty one has no members.
///
/// # Errors
/// If the text is not YAML, holds more than one document, is not a mapping, or exceeds the limits
/// on depth and size.
pub(in crate::config) fn parse(text: &str) -> Result<Tree, YamlError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let (position, message) = syntax::explain(text, &error);
            YamlError { position, message }
        })?;
        builder.take(event, span).map_err(|message| YamlError {
            position: Position {
                line: span.start.line(),
                column: span.start.col() + 1,
            },
            message: format!("found {message}, expected one YAML document with sections"),
        })?;
    }
    let Builder {
        root,
        repeated,
        marks,
        ..
    } = builder;
    match root.map(|root| root.kind) {
        None | Some(ValueKind::Nil) => Ok(Tree::default()),
        Some(ValueKind::Table(sections)) => Ok(Tree {
            sections,
            repeated,
            marks,
        }),
        Some(_) => Err(YamlError {
            position: Position { line: 1, column: 1 },
            message: "found no mapping at the top, expected sections such as `mcp:`".to_owned(),
        }),
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Value>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
    repeated: Vec<(String, Span)>,
    marks: HashMap<String, Mark>,
}

struct Open {
    anchor: usize,
    collection: Collection,
}

enum Collection {
    List(Vec<Value>),
    Table {
        members: Map<String, Value>,
        key: Option<String>,
    },
}

/// A construct that is not allowed where it stands.
type Intruder = &'static str;

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Intruder> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => Err("a second document"),
            Event::DocumentStart(_) => Ok(()),
            Event::SequenceStart(anchor, _) => {
                self.open(anchor, Collection::List(Vec::new()), span)
            }
            Event::MappingStart(anchor, _) => self.open(
                anchor,
                Collection::Table {
                    members: Map::new(),
                    key: None,
                },
                span,
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text, style, anchor, tag.as_deref(), span)
            }
            Event::Alias(anchor) => {
                let value = self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or("an alias inside its own anchor")?;
                self.mark_value(span);
                self.add(value, 0)
            }
        }
    }

    fn open(&mut self, anchor: usize, collection: Collection, span: Span) -> Result<(), Intruder> {
        if self.expects_key() {
            return Err("a key that is not a text");
        }
        if self.open.len() >= MAX_DEPTH {
            return Err("too many levels");
        }
        if matches!(
            self.open.last(),
            Some(Open {
                collection: Collection::List(_),
                ..
            })
        ) {
            self.mark_value(span);
        }
        self.open.push(Open { anchor, collection });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Intruder> {
        let Some(Open { anchor, collection }) = self.open.pop() else {
            return Err("an end without a start");
        };
        let kind = match collection {
            Collection::List(items) => ValueKind::Array(items),
            Collection::Table { members, .. } => ValueKind::Table(members),
        };
        self.add(Value::new(None, kind), anchor)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Intruder> {
        if !self.expects_key() {
            let is_plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix != "str");
            let kind = if is_plain {
                plain(text)
            } else {
                ValueKind::String(text.into_owned())
            };
            self.mark_value(span);
            return self.add(Value::new(None, kind), anchor);
        }
        if anchor > 0 {
            self.anchors.insert(
                anchor,
                Value::new(None, ValueKind::String(text.clone().into_owned())),
            );
        }
        self.begin_member(text.into_owned(), span);
        Ok(())
    }

    fn expects_key(&self) -> bool {
        let top = self.open.last().map(|open| &open.collection);
        matches!(top, Some(Collection::Table { key: None, .. }))
    }

    fn begin_member(&mut self, name: String, span: Span) {
        let Some(Open {
            collection: Collection::Table { members, key },
            ..
        }) = self.open.last_mut()
        else {
            return;
        };
        let is_repeated = members.contains_key(&name);
        *key = Some(name);
        let path = self.path();
        if is_repeated {
            self.repeated.push((path, span));
        } else if self.marks.len() < MAX_MARKS {
            self.marks.insert(
                path,
                Mark {
                    key: Some(span),
                    value: None,
                },
            );
        }
    }

    /// Records the position of the next value. A repeated key keeps the position of the first one.
    fn mark_value(&mut self, span: Span) {
        if self.marks.len() < MAX_MARKS {
            self.marks
                .entry(self.path())
                .or_default()
                .value
                .get_or_insert(span);
        }
    }

    /// The path of the next value.
    fn path(&self) -> String {
        self.open
            .iter()
            .fold(String::new(), |path, open| match &open.collection {
                Collection::List(items) => format!("{path}[{}]", items.len()),
                Collection::Table { key, .. } => below(&path, key.as_deref().unwrap_or_default()),
            })
    }

    /// Adds a finished value to its parent. A repeated key keeps the first value.
    fn add(&mut self, value: Value, anchor: usize) -> Result<(), Intruder> {
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
fn plain(text: Cow<'_, str>) -> ValueKind {
    if text.is_empty() {
        return ValueKind::Nil;
    }
    match Scalar::parse_from_cow(text) {
        Scalar::Null => ValueKind::Nil,
        Scalar::Boolean(flag) => ValueKind::Boolean(flag),
        Scalar::Integer(number) => ValueKind::I64(number),
        Scalar::FloatingPoint(number) => ValueKind::Float(number.into_inner()),
        Scalar::String(text) => ValueKind::String(text.into_owned()),
    }
}

/// Counts the values in a value, including itself, and its levels.
fn measure(value: &Value) -> (usize, usize) {
    let sum = |(nodes, depth): (usize, usize), (more, level): (usize, usize)| {
        (nodes + more, depth.max(level))
    };
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

/// The deepest nesting of lists and tables.
const MAX_DEPTH: usize = 64;

/// The most values, which take some megabytes. An alias counts as the values that it stands for,
/// and a value counts once for each level above it.
const MAX_NODES: usize = 1_000_000;

/// The most positions that are kept. Mistakes beyond them name only the file.
const MAX_MARKS: usize = 100_000;
