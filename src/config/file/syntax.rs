//! Explains mistakes in YAML syntax: what to write, instead of what the parser met.

use saphyr_parser::{Marker, ScanError};

use crate::config::{
    file::position::{Location, Position, characters},
    mistake::shown,
    sections::top_level::is_known_name,
};

/// Explains why a text is not YAML. The position is that of the mistake, which may be above the one
/// where the parser stopped.
pub(in crate::config) fn explain(text: &str, error: &ScanError) -> Explanation {
    let met = position(text, *error.marker());
    let known = foreign_sign(text, met)
        .or_else(|| tab(text, met))
        .or_else(|| missing_space(text, met))
        .or_else(|| open_quote(text, met))
        .or_else(|| open_bracket(text))
        .or_else(|| missing_comma(text, met, error.info()))
        .or_else(|| entry_among_keys(text, met))
        .or_else(|| indentation(text, met, error.info()));
    known.unwrap_or_else(|| (met, format!("is not YAML: {}", error.info())))
}

/// The position and the message.
pub(in crate::config) type Explanation = (Position, String);

/// Locates a syntax mistake. The excerpt shows only the key of its line.
pub(in crate::config) fn locate(file: &str, text: &str, position: Position) -> Location {
    let line = text
        .trim_start_matches('\u{feff}')
        .lines()
        .nth(position.line.saturating_sub(1))
        .unwrap_or_default();
    let is_name = is_among_names(text.trim_start_matches('\u{feff}'), position.line);
    let excerpt = beginning(line, is_name).map(|beginning| {
        let length = beginning.chars().count();
        let is_inside = position.column <= length;
        let caret = if is_inside {
            position.column.saturating_sub(1)
        } else {
            length + usize::from(line.chars().nth(length) == Some(' '))
        };
        let rest = characters(line, length, usize::MAX);
        let cut = match rest.trim_end() {
            "" => "",
            rest if rest.starts_with(' ') => " …",
            _ => "…",
        };
        let text = format!("{beginning}{cut}");
        (text, caret)
    });
    Location::at(file, position, excerpt)
}

/// The indentation and the key of a line, up to the colon. `None` unless it is a known key, or a
/// name with a foreign sign.
fn beginning(line: &str, is_among_names: bool) -> Option<String> {
    let (key, _) = line.split_once(':')?;
    let name = key.trim_start_matches([' ', '\t', '-']);
    let is_foreign = name.starts_with(['*', '&', '@', '!', '%']);
    (is_known_name(name) || (is_among_names && is_foreign))
        .then(|| format!("{}:", key.replace('\t', " ")))
}

/// `*name` is an alias, `@` and the backtick are reserved, `!` begins a tag, `%` a directive.
fn foreign_sign(text: &str, met: Position) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let (column, sign) = [met.column, first_column(line)]
        .into_iter()
        .find_map(|column| {
            Some((
                column,
                character(line, column).filter(|c| "*&@`!%".contains(*c))?,
            ))
        })?;
    let rest: String = line.chars().skip(column - 1).collect();
    let end = rest.find([':', ',', ' ', ']', '}']).unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    let what = meaning(sign);
    // Only the name of a tool or the like is shown: any other text may be a part of a secret.
    let is_name = line
        .chars()
        .take(column - 1)
        .all(|c| c.is_whitespace() || c == '-')
        && is_among_names(text, met.line);
    let message = if is_name {
        let quoted = word.replace('\'', "''");
        format!(
            "found {}, whose `{sign}` is {what} in YAML, expected it in quotes: `'{quoted}'`",
            shown(word)
        )
    } else {
        format!(
            "found a text that begins with `{sign}`, which is {what} in YAML, expected it in quotes"
        )
    };
    Some((
        Position {
            line: met.line,
            column,
        },
        message,
    ))
}

/// Whether a line stands directly below a key whose members are names that a client calls. The line below another key may
/// be the rest of a value, and so of a secret.
fn is_among_names(text: &str, number: usize) -> bool {
    let Some(own) = line(text, number).map(first_column) else {
        return false;
    };
    let above = text.lines().take(number.saturating_sub(1));
    let parent = above
        .filter(|line| !line.trim().is_empty() && first_column(line) < own)
        .last();
    parent.is_some_and(|line| {
        let key = line.trim_start_matches([' ', '-']).split_once(':');
        key.is_some_and(|(name, value)| NAMES.contains(&name) && value.trim().is_empty())
    })
}

/// The keys of `oauth.scopes` whose members are names.
const NAMES: [&str; 4] = ["tools", "prompts", "resources", "methods"];

/// The meaning of a sign in YAML.
const fn meaning(sign: char) -> &'static str {
    match sign {
        '*' => "an alias",
        '&' => "an anchor",
        '!' => "a tag",
        '%' => "a directive",
        _ => "a reserved sign",
    }
}

fn tab(text: &str, met: Position) -> Option<Explanation> {
    [met.line, met.line.saturating_sub(1)]
        .into_iter()
        .find_map(|number| {
            let line = line(text, number)?;
            let column = line.chars().position(|c| !c.is_whitespace()).unwrap_or(0);
            let tab = line.chars().take(column).position(|c| c == '\t')?;
            let message = "found a tab in the indentation, expected spaces".to_owned();
            Some((
                Position {
                    line: number,
                    column: tab + 1,
                },
                message,
            ))
        })
}

