//! JSON with the freedom of its syntax: members may occur twice, and text may be escaped in several
//! ways.

use std::fmt::Write;

use crate::draw::Draw;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// These characters as they are.
    Raw(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn raw(text: &str) -> Self {
        Self::Raw(text.to_owned())
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn texts(texts: &[&str]) -> Self {
        Self::List(texts.iter().map(|text| Self::text(text)).collect())
    }

    pub(crate) fn object(members: &[(&str, Self)]) -> Self {
        Self::Object(
            members
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    /// The text, with a few characters escaped and a few spaces between.
    pub(crate) fn write(&self, draw: &mut Draw) -> String {
        let mut out = String::new();
        self.write_to(draw, &mut out);
        out
    }

    fn write_to(&self, draw: &mut Draw, out: &mut String) {
        out.push_str(if draw.chance(2) {
            draw.pick(&[" ", "\t", "\n", "\r\n  "])
        } else {
            ""
        });
        match self {
            Self::Raw(raw) => out.push_str(raw),
            Self::Text(text) => write_text(text, draw, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.write_to(draw, out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    write_text(name, draw, out);
                    out.push(':');
                    value.write_to(draw, out);
                }
                out.push('}');
            }
        }
    }

    /// Changes the structure in one place.
    pub(crate) fn mutate(&mut self, draw: &mut Draw, keys: &[&str], texts: &[&str]) {
        match self {
            Self::Object(members) if !members.is_empty() => {
                let index = draw.below(members.len());
                let is_container = matches!(members[index].1, Self::Object(_) | Self::List(_));
                if is_container && draw.chance(60) {
                    members[index].1.mutate(draw, keys, texts);
                } else {
                    mutate_member(members, index, draw, keys, texts);
                }
            }
            Self::List(items) if !items.is_empty() && draw.chance(70) => {
                let index = draw.below(items.len());
                items[index].mutate(draw, keys, texts);
            }
            Self::Object(_) | Self::List(_) | Self::Raw(_) | Self::Text(_) => {
                *self = any(draw, texts)
            }
        }
    }
}

fn mutate_member(
    members: &mut Vec<(String, Node)>,
    index: usize,
    draw: &mut Draw,
    keys: &[&str],
    texts: &[&str],
) {
    match draw.below(8) {
        0 => drop(members.remove(index)),
        1 => members[index].1 = any(draw, texts),
        2 => members[index].0 = variant(&members[index].0, draw),
        3 => {
            let (name, value) = members[index].clone();
            let value = if draw.chance(50) {
                any(draw, texts)
            } else {
                value
            };
            let at = draw.below(members.len() + 1);
            members.insert(at, (name, value));
        }
        4 => {
            let added = (variant(&members[index].0, draw), any(draw, texts));
            let at = draw.below(members.len() + 1);
            members.insert(at, added);
        }
        5 | 6 => members.push((draw.pick(keys).to_owned(), any(draw, texts))),
        _ => members[index].1 = Node::text(draw.pick(texts)),
    }
}

/// A key that a lenient reader could take for `key`.
fn variant(key: &str, draw: &mut Draw) -> String {
    match draw.below(7) {
        0 => key.to_uppercase(),
        1 => key
            .chars()
            .map(|c| {
                if draw.chance(30) {
                    c.to_ascii_uppercase()
                } else {
                    c
                }
            })
            .collect(),
        2 => key.replace('s', "ſ"),
        3 => key.replace('k', "\u{212a}"),
        4 => format!("{key}\0"),
        5 => format!("\0{key}"),
        _ => format!("{key} "),
    }
}

fn any(draw: &mut Draw, texts: &[&str]) -> Node {
    match draw.below(8) {
        0 => Node::List(vec![Node::text(draw.pick(texts))]),
        1 => Node::Object(Vec::new()),
        2 => Node::List(Vec::new()),
        3 => {
            let depth = 55 + draw.below(20);
            Node::Raw("[".repeat(depth) + &"]".repeat(depth))
        }
        4 | 5 => Node::text(draw.pick(texts)),
        _ => Node::raw(draw.pick(&SCALARS)),
    }
}

fn write_text(text: &str, draw: &mut Draw, out: &mut String) {
    let escapes = draw.chance(4);
    out.push('"');
    for c in text.chars() {
        let must = c < ' ' || c == '"' || c == '\\';
        if must || escapes && draw.chance(30) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = if draw.chance(50) {
                    write!(out, "\\u{unit:04x}")
                } else {
                    write!(out, "\\u{unit:04X}")
                };
            }
        } else {
            out.push(c);
        }
    }
    out.push('"');
}

const SCALARS: [&str; 16] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "1e2",
    "1e400",
    "-0",
    "18446744073709551616",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "01",
    "NaN",
];
