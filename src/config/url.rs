//! Reads URLs, paths and `host:port`. URL parsers repair what they read. Nothing is repaired here,
//! since clients and providers compare these texts byte for byte.

use std::net::IpAddr;

use ::url::{Host, Url};

/// Parses an http(s) URL that is in its canonical form: ASCII, lower-case scheme, no user name, no
/// fragment.
pub(super) fn parse_web_url(text: &str) -> Option<Url> {
    let (_, authority_and_path) = text.split_once("://")?;
    let authority = authority_and_path.split(['/', '?', '#']).next()?;
    let is_uri_byte = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
    let is_exact = text.bytes().all(is_uri_byte)
        && (text.starts_with("https://") || text.starts_with("http://"))
        && !authority.is_empty()
        && !authority.contains('@')
        && !text.contains('#');
    if is_exact {
        Url::parse(text).ok()
    } else {
        None
    }
}

/// The path of an http(s) URL, in its original spelling.
pub(super) fn written_path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme
        .find('/')
        .and_then(|start| after_scheme.get(start..))
        .unwrap_or_default()
}

/// Returns true if the path has only one spelling and may be compared byte for byte: it begins with
/// `/` and has no empty or dot segment, no final `/`, no percent-encoding and no parameter.
pub(super) fn is_canonical_path(path: &str) -> bool {
    let is_path_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte);
    let is_plain = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.bytes().all(is_path_byte)
    };
    path == "/"
        || path
            .strip_prefix('/')
            .is_some_and(|rest| rest.split('/').all(is_plain))
}

/// Parses the `host` or `host:port` of a `Host` header into lower case. Returns `None` for anything
/// else.
pub(super) fn parse_host(text: &str) -> Option<String> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let lower = Some(text.to_ascii_lowercase()).filter(|lower| lower.bytes().all(is_legal))?;
    let url = parse_web_url(&format!("http://{lower}"))?;
    let port = lower.strip_prefix(url.host_str()?)?;
    let is_port =
        |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(lower)
}

/// Returns true if a text is a listener's `host:port`. The service resolves the name when it binds.
pub(super) fn is_socket_address(text: &str) -> bool {
    let has_port = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !port.is_empty());
    has_port && parse_host(text).is_some()
}

/// Returns true if a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Ok(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Err(_) => false,
    }
}

/// Parses an origin as browsers write it (RFC 6454 §6.2): lower case, without default ports.
pub(super) fn parse_origin(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if let Some(url) = parse_web_url(&lower) {
        let is_bare = written_path(&lower).is_empty() && url.query().is_none();
        return is_bare.then(|| url.origin().ascii_serialization());
    }
    // Extensions and embedded views use schemes such as `vscode-webview://0abc`.
    let (scheme, host) = lower.split_once("://")?;
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte);
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_legal);
    (is_name(scheme) && is_name(host) && !scheme.starts_with("http")).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_url_is_read_only_if_nothing_needs_repair() {
        for text in [
            "https://a.example",
            "http://localhost:1/x",
            "https://[::1]/a?b=c",
        ] {
            assert!(parse_web_url(text).is_some(), "{text}");
        }
        for text in [
            "",
            "a.example",
            "HTTPS://a",
            "https:a",
            "https:///a",
            "https://u@a",
            "https://@a",
            "https://a#",
            "https://a b",
            " https://a",
            "https://a\\b",
            "https://a\"",
            "https://ä",
            "ftp://a",
            "https://a:99999",
        ] {
            assert!(parse_web_url(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_canonical_path_has_one_spelling() {
        for path in ["/", "/mcp", "/a/b.c/~d", "/a:b@c"] {
            assert!(is_canonical_path(path), "{path}");
        }
        for path in [
            "", "mcp", "//", "/mcp/", "/a//b", "/./a", "/a/..", "/%6dcp", "/a;b", "/a\\b", "/a?b",
            "/a b",
        ] {
            assert!(!is_canonical_path(path), "{path}");
        }
    }

    #[test]
    fn hosts_are_lower_case_with_an_optional_port() {
        assert_eq!(
            parse_host("A.Example:8443").as_deref(),
            Some("a.example:8443")
        );
        assert_eq!(parse_host("[::1]:80").as_deref(), Some("[::1]:80"));
        assert_eq!(parse_host("a.example").as_deref(), Some("a.example"));
        for text in [
            "", ":80", "a:", "a:b", "a:70000", "a/b", "a:+1", "::1", "*.a", "http://a",
        ] {
            assert_eq!(parse_host(text), None, "{text}");
        }
    }

    #[test]
    fn a_listener_needs_a_host_and_a_port() {
        for text in ["localhost:5025", "0.0.0.0:0", "[::]:80"] {
            assert!(is_socket_address(text), "{text}");
        }
        for text in [
            "localhost",
            ":5025",
            "::1:80",
            "a:99999",
            "http://a:1",
            "a:1/x",
            "",
        ] {
            assert!(!is_socket_address(text), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "a.example",
            "localhost.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn origins_are_written_as_browsers_do() {
        assert_eq!(
            parse_origin("https://A.example:443").as_deref(),
            Some("https://a.example")
        );
        assert_eq!(
            parse_origin("http://localhost:6274").as_deref(),
            Some("http://localhost:6274")
        );
        assert_eq!(
            parse_origin("vscode-webview://0abc").as_deref(),
            Some("vscode-webview://0abc")
        );
        for text in [
            "*",
            "null",
            "a.example",
            "https://a/",
            "https://a/x",
            "https://a?x",
            "x://a/b",
            "",
        ] {
            assert_eq!(parse_origin(text), None, "{text}");
        }
    }
}
