//! The YAML that is accepted, and how keys are read.

use proptest::prelude::*;

use super::{Example, PLAIN, Plain, load, oauth};
use crate::config::file::yaml::parse;

fn tools(yaml: &str) -> Vec<String> {
    let scopes: &'static str = Box::leak(format!("tools: {{{yaml}}}").into_boxed_str());
    let settings = Example { scopes, ..PLAIN }.settings();
    oauth(&settings)
        .scopes
        .tools
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn names_keep_their_case_their_dots_and_the_order_of_the_file() {
    let names = tools("zeta: [a], GetUser: [a], getuser: [a], 'a.b/0': [a], 'é': [a], alpha: [a]");
    assert_eq!(names, ["zeta", "GetUser", "getuser", "a.b/0", "é", "alpha"]);
}

#[test]
fn names_are_kept_as_they_are_written() {
    assert_eq!(
        tools("404: [a], 0x10: [a], true: [a], ~: [a], 1.0: [a]"),
        ["404", "0x10", "true", "~", "1.0"]
    );
}

#[test]
fn a_key_that_is_there_twice_is_a_mistake() {
    let yaml = "mcp:\n  enabled: true\n  enabled: false\n  oauth:\n    scopes:\n      tools:\n        404: [a]\n        '404': [b]\n";
    let mistakes = load(yaml).unwrap_err().plain();
    let lines: Vec<&str> = mistakes
        .lines()
        .filter(|line| line.contains("again"))
        .collect();
    assert_eq!(
        lines,
        [
            "mcp.enabled: found the key again in line 3, expected each key once",
            "mcp.oauth.scopes.tools.404: found the key again in line 8, expected each key once",
        ]
    );
}

#[test]
fn a_path_as_a_top_level_key_is_a_mistake() {
    let mistakes = Example {
        root: "mcp.oauth.mode: report",
        ..PLAIN
    }
    .mistakes();
    assert_eq!(
        mistakes,
        "mcp.oauth.mode: found a path as a key, expected sections inside each other"
    );
}

#[test]
fn anchors_are_replaced_by_what_they_stand_for() {
    let scopes = "initialize: &all ['a', 'b'], tools_list: *all";
    let oauth = Example { scopes, ..PLAIN }.oauth();
    assert_eq!(oauth.scopes.tools_list, oauth.scopes.initialize);
}

#[test]
fn words_that_yaml_1_1_took_for_flags_are_texts() {
    let mistakes = Example {
        oauth: "forward_token: no",
        ..PLAIN
    }
    .mistakes();
    assert_eq!(
        mistakes,
        "mcp.oauth.forward_token: found the text `no`, expected `true` or `false`"
    );
}

#[test]
fn what_is_no_single_mapping_is_one_mistake_with_its_line() {
    for (yaml, expected) in [
        (
            "mcp: {}\n---\nmcp: {}\n",
            "test.yaml:2:1: found a second document, expected one YAML document with sections",
        ),
        (
            "- a\n",
            "test.yaml:1:1: found no mapping at the top, expected sections such as `mcp:`",
        ),
        ("text", "test.yaml:1:1: found no mapping at the top"),
        (
            "mcp:\n  ? [a]\n  : b\n",
            "test.yaml:2:5: found a key that is not a text",
        ),
        (
            "a: &a [*a]\n",
            "test.yaml:1:8: found an alias inside its own anchor",
        ),
        (
            "a: &a b\n*a : c\n",
            "test.yaml:2:1: found an alias as a key",
        ),
        (
            "a: 'b\n",
            "test.yaml:1:4: found `'` that is never closed, expected `'` at its end",
        ),
        (
            "a: [\n",
            "test.yaml:1:4: found `[` that is never closed, expected `]` at its end",
        ),
        (
            "a:\n\tb: c\n",
            "test.yaml:2:1: found a tab in the indentation, expected spaces",
        ),
    ] {
        let mistakes = load(yaml).unwrap_err().plain();
        assert!(mistakes.starts_with(expected), "{yaml:?}: {mistakes}");
        assert_eq!(mistakes.lines().count(), 1, "{mistakes}");
    }
}

#[test]
fn what_is_deeper_or_larger_than_any_configuration_is_refused() {
    for yaml in [
        "- ".repeat(100_000),
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "? ".repeat(100_000),
    ] {
        assert!(parse(&yaml).is_err());
    }
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let alias = format!("*a{},", level - 1).repeat(10);
        laughs.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
    }
    assert_eq!(
        parse(&laughs).unwrap_err().message,
        "found more values or levels than a configuration has, expected one YAML document with sections"
    );
}

#[test]
fn an_empty_file_has_no_resource() {
    for yaml in ["", "# nothing\n", "---\n", "\u{feff}", "mcp:\n"] {
        let mistakes = load(yaml).unwrap_err().plain();
        let expected = "mcp.enabled: found no enabled resource, expected `true`, or an enabled entry in `resources`";
        assert_eq!(mistakes, expected, "{yaml:?}");
    }
}

proptest! {
    #[test]
    fn no_text_ends_the_process(text in r"(?s).{0,200}") {
        let _ = load(&text);
    }

    #[test]
    fn no_yaml_ends_the_process(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "mcp", "server", "oauth", "jwks", "scopes", "resources", "implies", "secret", "url", "enabled",
                ": ", ":\n  ", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ", "'", "\"", "true", "1",
                "${", "}", "&a ", "*a", "!!str ", "|\n", ">", "? ", "%", "---\n", "\t", "é", "~", "<<", "#",
            ]),
            0..40,
        ),
    ) {
        let _ = load(&parts.concat());
    }
}

#[test]
fn a_line_below_a_secret_is_never_shown() {
    let secret = "S3cr3tpassS3cr3tpass";
    for written in [
        "secret:\n          @S3cr3tpassS3cr3tpass",
        "secret:\n          %S3cr3tpassS3cr3tpass",
        "secret:\n          *S3cr3tpassS3cr3tpass",
        "secret:\n          !S3cr3tpassS3cr3tpass,x",
        "secret: abc\n          %S3cr3tpassS3cr3tpass: d",
        "secret: \"abc\n          %S3cr3tpassS3cr3tpass\" x",
        "secret: 'abc'\n        *S3cr3tpassS3cr3tpass: d",
        "unknown_key_that_is_long: 1\r        secret: S3cr3tpassS3cr3tpass",
        "unknown_key_that_is_long: 1\r\n        secret: S3cr3tpassS3cr3tpass",
    ] {
        let yaml = format!(
            "# note\rmcp:\n  oauth:\n    jwks:\n      - header_key_id: k\n        {written}\n"
        );
        let told = told_with_lines(&yaml);
        assert!(!told.contains(secret), "{written}\n{told}");
        assert!(told.contains("found"), "{written}\n{told}");
    }
}

#[test]
fn a_foreign_sign_is_shown_only_among_names() {
    let told =
        told_with_lines("mcp:\n  oauth:\n    scopes:\n      tools:\n        *_user: ['a']\n");
    assert!(told.contains("expected it in quotes: `'*_user'`"), "{told}");
    let told = told_with_lines("mcp:\n  oauth:\n    mode:\n      *_user\n");
    assert!(!told.contains("_user"), "{told}");
}

/// The mistakes of a text, each with its line.
fn told_with_lines(yaml: &str) -> String {
    match load(yaml) {
        Ok(_) => String::new(),
        Err(mistakes) => mistakes.with_lines(),
    }
}
