//! Positions of keys and values in the file, so that a mistake can name its line and show it.

use std::{collections::HashMap, fmt, sync::Arc};

use saphyr_parser::{Marker, Span};

/// A position in a file, for an editor to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    file: Arc<str>,
    position: Option<Position>,
    excerpt: Option<Box<Excerpt>>,
}

/// A line and a column; both are counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// The part of a line that a mistake shows, and the columns of its carets.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    caret: usize,
    carets: usize,
}

impl Location {
    /// A file as a whole.
    pub(in crate::config) fn whole(file: &str) -> Self {
        Self {
            file: file.into(),
            position: None,
            excerpt: None,
        }
    }

    /// A position in a file, with a part of its line and the column of the caret below.
    pub(in crate::config) fn at(
        file: &str,
        position: Position,
        shown: Option<(String, usize)>,
    ) -> Self {
        let excerpt = shown.map(|(text, caret)| {
            Box::new(Excerpt {
                text,
                caret,
                carets: 1,
            })
        });
        Self {
            file: file.into(),
            position: Some(position),
            excerpt,
        }
    }

    /// Line and column; `None` if the mistake is about the whole file.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// The line with carets below it, each with a line break. Empty if there is no line to show.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let (Some(position), Some(excerpt)) = (self.position, &self.excerpt) else {
            return String::new();
        };
        let number = format!("{:4}", position.line);
        let blank = " ".repeat(number.len());
        let carets = "^".repeat(excerpt.carets);
        format!(
            "{number} | {}\n{blank} | {}{carets}\n",
            excerpt.text,
            " ".repeat(excerpt.caret)
        )
    }
}

/// `file:line:column`, which editors and terminals turn into a link.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.position {
            Some(Position { line, column }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

/// The positions of all keys and values of one text, by path.
#[derive(Debug)]
pub(in crate::config) struct Marks {
    file: Arc<str>,
    lines: Vec<String>,
    marks: HashMap<String, Mark>,
}

/// The positions of one key: its name, and its value if that is a scalar. An item of a list has no
/// name.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::config) struct Mark {
    /// The name of the key.
    pub(in crate::config) key: Option<Span>,
    /// The scalar, or the start of an item of a list.
    pub(in crate::config) value: Option<Span>,
}

/// The part of a key that a mistake is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Aim {
    /// The name: it is unknown or misplaced.
    Key,
    /// The value.
    Value,
    /// The section from which the key is missing.
    Section,
}

impl Marks {
    /// The positions in the text of `file`.
    pub(in crate::config) fn new(file: &str, text: &str, marks: HashMap<String, Mark>) -> Self {
        let lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .map(str::to_owned)
            .collect();
        Self {
            file: file.into(),
            lines,
            marks,
        }
    }

    /// Finds the position of a path, or of the nearest outer section in the file. The excerpt shows
    /// a value only if `message` shows it too, since the line may hold a secret.
    pub(in crate::config) fn locate(&self, path: &str, aim: Aim, message: &str) -> Location {
        let exact = self.marks.get(path).filter(|_| aim != Aim::Section);
        let found = exact.map(|mark| (path, mark)).or_else(|| {
            ancestors(path).find_map(|around| self.marks.get(around).map(|mark| (around, mark)))
        });
        let Some((path, mark)) = found else {
            return Location::whole(&self.file);
        };
        let is_value = exact.is_some() && aim == Aim::Value;
        let value = mark.value.filter(|_| is_value || mark.key.is_none());
        let Some(span) = value.or(mark.key) else {
            return Location::whole(&self.file);
        };
        // An entry of a list starts with its first key, which tells it from other entries.
        if let Some(first) = self.key_at(span.start).filter(|_| mark.key.is_none()) {
            return self.locate_span(first);
        }
        let key = mark
            .key
            .or_else(|| ancestors(path).find_map(|around| self.marks.get(around)?.key));
        let is_shown = value.is_none() || self.is_told(span, message);
        Location {
            file: Arc::clone(&self.file),
            position: Some(position(span.start)),
            excerpt: self.excerpt(key, span, is_shown),
        }
    }

