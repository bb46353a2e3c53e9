//! Mistakes in a configuration, each with its position, its path, and what to write instead.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use saphyr_parser::Span;

use crate::config::file::position::{Aim, Location, Marks};

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The position, if the mistake is in a file.
    pub location: Option<Location>,
    /// The path of the key, such as `mcp.oauth.jwks[0].refresh_interval`, or the name of a
    /// variable. Empty for a whole file.
    pub path: String,
    /// The mistake, and what to write instead. Never shows a secret.
    pub message: String,
}

impl Mistake {
    /// A mistake about a whole file.
    pub(super) fn of_file(file: &str, message: String) -> Self {
        Self {
            location: Some(Location::whole(file)),
            path: String::new(),
            message,
        }
    }

    /// A mistake that is not in a file.
    pub(super) fn elsewhere(path: &str, message: String) -> Self {
        Self {
            location: None,
            path: path.to_owned(),
            message,
        }
    }

    fn order(
        &self,
    ) -> (
        bool,
        Option<crate::config::file::position::Position>,
        &str,
        &str,
    ) {
        let position = self.location.as_ref().and_then(Location::position);
        (position.is_none(), position, &self.path, &self.message)
    }
}

/// One line: `scopegate.yaml:7:5: mcp.oauth.mod: found an unknown key, expected `mode``.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// All mistakes of one configuration in the order of the file, followed by those outside it. Never
/// empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    mistakes: Vec<Mistake>,
    watched: Vec<PathBuf>,
}

impl Mistakes {
    /// The mistakes, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.mistakes.iter()
    }

    /// The files that were read or looked for. A change to one of them may correct the mistakes.
    #[must_use]
    pub fn watched(&self) -> &[PathBuf] {
        &self.watched
    }

    /// The mistakes for a terminal, each followed by its line of the file.
    #[must_use]
    pub fn with_lines(&self) -> String {
        let told = |mistake: &Mistake| {
            let excerpt = mistake
                .location
                .as_ref()
                .map(Location::excerpt)
                .unwrap_or_default();
            format!("{mistake}\n{excerpt}")
        };
        self.mistakes.iter().map(told).collect()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self {
            mistakes: vec![mistake],
            watched: Vec::new(),
        }
    }
}

/// One line each, for the log.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Collects everything that reading finds besides the settings.
#[derive(Debug, Default)]
pub(super) struct Report {
    mistakes: Vec<Mistake>,
    warnings: Vec<String>,
    watched: Vec<PathBuf>,
    variables: BTreeMap<String, String>,
    marks: Option<Marks>,
    has_misspelt_section: bool,
}

impl Report {
    /// Sets the positions: later mistakes name their lines.
    pub(super) fn set_marks(&mut self, marks: Marks) {
        self.marks = Some(marks);
    }

    /// Reports a wrong value. If it came from the environment, the message names the variable.
    pub(super) fn mistake(
        &mut self,
        path: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.note(path, Aim::Value, found.into(), &expected.into());
    }

    /// Reports a key with a wrong name.
    pub(super) fn misnamed(
        &mut self,
        path: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.note(path, Aim::Key, found.into(), &expected.into());
    }

    /// Reports a required key that is missing.
    pub(super) fn missing(&mut self, path: &str, expected: &str) {
        self.push(
            path,
            Aim::Section,
            format!("is missing; expected {expected}"),
        );
    }

    /// Reports a key without a value.
    pub(super) fn empty(&mut self, path: &str, expected: &str) {
        self.push(path, Aim::Key, format!("is empty; expected {expected}"));
    }

    /// Reports an unknown section at the top of the file whose name resembles one of ours.
    pub(super) fn misspelt_section(&mut self, name: &str, expected: &str) {
        self.has_misspelt_section = true;
        self.misnamed(name, "an unknown section", expected);
    }

    /// Reports that no resource is protected, unless a misspelt section explains it.
    pub(super) fn no_resource(&mut self, path: &str) {
        if !self.has_misspelt_section {
            self.mistake(
                path,
                "no enabled resource",
                "`true`, or an enabled entry in `resources`",
            );
        }
    }

    /// Reports a repeated key.
    pub(super) fn repeated(&mut self, path: &str, span: Span) {
        let location = self.marks.as_ref().map(|marks| marks.locate_span(span));
        let line = span.start.line();
        let message = format!("found the key again in line {line}, expected each key once");
        self.mistakes.push(Mistake {
            location,
            path: path.to_owned(),
            message,
        });
    }

    fn note(&mut self, path: &str, aim: Aim, mut found: String, expected: &str) {
        if let Some(variable) = self.variable(path) {
            found = format!("{found} (from `{variable}`)");
        }
        self.push(path, aim, format!("found {found}, expected {expected}"));
    }

    fn push(&mut self, path: &str, aim: Aim, message: String) {
        let marks = self
            .marks
            .as_ref()
            .filter(|_| self.variable(path).is_none());
        let location = marks.map(|marks| marks.locate(path, aim, &message));
        self.mistakes.push(Mistake {
            location,
            path: path.to_owned(),
            message,
        });
    }

    /// Reports a wrong variable of the environment.
    pub(super) fn variable_mistake(
        &mut self,
        name: &str,
        found: &str,
        expected: impl fmt::Display,
    ) {
        self.mistakes.push(Mistake::elsewhere(
            name,
            format!("found {found}, expected {expected}"),
        ));
    }

    /// Adds a warning: the configuration loads, but an operator should look at it.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Adds a file or folder whose change triggers a reload.
    pub(super) fn watch(&mut self, path: PathBuf) {
        if !self.watched.contains(&path) {
            self.watched.push(path);
        }
    }

    /// Records that a variable sets the value at `path`.
    pub(super) fn set_variable(&mut self, path: String, variable: String) {
        self.variables.insert(path, variable);
    }

    /// The variable that sets the value at `path`, or the list that contains it.
    pub(super) fn variable(&self, path: &str) -> Option<&str> {
        let list = path.rfind('[').and_then(|end| path.get(..end));
        let name = self
            .variables
            .get(path)
            .or_else(|| self.variables.get(list?));
        name.map(String::as_str)
    }

    /// Returns warnings and watched paths if there was no mistake.
    pub(super) fn finish(mut self) -> Result<(Vec<String>, Vec<PathBuf>), Mistakes> {
        if self.mistakes.is_empty() {
            return Ok((self.warnings, self.watched));
        }
        self.mistakes
            .sort_by(|one, other| one.order().cmp(&other.order()));
        self.mistakes.dedup();
        Err(Mistakes {
            mistakes: self.mistakes,
            watched: self.watched,
        })
    }
}

/// The path of `key` below `path`. A name with characters other than those of plain words is put in
/// brackets.
pub(super) fn below(path: &str, key: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match (path.is_empty(), !key.is_empty() && key.bytes().all(is_word)) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{}]", cut(key)),
    }
}

/// Quotes a text from outside: in backticks, on one line, and shortened.
pub(super) fn shown(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// Quotes a URL from outside. One that may hold a password is not shown.
pub(super) fn shown_url(text: &str) -> String {
    if text.contains('@') {
        "a text with `@`, which may hold a password".to_owned()
    } else {
        shown(text)
    }
}

fn cut(text: &str) -> String {
    let mut line = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN_CHARACTERS {
            line.push('…');
            break;
        }
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

const SHOWN_CHARACTERS: usize = 80;
