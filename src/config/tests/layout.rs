//! Compares the declared keys with the keys that the reader accepts.

use super::{PLAIN, Plain, load};
use crate::config::keys;

/// A text with a wrong value at one path. No key accepts a list of a list of a section.
fn with_nonsense(path: &str) -> String {
    let mut yaml = String::new();
    let mut closing = String::new();
    for segment in path.split('.') {
        let (name, opening, end) = match segment.strip_suffix("[]") {
            Some(name) => (name, ": [{", "}]"),
            None => (segment, ": {", "}"),
        };
        yaml.push_str(name);
        yaml.push_str(opening);
        closing.insert_str(0, end);
    }
    let open = yaml.rfind(": {").unwrap_or_default();
    yaml.truncate(open);
    format!(
        "{{{yaml}: [[{{}}]]{}}}",
        closing.strip_prefix('}').unwrap_or(&closing)
    )
}

#[test]
fn every_key_is_known_and_checked() {
    for key in keys() {
        let mistakes = load(&with_nonsense(&key)).unwrap_err();
        let path = key.replace("[]", "[0]");
        let is_there = |mistake: &crate::config::Mistake| mistake.path.starts_with(&path);
        assert!(mistakes.iter().any(is_there), "{key}: {mistakes}");
        assert!(
            !mistakes.plain().contains("unknown key"),
            "{key}: {mistakes}"
        );
    }
}

#[test]
fn keys_are_listed_once_and_by_their_path() {
    let keys = keys();
    for known in [
        "mcp.oauth.jwks[].refresh_interval",
        "resources[].id",
        "server.log.subject",
        "mcp.session.stateless",
    ] {
        assert!(keys.iter().any(|key| key == known), "{known}");
    }
    let mut once = keys.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), keys.len());
}

#[test]
fn an_unknown_key_is_a_mistake_that_names_its_neighbour() {
    let yaml = PLAIN
        .yaml()
        .replace("scopes: {", "scope: {}, scopes: {")
        .replace("jwks: [{", "jwks: [{whatever: 1, ");
    let mistakes = load(&yaml).unwrap_err().plain();
    let lines: Vec<&str> = mistakes.lines().collect();
    assert_eq!(
        lines[0],
        "mcp.oauth.scope: found an unknown key, expected `scopes`"
    );
    let prefix =
        "mcp.oauth.jwks[0].whatever: found an unknown key, expected one of url, refresh_interval, ";
    assert!(lines[1].starts_with(prefix), "{}", lines[1]);
}

#[test]
fn sections_of_others_are_ignored_with_one_line() {
    let settings = load(&format!(
        "{}supergraph: {{listen: x}}\n'x y': 1\n",
        PLAIN.yaml()
    ))
    .unwrap();
    assert_eq!(
        settings.warnings,
        ["sections that are not for scopegate were ignored: `supergraph`, `x y`"]
    );
}
