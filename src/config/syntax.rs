//! Mistakes in the syntax of YAML, in words that say what to write instead of what a parser met.

use saphyr_parser::{Marker, ScanError};

use super::{mark::Position, mistake::shown, yaml::YamlError};

/// Explains why a text is not YAML, at the place of the mistake, which may be above the place where the parser met it.
pub(super) fn explain(text: &str, error: &ScanError) -> YamlError {
    let met = position(text, *error.marker());
    let known = foreign_sign(text, met)
        .or_else(|| tab(text, met))
        .or_else(|| missing_space(text, met))
        .or_else(|| unclosed(text))
        .or_else(|| entry_among_keys(text, met))
        .or_else(|| indentation(text, met, error.info()));
    let (position, message) = known.unwrap_or_else(|| (met, format!("is not YAML: {}", error.info())));
    YamlError { position, message }
}

type Explanation = (Position, String);

/// `*name` is an alias, `@` and the backtick are reserved, `!` begins a tag, `%` a directive.
fn foreign_sign(text: &str, met: Position) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let (column, sign) = [met.column, first_column(line)]
        .into_iter()
        .find_map(|column| Some((column, character(line, column).filter(|c| "*&@`!%".contains(*c))?)))?;
    let rest: String = line.chars().skip(column - 1).collect();
    let end = rest.find([':', ',', ' ', ']', '}']).unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    let what = match sign {
        '*' => "an alias",
        '&' => "an anchor",
        '!' => "a tag",
        '%' => "a directive",
        _ => "a reserved sign",
    };
    let message = format!(
        "found {}, whose `{sign}` is {what} in YAML, expected it in quotes: `'{}'`",
        shown(word),
        word.replace('\'', "''")
    );
    Some((Position { line: met.line, column }, message))
}

fn tab(text: &str, met: Position) -> Option<Explanation> {
    [met.line, met.line.saturating_sub(1)].into_iter().find_map(|number| {
        let line = line(text, number)?;
        let column = line.chars().position(|c| !c.is_whitespace()).unwrap_or(0);
        let tab = line.chars().take(column).position(|c| c == '\t')?;
        let message = "found a tab in the indentation, expected spaces".to_owned();
        Some((Position { line: number, column: tab + 1 }, message))
    })
}

/// `key:'value'` is one text, and the parser misses the key in the line after it.
fn missing_space(text: &str, met: Position) -> Option<Explanation> {
    [met.line, met.line.saturating_sub(1)].into_iter().find_map(|number| {
        let line = line(text, number)?;
        let (key, value) = line.split_once(':')?;
        let name = key.trim_start_matches([' ', '-']);
        let is_key =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_joined = value.starts_with(|c: char| !c.is_whitespace() && c != '/');
        let column = key.chars().count() + 2;
        (is_key && is_joined).then(|| {
            let message = format!("found {name:?}: without a space after the colon, expected `{name}: …`");
            (
                Position { line: number, column },
                message.replacen(&format!("{name:?}:"), &format!("`{name}:`"), 1),
            )
        })
    })
}

/// A quote, a bracket or a brace that is open at the end of the text.
fn unclosed(text: &str) -> Option<Explanation> {
    let mut open: Vec<(Position, char)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut before = ' ';
        for (column, sign) in line.chars().enumerate() {
            let position = Position { line: index + 1, column: column + 1 };
            let quote = open.last().map(|(_, sign)| *sign).filter(|sign| matches!(sign, '\'' | '"'));
            let begins = before.is_whitespace() || "[{,".contains(before);
            match sign {
                '\'' | '"' if quote == Some(sign) && before != '\\' => drop(open.pop()),
                '\'' | '"' if quote.is_none() && begins => open.push((position, sign)),
                '#' if quote.is_none() && before.is_whitespace() => break,
                '[' | '{' if quote.is_none() && begins => open.push((position, sign)),
                ']' | '}' if quote.is_none() => drop(open.pop()),
                _ => {}
            }
            before = sign;
        }
    }
    let (position, sign) = open.pop()?;
    let end = match sign {
        '[' => ']',
        '{' => '}',
        quote => quote,
    };
    Some((position, format!("found `{sign}` that is never closed, expected `{end}` at its end")))
}

/// An entry of a list below keys.
fn entry_among_keys(text: &str, met: Position) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let is_entry = line.trim_start().starts_with("- ") && met.column <= first_column(line) + 1;
    let message =
        "found an entry of a list among keys, expected each entry to begin with `- `, the first one too";
    is_entry.then(|| (Position { line: met.line, column: first_column(line) }, message.to_owned()))
}

fn indentation(text: &str, met: Position, info: &str) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let is_first = met.column <= first_column(line).max(1) || info.contains("indent");
    let message = "found a line whose indentation fits no line above it, expected the same number of spaces for all keys of a section";
    (is_first && line.contains(':') && !line.trim().is_empty())
        .then(|| (Position { line: met.line, column: first_column(line) }, message.to_owned()))
}

/// The end of a text is its last line that is not empty.
fn position(text: &str, marker: Marker) -> Position {
    let position = Position { line: marker.line(), column: marker.col() + 1 };
    let lines = text.lines().count();
    if position.line <= lines { position } else { Position { line: lines.max(1), column: 1 } }
}

fn line(text: &str, number: usize) -> Option<&str> {
    text.lines().nth(number.checked_sub(1)?)
}

fn first_column(line: &str) -> usize {
    line.chars().position(|c| !c.is_whitespace()).map_or(1, |column| column + 1)
}

fn character(line: &str, column: usize) -> Option<char> {
    line.chars().nth(column.checked_sub(1)?)
}
