//! Checks `Content-Type` and `Content-Encoding`: a body must be plain JSON in UTF-8.

use super::refusal;
use crate::domain::{Field, Refusal};

/// Checks that the body is the plain bytes of a JSON text. A gateway may leave out both headers.
///
/// # Errors
/// If there is a `Content-Encoding`, or a `Content-Type` other than `application/json` in UTF-8.
pub(super) fn check(content_type: Field<'_>, content_encoding: Field<'_>) -> Result<(), Refusal> {
    if content_encoding.is_present() {
        return Err(refusal::malformed(
            "the body must not have a content encoding",
        ));
    }
    match content_type {
        Field::Absent => Ok(()),
        Field::One(value) if str::from_utf8(value).is_ok_and(is_json) => Ok(()),
        Field::One(_) => Err(refusal::malformed(
            "the content type must be `application/json` in UTF-8",
        )),
        Field::Repeated => Err(refusal::malformed("the content type is repeated")),
    }
}

/// Whether a media type (RFC 9110 §8.3.1) is JSON. Parameters are allowed, `charset` only as UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type
        .split(';')
        .map(|part| part.trim_matches([' ', '\t']));
    let is_type = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_type && parts.all(is_harmless)
}

/// Whether a parameter changes nothing: it is empty, or a plain `name=value` that is not a charset other than
/// UTF-8. Quotes are accepted only around a plain value, so that a quoted value cannot hide a `;` or `,`.
fn is_harmless(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return parameter.is_empty();
    };
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let is_utf8 = !name.eq_ignore_ascii_case("charset") || inner.eq_ignore_ascii_case("utf-8");
    is_token(name) && is_token(inner) && is_utf8
}

/// A token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf8_is_json() {
        for good in [
            "application/json",
            "Application/JSON",
            " application/json ",
            "application/json;",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; v=1",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json, text/plain",
            "application/vnd.api+json",
            "application/json; charset=utf-16",
            "application/json; charset",
            "application/json charset=utf-8",
            "application/json; charset=utf-8; charset=utf-7",
            "application/json; a=\"x,y\"",
            "json",
            "application/json; charset=\"utf-8",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn any_content_encoding_is_refused() {
        for encoding in [
            Field::One(b"gzip"),
            Field::One(b"identity"),
            Field::One(b""),
            Field::Repeated,
        ] {
            assert!(check(Field::Absent, encoding).is_err(), "{encoding:?}");
        }
        assert!(check(Field::Repeated, Field::Absent).is_err());
        assert!(check(Field::One(b"application/json; a=\xff"), Field::Absent).is_err());
        assert_eq!(check(Field::Absent, Field::Absent), Ok(()));
    }
}
