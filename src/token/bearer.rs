//! Reads a bearer token from the `Authorization` header (RFC 6750 §2.1). It does not look into the token.

use std::fmt;

use super::refusal::malformed;
use crate::domain::{Field, Reason, Refusal};

/// A bearer token of legal characters, 1 byte to 16 KiB long. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bearer<'a>(&'a str);

impl<'a> Bearer<'a> {
    /// Reads the `Authorization` header.
    ///
    /// # Errors
    /// `token-missing` without the header or with another scheme; `request-malformed` if two parsers could see
    /// different credentials (a repeated header, a comma); `token-malformed` for a token that is not a `b64token`.
    pub fn read(field: Field<'a>) -> Result<Self, Refusal> {
        let value = match field {
            Field::Absent => {
                return Err(Refusal::new(
                    Reason::TokenMissing,
                    "no `Authorization` header",
                ));
            }
            Field::Repeated => return Err(ambiguous("more than one `Authorization` header")),
            Field::One(value) => without_outer_space(value),
        };
        if value
            .iter()
            .fold(false, |so_far, &byte| so_far | (byte == b','))
        {
            return Err(ambiguous("a comma in the `Authorization` header"));
        }
        let (scheme, rest) = match value.iter().position(u8::is_ascii_whitespace) {
            Some(end) => value.split_at(end),
            None => (value, [].as_slice()),
        };
        if !scheme.eq_ignore_ascii_case(b"Bearer") {
            return Err(Refusal::new(
                Reason::TokenMissing,
                "the scheme is not `Bearer`",
            ));
        }
        Self::parse(without_leading_spaces(rest))
    }

    /// The token itself, for its verification.
    pub(super) const fn expose(self) -> &'a str {
        self.0
    }

    fn parse(token: &'a [u8]) -> Result<Self, Refusal> {
        if token.is_empty() {
            return Err(malformed("the bearer token is empty"));
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed("the bearer token is longer than 16 KiB"));
        }
        match std::str::from_utf8(token) {
            Ok(text) if is_b64token(token) => Ok(Self(text)),
            Ok(_) | Err(_) => Err(malformed("the bearer token has illegal characters")),
        }
    }
}

impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bearer(… {} bytes)", self.0.len())
    }
}

const fn ambiguous(detail: &'static str) -> Refusal {
    Refusal::new(Reason::RequestMalformed, detail)
}

/// RFC 9110 §5.5: spaces and tabs around a field's value are not part of it. A line feed is part of it, and illegal.
fn without_outer_space(value: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value
        .iter()
        .position(|byte| !is_space(byte))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|byte| !is_space(byte))
        .map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// RFC 9110 §11.4 allows one or more SP between scheme and token. A tab stays and makes the token illegal.
fn without_leading_spaces(rest: &[u8]) -> &[u8] {
    let start = rest
        .iter()
        .position(|&byte| byte != b' ')
        .unwrap_or(rest.len());
    rest.get(start..).unwrap_or_default()
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(token: &[u8]) -> bool {
    let is_legal =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-'..=b'/' | b'_' | b'~' | b'+');
    let end = token
        .iter()
        .rposition(|&byte| byte != b'=')
        .map_or(0, |last| last + 1);
    // A fold has no early exit, so the compiler can look at many bytes at a time.
    end > 0
        && token
            .iter()
            .take(end)
            .fold(true, |so_far, &byte| so_far & is_legal(byte))
}

const MAX_TOKEN_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<&str, Reason> {
        Bearer::read(Field::One(value.as_bytes()))
            .map(Bearer::expose)
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn the_scheme_may_be_written_in_any_case_before_one_or_more_spaces() {
        for value in [
            "Bearer a.b-c",
            "bearer a.b-c",
            "BEARER   a.b-c",
            "Bearer a.b-c ",
        ] {
            assert_eq!(read(value), Ok("a.b-c"), "{value:?}");
        }
        assert_eq!(read("Bearer abc+/~_=="), Ok("abc+/~_=="));
    }

    #[test]
    fn without_the_header_or_with_another_scheme_the_token_is_missing() {
        assert_eq!(
            Bearer::read(Field::Absent).unwrap_err().reason,
            Reason::TokenMissing
        );
        for value in [
            "",
            "Basic YTpi",
            "DPoP abc",
            "Bearerabc",
            "Bearer:abc",
            "abc",
        ] {
            assert_eq!(read(value), Err(Reason::TokenMissing), "{value:?}");
        }
    }

    #[test]
    fn a_header_that_two_parsers_could_read_differently_is_malformed() {
        assert_eq!(
            Bearer::read(Field::Repeated).unwrap_err().reason,
            Reason::RequestMalformed
        );
        for value in [
            "Bearer a, Bearer b",
            "Bearer a,b",
            "Basic YTpi, Bearer b",
            ",Bearer a",
        ] {
            assert_eq!(read(value), Err(Reason::RequestMalformed), "{value:?}");
        }
    }

    #[test]
    fn a_token_has_legal_characters_and_a_bounded_length() {
        let values = [
            "Bearer",
            "Bearer ",
            "Bearer =",
            "Bearer a b",
            "Bearer\ta",
            "Bearer a\0",
            "Bearer a=b",
        ];
        let line_ends = ["Bearer a\n", "Bearer a\r\n", "Bearer a\u{c}"];
        for value in values.into_iter().chain(line_ends).chain([
            "Bearer ä",
            "Bearer {\"payload\":1}",
            "Bearer a\u{a0}",
        ]) {
            assert_eq!(read(value), Err(Reason::TokenMalformed), "{value:?}");
        }
        assert!(read(&format!("Bearer {}", "a".repeat(16 * 1024))).is_ok());
        assert_eq!(
            read(&format!("Bearer {}", "a".repeat(16 * 1024 + 1))),
            Err(Reason::TokenMalformed)
        );
        assert_eq!(
            Bearer::read(Field::One(b"Bearer \xff")).unwrap_err().reason,
            Reason::TokenMalformed
        );
    }

    #[test]
    fn a_token_is_never_shown() {
        let bearer = Bearer::read(Field::One(b"Bearer secret")).unwrap();
        assert_eq!(format!("{bearer:?}"), "Bearer(… 6 bytes)");
    }
}
