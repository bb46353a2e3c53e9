//! From the raw value tree to sections whose values have the shape that the tables say. Unknown keys, wrong
//! types and references to unset variables are found here, wherever they are, also in resources that are
//! switched off.

use config::{Map, Value, ValueKind};

use super::{
    environment::Environment,
    interpolate::{InterpolationError, interpolate},
    mistake::{Report, below, shown},
    schema::{Key, Keys, Shape, each, find},
    section::{Node, Section},
    units::{parse_duration, parse_size},
};
use crate::telemetry::SamplingRatio;

/// What reading a value needs besides the value.
pub(super) struct Shaper<'a> {
    pub(super) environment: &'a Environment,
    pub(super) report: &'a mut Report,
}

/// A text, and whether the environment had a say in it: such a text may stand for a flag or a number.
pub(super) struct Text {
    pub(super) text: String,
    is_outside: bool,
}

impl Shaper<'_> {
    /// Reads a section; `None` and an empty value are an empty section.
    pub(super) fn section(&mut self, path: &str, keys: Keys, value: Option<&Value>) -> Section {
        let mut section = Section::new(path, value.is_some());
        let empty = Map::new();
        let table = match value.map(|value| &value.kind) {
            None | Some(ValueKind::Nil) => &empty,
            Some(ValueKind::Table(table)) => table,
            // A text where a section belongs may be a secret that was written one level too high.
            Some(ValueKind::String(_)) => {
                self.report.mistake(path, "a text", "a section with keys");
                return section;
            }
            Some(_) => {
                self.mistyped(path, value, "a section with keys");
                return section;
            }
        };
        for name in table.keys().filter(|name| find(keys, name).is_none()) {
            self.report.mistake(&below(path, name), "an unknown key", suggestion(name, keys));
        }
        for key in each(keys) {
            self.member(&mut section, key, table.get(key.name));
        }
        section
    }

    fn member(&mut self, section: &mut Section, key: &Key, value: Option<&Value>) {
        let path = section.at(key.name);
        if let Shape::Section(keys) = key.shape {
            section.insert(key.name, Some(Node::Section(self.section(&path, keys, value))));
        } else if let Some(value) = value {
            section.insert(key.name, self.node(&path, key.shape, value));
        }
    }

    fn node(&mut self, path: &str, shape: Shape, value: &Value) -> Option<Node> {
        match shape {
            Shape::Flag => self.flag(path, value).map(Node::Flag),
            Shape::SamplingRatio => self.share(path, value).map(Node::SamplingRatio),
            Shape::Count => self.count(path, value, "a whole number, 0 or more").map(Node::Number),
            Shape::Size => self.size(path, value).map(Node::Number),
            Shape::Duration => self.duration(path, value),
            Shape::Text => self.text(path, value, "a text").map(|text| Node::Text(text.text)),
            Shape::Secret => self.secret(path, value).map(Node::Text),
            Shape::Texts => self.texts(path, value, "a list of texts").map(Node::Texts),
            Shape::Scopes => self.scopes(path, value).map(Node::Scopes),
            Shape::Named => self.named(path, value).map(Node::Named),
            Shape::Implies => self.implies(path, value).map(Node::Implies),
            Shape::Section(keys) => Some(Node::Section(self.section(path, keys, Some(value)))),
            Shape::Entries(keys) => self.entries(path, keys, value),
        }
    }

    fn entries(&mut self, path: &str, keys: Keys, value: &Value) -> Option<Node> {
        let items = self.items(path, value, "a list of sections")?;
        let mut entries = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if matches!(item.kind, ValueKind::Nil) {
                self.mistyped(&path, Some(item), "a section with keys");
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

    fn share(&mut self, path: &str, value: &Value) -> Option<SamplingRatio> {
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

    fn count(&mut self, path: &str, value: &Value, expected: &str) -> Option<u64> {
        if let Some(number) = whole(value) {
            return Some(number);
        }
        let text = self.text(path, value, expected)?;
        let number = text.text.parse().ok().filter(|_| text.is_outside);
        self.or_mistake(path, number, &text, expected)
    }

    fn size(&mut self, path: &str, value: &Value) -> Option<u64> {
        let expected = "a number of bytes, or a size such as `512 KiB` or `4 MiB`";
        if let Some(number) = whole(value) {
            return Some(number);
        }
        let text = self.text(path, value, expected)?;
        let size = parse_size(&text.text);
        self.or_mistake(path, size, &text, expected)
    }

    fn duration(&mut self, path: &str, value: &Value) -> Option<Node> {
        let expected = "a duration such as `30s`, `1m` or `150ms`";
        let text = self.text(path, value, expected)?;
        let duration = parse_duration(&text.text).map(Node::Duration);
        self.or_mistake(path, duration, &text, expected)
    }

    fn or_mistake<T>(&mut self, path: &str, value: Option<T>, text: &Text, expected: &str) -> Option<T> {
        if value.is_none() {
            self.report.mistake(path, format!("the text {}", shown(&text.text)), expected);
        }
        value
    }

    /// A text with its references replaced. What the environment gave is taken as it is.
    pub(super) fn text(&mut self, path: &str, value: &Value, expected: &str) -> Option<Text> {
        let ValueKind::String(written) = &value.kind else {
            self.mistyped(path, Some(value), expected);
            return None;
        };
        if value.origin().is_some() {
            return Some(Text { text: written.clone(), is_outside: true });
        }
        match interpolate(written, self.environment) {
            Ok(done) => Some(Text { text: done.text, is_outside: done.is_changed }),
            Err(error) => {
                self.report.mistake(path, error.to_string(), expectation(&error));
                None
            }
        }
    }

    /// A text of which nothing is shown, whatever is wrong with it.
    fn secret(&mut self, path: &str, value: &Value) -> Option<String> {
        let expected = "a text whose references are to variables that are set";
        let text = if let ValueKind::String(written) = &value.kind {
            let is_outside = value.origin().is_some();
            let replaced = || interpolate(written, self.environment).ok().map(|done| done.text);
            if is_outside { Some(written.clone()) } else { replaced() }
        } else {
            None
        };
        if text.is_none() {
            self.report.mistake(path, "a value that is not shown", expected);
        }
        text
    }

    fn texts(&mut self, path: &str, value: &Value, expected: &str) -> Option<Vec<String>> {
        let items = self.items(path, value, expected)?;
        let read: Vec<Option<Text>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.text(&format!("{path}[{index}]"), item, "a text"))
            .collect();
        read.into_iter().map(|text| text.map(|text| text.text)).collect()
    }

    pub(super) fn items<'v>(&mut self, path: &str, value: &'v Value, expected: &str) -> Option<&'v [Value]> {
        if let ValueKind::Array(items) = &value.kind {
            return Some(items);
        }
        self.mistyped(path, Some(value), expected);
        None
    }

    /// The members of a table whose keys are names; an empty value is an empty table.
    pub(super) fn members<'v>(
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

    pub(super) fn mistyped(&mut self, path: &str, value: Option<&Value>, expected: &str) {
        let found = value.map_or_else(|| "nothing".to_owned(), described);
        self.report.mistake(path, found, expected);
    }
}

