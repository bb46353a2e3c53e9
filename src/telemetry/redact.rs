//! Makes text from outside safe for a log line: it limits the length, replaces unprintable
//! characters, and hashes subjects.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};

use crate::domain::Operation;

/// The first 120 characters of `foreign`. A character that is not printable ASCII becomes `?`.
#[must_use]
pub fn text(foreign: &str) -> String {
    borrowed(foreign).into_owned()
}

/// The same as [`text`], without a copy if nothing changes.
#[must_use]
pub fn borrowed(foreign: &str) -> Cow<'_, str> {
    let is_printable = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(true, |so_far, byte| so_far & matches!(byte, b' '..=b'~'))
    };
    if foreign.len() <= MAX_CHARS && is_printable(foreign.as_bytes()) {
        return Cow::Borrowed(foreign);
    }
    foreign
        .chars()
        .take(MAX_CHARS)
        .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
        .collect()
}

/// The method and the name of an operation, safe for a log line.
#[must_use]
pub fn operation(operation: &Operation<'_>) -> (String, Option<String>) {
    let (method, name) = operation.method_and_name();
    (text(method), name.map(text))
}

/// The first 16 hex digits of the subject's SHA-256. An operator can recognise a subject again
/// without knowing it.
#[must_use]
pub fn hash(subject: &str) -> String {
    let hash = digest(&SHA256, subject.as_bytes());
    let nibbles = hash
        .as_ref()
        .iter()
        .take(8)
        .flat_map(|byte| [byte >> 4, byte & 0xF]);
    nibbles
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

/// The length of the longest foreign text in a log line, in characters.
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
