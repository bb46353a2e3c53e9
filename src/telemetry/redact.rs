//! Makes text from outside fit for a log line: short, printable, and of people only what is wanted.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};

use crate::domain::Operation;

/// At most 120 characters; each that is not printable ASCII becomes `?`.
#[must_use]
pub fn text(foreign: &str) -> String {
    borrowed(foreign).into_owned()
}

/// The same, without a copy where nothing has to be changed.
#[must_use]
pub fn borrowed(foreign: &str) -> Cow<'_, str> {
    let is_printable =
        |bytes: &[u8]| bytes.iter().fold(true, |so_far, byte| so_far & matches!(byte, b' '..=b'~'));
    if foreign.len() <= MAX_CHARS && is_printable(foreign.as_bytes()) {
        return Cow::Borrowed(foreign);
    }
    foreign.chars().take(MAX_CHARS).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

/// How an operation is named, fit for a log line.
#[must_use]
pub fn operation(operation: &Operation<'_>) -> (String, Option<String>) {
    let (method, name) = operation.method_and_name();
    (text(method), name.map(text))
}

/// The first 16 hex digits of the SHA-256: the same subject is recognised, but not named.
#[must_use]
pub fn hash(subject: &str) -> String {
    let hash = digest(&SHA256, subject.as_bytes());
    let nibbles = hash.as_ref().iter().take(8).flat_map(|byte| [byte >> 4, byte & 0xF]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

/// Longest foreign text in a log line.
const MAX_CHARS: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_short_and_printable() {
        assert_eq!(text("a\nb\u{1b}[é"), "a?b?[?");
        assert_eq!(text(&"x".repeat(500)).len(), 120);
    }

    #[test]
    fn a_hash_is_sixteen_hex_digits() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea");
    }
}