fn expectation(error: &InterpolationError) -> &'static str {
    match error {
        InterpolationError::Unset(_) => "a variable that is set, or `${NAME:-default}`",
        InterpolationError::Malformed => "`${NAME}` or `${NAME:-default}`; `$${` stands for `${`",
    }
}

fn whole(value: &Value) -> Option<u64> {
    if let ValueKind::I64(number) = value.kind { u64::try_from(number).ok() } else { None }
}

fn number(value: &Value) -> Option<f64> {
    if let ValueKind::Float(number) = value.kind { Some(number) } else { whole(value).map(|n| n as f64) }
}

fn described(value: &Value) -> String {
    match &value.kind {
        ValueKind::Nil => "nothing".to_owned(),
        ValueKind::Boolean(flag) => format!("the flag `{flag}`"),
        ValueKind::I64(number) => format!("the number `{number}`"),
        ValueKind::I128(number) => format!("the number `{number}`"),
        ValueKind::U64(number) => format!("the number `{number}`"),
        ValueKind::U128(number) => format!("the number `{number}`"),
        ValueKind::Float(number) => format!("the number `{number}`"),
        ValueKind::String(text) => format!("the text {}", shown(text)),
        ValueKind::Table(_) => "a section".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
    }
}

fn suggestion(name: &str, keys: Keys) -> String {
    let nearest = each(keys).map(|key| (strsim::levenshtein(name, key.name), key.name)).min();
    match nearest {
        Some((distance, nearest)) if distance <= 2 => format!("`{nearest}`"),
        _ => {
            let names: Vec<&str> = each(keys).map(|key| key.name).collect();
            format!("one of {}", names.join(", "))
        }
    }
}