/// In `key:'value'` a space is missing. YAML reads one text, and the parser misses a key in the
/// next line.
fn missing_space(text: &str, met: Position) -> Option<Explanation> {
    [met.line, met.line.saturating_sub(1)]
        .into_iter()
        .find_map(|number| {
            let line = line(text, number)?;
            let (key, value) = line.split_once(':')?;
            let name = key.trim_start_matches([' ', '-']);
            let is_joined = value.starts_with(|c: char| !c.is_whitespace() && c != '/');
            let column = key.chars().count() + 2;
            (is_known_name(name) && is_joined).then(|| {
                let message = format!(
                    "found {name:?}: without a space after the colon, expected `{name}: …`"
                );
                (
                    Position {
                        line: number,
                        column,
                    },
                    message.replacen(&format!("{name:?}:"), &format!("`{name}:`"), 1),
                )
            })
        })
}

/// A quote that is not closed in its line. A quoted text may continue in the next line, but seldom
/// does.
fn open_quote(text: &str, met: Position) -> Option<Explanation> {
    let lines = text.lines().enumerate().take(met.line);
    let open = lines.filter_map(|(index, line)| {
        open_signs([(index, line)].into_iter())
            .pop()
            .filter(|(_, sign)| matches!(sign, '\'' | '"'))
    });
    open.map(|(position, sign)| (position, never_closed(sign, sign)))
        .next()
}

/// A bracket or brace that is never closed.
fn open_bracket(text: &str) -> Option<Explanation> {
    let (position, sign) = open_signs(text.lines().enumerate()).pop()?;
    let end = match sign {
        '[' => ']',
        '{' => '}',
        quote => quote,
    };
    Some((position, never_closed(sign, end)))
}

fn never_closed(sign: char, end: char) -> String {
    format!("found `{sign}` that is never closed, expected `{end}` at its end")
}

/// The quotes, brackets and braces that these lines open and do not close.
fn open_signs<'t>(lines: impl Iterator<Item = (usize, &'t str)>) -> Vec<(Position, char)> {
    let mut open: Vec<(Position, char)> = Vec::new();
    for (index, line) in lines {
        let mut before = ' ';
        for (column, sign) in line.chars().enumerate() {
            let position = Position {
                line: index + 1,
                column: column + 1,
            };
            let quote = open
                .last()
                .map(|(_, sign)| *sign)
                .filter(|sign| matches!(sign, '\'' | '"'));
            let begins = before.is_whitespace() || "[{,".contains(before);
            match sign {
                '\'' | '"' if quote == Some(sign) && before != '\\' => drop(open.pop()),
                '\'' | '"' | '[' | '{' if quote.is_none() && begins => open.push((position, sign)),
                '#' if quote.is_none() && before.is_whitespace() => break,
                ']' | '}' if quote.is_none() => drop(open.pop()),
                _ => {}
            }
            before = sign;
        }
    }
    open
}

/// Two members of a flow mapping or list without a comma between them.
fn missing_comma(text: &str, met: Position, info: &str) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let is_flow =
        line.contains(['{', '[']) && (info.contains("trailing content") || info.contains("','"));
    is_flow.then(|| {
        (
            met,
            "found two values without a comma between them, expected `,`".to_owned(),
        )
    })
}

/// An entry of a list below keys.
fn entry_among_keys(text: &str, met: Position) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let entry = line.trim_start().strip_prefix("- ")?;
    let is_here = met.column <= first_column(line) + 2;
    let name = entry
        .split_once(':')
        .map(|(name, _)| name)
        .filter(|name| is_known_name(name))
        .unwrap_or("…");
    let message = format!(
        "found an entry of a list among keys, expected each entry to begin with `- {name}:`"
    );
    is_here.then(|| {
        (
            Position {
                line: met.line,
                column: first_column(line),
            },
            message,
        )
    })
}

/// A key that is indented more, or less, than the keys above it.
fn indentation(text: &str, met: Position, info: &str) -> Option<Explanation> {
    let line = line(text, met.line)?;
    let before = text
        .lines()
        .take(met.line.saturating_sub(1))
        .filter(|line| !line.trim().is_empty())
        .last()
        .unwrap_or_default();
    let is_further_in =
        first_column(line) > first_column(before) && !before.trim_end().ends_with(':');
    let is_first = met.column <= first_column(line) || info.contains("indent");
    let message = "found a line that is not indented like the keys above it, expected the same number of spaces for all \
                   keys of a section";
    (line.contains(':') && (is_further_in || is_first)).then(|| {
        (
            Position {
                line: met.line,
                column: first_column(line),
            },
            message.to_owned(),
        )
    })
}

/// The position of a marker. The end of the text becomes its last line that is not empty.
fn position(text: &str, marker: Marker) -> Position {
    let position = Position {
        line: marker.line(),
        column: marker.col() + 1,
    };
    let lines = text.lines().count();
    if position.line <= lines {
        position
    } else {
        Position {
            line: lines.max(1),
            column: 1,
        }
    }
}

fn line(text: &str, number: usize) -> Option<&str> {
    text.lines().nth(number.checked_sub(1)?)
}

fn first_column(line: &str) -> usize {
    line.chars()
        .position(|c| !c.is_whitespace())
        .map_or(1, |column| column + 1)
}

fn character(line: &str, column: usize) -> Option<char> {
    line.chars().nth(column.checked_sub(1)?)
}
