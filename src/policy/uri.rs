//! Resource URIs with only one spelling. A URI with a second spelling could pass a rule and still reach the
//! resource that the rule protects.

use url::{Position, Url};

/// Whether rules may be applied to `uri`: no dot segments, no encoded unreserved characters, `/` or `\` (RFC 3986
/// §6.2.2), no raw `\`, blanks or control characters, a scheme in lower case, and no part before the path that a
/// URL parser would rewrite.
#[must_use]
pub(super) fn is_canonical(uri: &str) -> bool {
    has_lower_case_scheme(uri)
        && !uri
            .bytes()
            .any(|byte| byte == b'\\' || byte <= b' ' || byte == 0x7F)
        && !uri
            .split(['/', '?', '#'])
            .any(|segment| matches!(segment, "." | ".."))
        && has_plain_escapes(uri)
        && has_plain_authority(uri)
}

/// Whether there is a scheme (RFC 3986 §3.1), in lower case. Without a scheme it is a relative reference, whose
/// meaning depends on its base.
fn has_lower_case_scheme(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_lowercase()) && scheme.bytes().all(is_legal)
}

/// Whether a URL parser leaves the part before the path unchanged; many servers parse a URI before they look it up.
/// A parser reads `file://localhost/a` and `file:/a` as `file:///a`, and `https://H:443/a` as `https://h/a`. A URI
/// that is not a URL has only one reading.
fn has_plain_authority(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return true;
    };
    let rest = uri.strip_prefix(&url[..Position::BeforePath]);
    url.cannot_be_a_base()
        || rest.is_some_and(|rest| rest.starts_with('/') || url.path().is_empty())
}

/// Whether every `%` begins the escape of a character that must be escaped.
fn has_plain_escapes(uri: &str) -> bool {
    uri.split('%').skip(1).all(|rest| {
        let byte = rest
            .get(..2)
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        byte.and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .is_some_and(is_escaped_for_a_reason)
    })
}

fn is_escaped_for_a_reason(byte: u8) -> bool {
    let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    !is_unreserved && !matches!(byte, b'/' | b'\\' | 0)
}

#[cfg(test)]
mod tests {
    use super::is_canonical;

    #[test]
    fn canonical_uris_are_accepted() {
        for uri in [
            "file:///a/b.txt",
            "x-y://h/%20a?b=c#d",
            "urn:a:b",
            "file:///a..b/...",
            "note:1",
            "db://t/é",
        ]
        .into_iter()
        .chain([
            "https://h:8443/a?b",
            "db://T",
            "db://T/x",
            "x:/a",
            "x:///a",
            "file:///{path}",
            "https://u@h/a",
        ]) {
            assert!(is_canonical(uri), "{uri}");
        }
    }

    #[test]
    fn non_canonical_uris_are_refused() {
        for uri in [
            "note",
            "secret/x",
            "/a:b",
            "1a:b",
            ":a",
            "file:///a/../b",
            "file:///./b",
            "file:///..",
            "..",
            "file:///a?/../b",
            "file:///%2e%2e/b",
            "file:///%2E",
            "file:///%61",
            "file:///a%2fb",
            "file:///a%5Cb",
            "file:///a\\b",
            "FILE:///a",
            "File:///a",
            "file:///%",
            "file:///%4",
            "file:///%zz",
            "file:///a b",
            "file:///a\n",
            "file://localhost/a",
            "file:/a",
            "file:a",
            "https://H/a",
            "https://h:443/a",
            "https:/h/a",
            "https:///h/a",
            "https://%68/a",
            "https://h",
            "https://h?a",
            "file:///%00",
            "file:///\u{7f}",
        ] {
            assert!(!is_canonical(uri), "{uri:?}");
        }
    }
}
