//! What is wrong with a configuration: every mistake with its path, what was found and what is expected.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where: `mcp.oauth.jwks[0].refresh_interval`, the name of a variable, or a file and a line.
    pub path: String,
    /// What stands there. Never a secret.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {}", self.path, self.found, self.expected)
    }
}

/// All mistakes of one configuration, sorted by path; at least one. One line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    mistakes: Vec<Mistake>,
    watched: Vec<PathBuf>,
}

impl Mistakes {
    /// The mistakes, sorted by path.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.mistakes.iter()
    }

    /// The files that were read or looked for: a change of one may mend the mistakes.
    #[must_use]
    pub fn watched(&self) -> &[PathBuf] {
        &self.watched
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
        Self { mistakes: vec![mistake], watched: Vec::new() }
    }
}

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

/// What reading has brought to light so far, besides the settings themselves.
#[derive(Debug, Default)]
pub(super) struct Report {
    mistakes: Vec<Mistake>,
    warnings: Vec<String>,
    watched: Vec<PathBuf>,
    variables: BTreeMap<String, String>,
}

impl Report {
    /// Notes a mistake; where the value came from the environment, the variable is named.
    pub(super) fn mistake(&mut self, path: &str, found: impl Into<String>, expected: impl Into<String>) {
        let mut found = found.into();
        if let Some(variable) = self.variable(path) {
            found = format!("{found} (from `{variable}`)");
        }
        self.mistakes.push(Mistake { path: path.to_owned(), found, expected: expected.into() });
    }

    /// Notes what loads but should be looked at.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Notes a file or folder whose change is a reason to load again.
    pub(super) fn watch(&mut self, path: PathBuf) {
        if !self.watched.contains(&path) {
            self.watched.push(path);
        }
    }

    /// Notes that a variable sets the value at `path`.
    pub(super) fn set_variable(&mut self, path: String, variable: String) {
        self.variables.insert(path, variable);
    }

    /// The variable that sets the value at `path`, or the list whose item is at `path`.
    pub(super) fn variable(&self, path: &str) -> Option<&str> {
        let list = path.rfind('[').and_then(|end| path.get(..end));
        let name = self.variables.get(path).or_else(|| self.variables.get(list?));
        name.map(String::as_str)
    }

    /// Warnings and watched paths, if there was no mistake.
    pub(super) fn finish(mut self) -> Result<(Vec<String>, Vec<PathBuf>), Mistakes> {
        if self.mistakes.is_empty() {
            return Ok((self.warnings, self.watched));
        }
        self.mistakes.sort();
        self.mistakes.dedup();
        Err(Mistakes { mistakes: self.mistakes, watched: self.watched })
    }
}

/// The path of `key` below `path`; names that are no plain words are quoted.
pub(super) fn below(path: &str, key: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match (path.is_empty(), !key.is_empty() && key.bytes().all(is_word)) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{}]", cut(key)),
    }
}

/// A text from outside, in backticks, on one line, and not endless.
pub(super) fn shown(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// A URL from outside; one that may hold a password is not shown.
pub(super) fn shown_url(text: &str) -> String {
    if text.contains('@') { "a text with `@`, which may hold a password".to_owned() } else { shown(text) }
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