    /// Finds the position of a key by its span.
    pub(in crate::config) fn locate_span(&self, span: Span) -> Location {
        Location {
            file: Arc::clone(&self.file),
            position: Some(position(span.start)),
            excerpt: self.excerpt(Some(span), span, true),
        }
    }

    fn key_at(&self, start: Marker) -> Option<Span> {
        self.marks
            .values()
            .filter_map(|mark| mark.key)
            .find(|key| key.start == start)
    }

    /// Returns true if the message already shows the value.
    fn is_told(&self, span: Span, message: &str) -> bool {
        let Some(line) = self.line(span.start.line()) else {
            return false;
        };
        let written = characters(line, span.start.col(), end_column(span, line));
        let value = written.trim_matches(['\'', '"']);
        span.start.line() == span.end.line()
            && !value.is_empty()
            && message.contains(&format!("`{value}`"))
    }

    /// The indentation, the key, and the value if `is_shown`. The rest of the line may hold a
    /// secret and is cut: what precedes the key in a flow mapping, and what follows the value.
    fn excerpt(&self, key: Option<Span>, aim: Span, is_shown: bool) -> Option<Box<Excerpt>> {
        let line = self.line(aim.start.line())?;
        let (start, end) = (aim.start.col(), end_column(aim, line));
        let key =
            key.filter(|key| key.start.line() == aim.start.line() && key.start.col() <= start);
        let from = key.map_or(start, |key| key.start.col());
        let before = characters(line, 0, from);
        let mut text = if before.chars().all(|c| c.is_whitespace() || c == '-') {
            before
        } else {
            "… ".to_owned()
        };
        if let Some(key) = key.filter(|key| key.start != aim.start) {
            let between = characters(line, end_column(key, line), start);
            let is_plain = between
                .chars()
                .all(|c| c.is_whitespace() || ":[{-".contains(c));
            text.push_str(&characters(line, key.start.col(), end_column(key, line)));
            text.push_str(if is_plain { &between } else { ": … " });
        }
        let caret = text.chars().count();
        let shown = if is_shown {
            characters(line, start, end.min(start + SHOWN_CHARACTERS))
        } else {
            String::new()
        };
        text.push_str(if is_shown { &shown } else { "…" });
        let rest = characters(line, end, usize::MAX);
        match rest.trim() {
            "" => {}
            ":" => text.push(':'),
            rest if rest.starts_with(':') => text.push_str(": …"),
            rest if is_shown && rest.chars().all(|c| "]} ".contains(c)) => text.push_str(rest),
            _ if is_shown => text.push_str(" …"),
            _ => {}
        }
        Some(Box::new(Excerpt {
            text,
            caret,
            carets: shown.chars().count().max(1),
        }))
    }

    fn line(&self, number: usize) -> Option<&str> {
        self.lines.get(number.checked_sub(1)?).map(String::as_str)
    }
}

/// The paths of the outer sections, innermost first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        path.rfind(['.', '[']).and_then(|end| path.get(..end))
    })
    .skip(1)
}

fn position(mark: Marker) -> Position {
    Position {
        line: mark.line(),
        column: mark.col() + 1,
    }
}

/// The column at which the first line of a span ends.
fn end_column(span: Span, line: &str) -> usize {
    if span.start.line() == span.end.line() {
        span.end.col()
    } else {
        line.chars().count()
    }
}

/// The characters of a line from one column to another, tabs as spaces.
pub(in crate::config) fn characters(line: &str, from: usize, to: usize) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    line.chars()
        .skip(from)
        .take(to.saturating_sub(from))
        .map(shown)
        .collect()
}

const SHOWN_CHARACTERS: usize = 80;
