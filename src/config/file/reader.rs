//! From the raw value tree to sections whose values have the shape that their keys declare. Unknown keys, wrong types,
//! values out of range and references to unset variables are found here, wherever they are, also in resources that
//! are switched off.

use std::{fmt::Display, ops::RangeInclusive, time::Duration};

use config::{Map, Value, ValueKind};

use crate::{
    config::{
        declaration::{
            nearest_key as hint,
            shape::{Declared, Keys, Shape, each, find},
        },
        environment::{
            interpolate::{InterpolationError, interpolate},
            process::Environment,
        },
        file::section::{Node, Section},
        mistake::{Report, below, shown},
        units::{parse_duration, parse_size, written_duration, written_size},
    },
    telemetry::SamplingRatio,
};

/// What reading a value needs besides the value.
pub(in crate::config) struct Reader<'a> {
    pub(in crate::config) root: Keys,
    pub(in crate::config) environment: &'a Environment,
    pub(in crate::config) report: &'a mut Report,
}

/// A text with its references replaced, and whether a variable is in it: such a text may stand for a flag or a number.
pub(in crate::config) struct Replaced {
    pub(in crate::config) text: String,
    is_outside: bool,
}

impl Reader<'_> {
    /// Reads a section; `None` and an empty value are an empty section.
    pub(in crate::config) fn section(&mut self, path: &str, keys: Keys, value: Option<&Value>) -> Section {
        let mut section = Section::new(path, value.is_some());
        let empty = Map::new();
        let table = match value.map(|value| &value.kind) {
            None | Some(ValueKind::Nil) => &empty,
            Some(ValueKind::Table(table)) => table,
            // A text where a section belongs may be a secret that was written one level too high.
            Some(ValueKind::String(text)) => {
                let expected = match text.split_once(':').and_then(|(name, _)| find(keys, name)) {
                    Some(key) => format!("a section with keys: write a space after `{}:`", key.name()),
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
            let expected = hint::instead_of(name, path, keys, &written, self.root);
            self.report.misnamed(&below(path, name), "an unknown key", expected);
        }
    }

    fn member(&mut self, section: &mut Section, key: &dyn Declared, value: Option<&Value>) {
        let path = section.at(key);
        if let Shape::Section(keys) = key.shape() {
            section.insert(key.name(), Some(Node::Section(self.section(&path, keys, value))));
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
                self.within(path, duration, range, "a duration", written_duration).map(Node::Duration)
            }
            Shape::Choice(words) => self.choice(path, words, value).map(Node::Text),
            Shape::Text(_) => self.text(path, value, "a text").map(|text| Node::Text(text.text)),
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

    fn flag(&mut self, path: &str, value: &Value) -> Option<bool> {
        let expected = "`true` or `false`";
        if let ValueKind::Boolean(flag) = value.kind {
            return Some(flag);
        }
        let text = self.text(path, value, expected)?;
        let flag = text.text.parse().ok().filter(|_| text.is_outside);
        self.or_mistake(path, flag, &text, expected)
    }

    fn ratio(&mut self, path: &str, value: &Value) -> Option<SamplingRatio> {
        let expected = "`true`, `false`, or a number from 0 to 1";
        let of_flag = |is_all| if is_all { SamplingRatio::ALL } else { SamplingRatio::NONE };
        if let ValueKind::Boolean(is_all) = value.kind {
            return Some(of_flag(is_all));
        }
        if let Some(number) = number(value) {
            let share = SamplingRatio::of(number);
            if share.is_none() {
                self.report.mistake(path, format!("`{number}`"), expected);
            }
            return share;
        }
        let text = self.text(path, value, expected)?;
        let share = match text.text.as_str() {
            "true" | "false" => Some(of_flag(text.text == "true")),
            number => number.parse().ok().and_then(SamplingRatio::of),
        };
        self.or_mistake(path, share.filter(|_| text.is_outside), &text, expected)
    }

    fn number(&mut self, path: &str, range: &RangeInclusive<usize>, value: &Value) -> Option<usize> {
        let expected = "a whole number, 0 or more";
        let number = match whole(value) {
            Some(number) => number,
            None => {
                let text = self.text(path, value, expected)?;
                let number = text.text.parse().ok().filter(|_| text.is_outside);
                self.or_mistake(path, number, &text, expected)?
            }
        };
        self.within(path, number, range, "a number", |number| number.to_string())
    }

    fn size(&mut self, path: &str, range: &RangeInclusive<usize>, value: &Value) -> Option<usize> {
        let expected = "a number of bytes, or a size such as `512 KiB` or `4 MiB`";
        let size = match whole(value) {
            Some(number) => number,
            None => {
                let text = self.text(path, value, expected)?;
                let size = parse_size(&text.text).and_then(|size| usize::try_from(size).ok());
                self.or_mistake(path, size, &text, expected)?
            }
        };
        self.within(path, size, range, "a size", written_size)
    }

    fn duration(&mut self, path: &str, value: &Value) -> Option<Duration> {
        let expected = "a duration such as `30s`, `1m` or `150ms`";
        let text = self.text(path, value, expected)?;
        self.or_mistake(path, parse_duration(&text.text), &text, expected)
    }

    /// A value, if it is within its range.
    fn within<T: PartialOrd + Copy>(
        &mut self,
        path: &str,
        value: T,
        range: &RangeInclusive<T>,
        what: &str,
        written: impl Fn(T) -> String,
    ) -> Option<T> {
        if range.contains(&value) {
            return Some(value);
        }
        let bound =
            |bound: &T| if what == "a number" { written(*bound) } else { format!("`{}`", written(*bound)) };
        let expected = format!("{what} from {} to {}", bound(range.start()), bound(range.end()));
        self.report.mistake(path, format!("`{}`", written(value)), expected);
        None
    }

    fn choice(&mut self, path: &str, words: &[&str], value: &Value) -> Option<String> {
        let expected = one_of(words);
        let text = self.text(path, value, &expected)?.text;
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        self.report.mistake(path, shown(&text), expected);
        None
    }

    fn or_mistake<T>(&mut self, path: &str, value: Option<T>, text: &Replaced, expected: &str) -> Option<T> {
        if value.is_none() {
            self.report.mistake(path, format!("the text {}", shown(&text.text)), expected);
        }
        value
    }

    /// A text with its references replaced. What the environment gave is taken as it is.
    pub(in crate::config) fn text(&mut self, path: &str, value: &Value, expected: &str) -> Option<Replaced> {
        let ValueKind::String(written) = &value.kind else {
            self.mistyped(path, Some(value), expected);
            return None;
        };
        if value.origin().is_some() {
            return Some(Replaced { text: written.clone(), is_outside: true });
        }
        self.replaced(path, written)
    }

    fn replaced(&mut self, path: &str, written: &str) -> Option<Replaced> {
        match interpolate(written, self.environment) {
            Ok(done) => Some(Replaced { text: done.text, is_outside: done.is_changed }),
            Err(error) => {
                self.report.mistake(path, error.to_string(), expectation(&error));
                None
            }
        }
    }

    /// A text of which no part is shown, whatever its mistake is. A name in a reference is not part of the secret.
    fn secret(&mut self, path: &str, value: &Value) -> Option<String> {
        let ValueKind::String(written) = &value.kind else {
            let found = "a value that is not a text, and is not shown";
            self.report.mistake(path, found, "a text, in quotes");
            return None;
        };
        if value.origin().is_some() {
            return Some(written.clone());
        }
        // Such a text would be the secret itself, which everyone who can read the file knows.
        if written.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())) {
            let found = "a text that begins with `$` and a letter, which is not a reference";
            self.report.mistake(path, found, "`${NAME}`, with braces, for the variable NAME");
            return None;
        }
        self.replaced(path, written).map(|done| done.text)
    }

    fn list(&mut self, path: &str, value: &Value, expected: &str) -> Option<Vec<String>> {
        let items = self.items(path, value, expected)?;
        let read: Vec<Option<Replaced>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.text(&format!("{path}[{index}]"), item, "a text"))
            .collect();
        read.into_iter().map(|text| text.map(|text| text.text)).collect()
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

    /// The members of a table whose keys are names; an empty value is an empty table.
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

    pub(in crate::config) fn mistyped(&mut self, path: &str, value: Option<&Value>, expected: &str) {
        match value.map(|value| &value.kind) {
            None | Some(ValueKind::Nil) => self.report.empty(path, expected),
            Some(kind) => self.report.mistake(path, described(kind), expected),
        }
    }
}

fn expectation(error: &InterpolationError) -> &'static str {
    match error {
        InterpolationError::Unset(_) => "a variable that is set, or `${NAME:-default}`",
        InterpolationError::Malformed => "`${NAME}` or `${NAME:-default}`; `$${` stands for `${`",
    }
}

fn whole(value: &Value) -> Option<usize> {
    if let ValueKind::I64(number) = value.kind { usize::try_from(number).ok() } else { None }
}

fn number(value: &Value) -> Option<f64> {
    if let ValueKind::Float(number) = value.kind { Some(number) } else { whole(value).map(|n| n as f64) }
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

/// `a`, `b` or `c`.
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
