//! Queries of shapes that have hurt GraphQL servers: each is refused or resolved, with little time and stack.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, SystemClock};

const SDL: &str = "type Query { a: Int @requiresScopes(scopes: [[\"a\"]]) t(s: String, l: [[Int]]): T i: I } \
                   interface I { t: T } type T implements I { t: T x: Int @requiresScopes(scopes: [[\"x\"]]) }";

/// The result of a query on a thread with the stack of a request worker.
fn run(text: &str, unknown_fields: UnknownFields) -> Result<Vec<String>, QueryFault> {
    let text = text.to_owned();
    let worker = std::thread::Builder::new().stack_size(1024 * 1024);
    let handle = worker.spawn(move || {
        let graph = graph(SDL);
        let clock = SystemClock::default();
        let started = clock.uptime();
        let result = resolve(&graph, &text, unknown_fields);
        let spent = clock.uptime() - started;
        // Generous, for an unoptimised build on a busy machine. A visit whose cost multiplies would take hours.
        assert!(
            spent < Duration::from_secs(20),
            "{spent:?} for {} bytes",
            text.len()
        );
        result
    });
    handle.unwrap().join().unwrap()
}

fn nested(depth: usize) -> String {
    format!("{{ {}x{} }}", "t { ".repeat(depth), " }".repeat(depth))
}

#[test]
fn queries_beyond_a_limit_are_refused() {
    let aliases: String = (0..300).map(|index| format!("a{index}: a ")).collect();
    let many: String = (0..6000).map(|_| "a ").collect();
    let chain: String = (0..40)
        .map(|i| format!("fragment F{i} on Query {{ ...F{} }} ", i + 1))
        .collect();
    for (text, fault) in [
        (nested(31), None),
        (nested(32), Some(QueryFault::TooDeep)),
        (nested(150), Some(QueryFault::TooDeep)),
        (nested(9000), Some(QueryFault::Unparsable)),
        (format!("{{ {aliases} }}"), Some(QueryFault::TooManyAliases)),
        (format!("{{ {many} }}"), Some(QueryFault::Unparsable)),
        (
            format!("{{ a {} }}", "#".repeat(70_000)),
            Some(QueryFault::TooLong),
        ),
        (
            format!("{{ ...F0 }} {chain} fragment F40 on Query {{ a }}"),
            Some(QueryFault::TooDeep),
        ),
        (
            format!("{{ t(l: {}{}) {{ x }} }}", "[".repeat(500), "]".repeat(500)),
            Some(QueryFault::Unparsable),
        ),
        (
            format!(
                "query($v: {}Int{}) {{ a }}",
                "[".repeat(500),
                "]".repeat(500)
            ),
            Some(QueryFault::Unparsable),
        ),
        ("{".repeat(30_000), Some(QueryFault::Unparsable)),
        ("[".repeat(30_000), Some(QueryFault::Unparsable)),
        (
            format!("{{ a {} }}", "@x".repeat(4_000)),
            Some(QueryFault::Invalid),
        ),
    ] {
        assert_eq!(
            run(&text, UnknownFields::Refuse).err(),
            fault,
            "{:.80}",
            text
        );
    }
}

#[test]
fn repeated_fragments_are_visited_once() {
    // Each fragment spreads the next one twice: 2 to the power of 25 visits without the limit.
    let doubling: String = (0..25)
        .map(|i| {
            format!(
                "fragment F{i} on T {{ t {{ ...F{0} }} p: t {{ ...F{0} }} }} ",
                i + 1
            )
        })
        .collect();
    let doubling = format!("{{ t {{ ...F0 }} }} {doubling} fragment F25 on T {{ x }}");
    for unknown_fields in [UnknownFields::Refuse, UnknownFields::Ignore] {
        let result = run(&doubling, unknown_fields);
        assert!(matches!(result, Err(QueryFault::TooDeep)), "{result:?}");
    }
    let wide: String = (0..10)
        .map(|i| {
            format!(
                "fragment F{i} on T {{ ...F{0} ...F{0} ...F{0} ...F{0} }} ",
                i + 1
            )
        })
        .collect();
    let wide = format!("{{ t {{ ...F0 }} }} {wide} fragment F10 on T {{ x }}");
    assert_eq!(run(&wide, UnknownFields::Ignore).unwrap(), ["T.x"]);
    assert_eq!(run(&wide, UnknownFields::Refuse).unwrap(), ["T.x"]);
    let same: String = (0..2400).map(|_| "t{x}").collect();
    assert_eq!(
        run(&format!("{{{same}}}"), UnknownFields::Ignore).unwrap(),
        ["T.x"]
    );
    let differing: String = (0..190).map(|i| format!("t(s:\"{i}\"){{x}}")).collect();
    assert!(
        run(&format!("{{{differing}}}"), UnknownFields::Refuse).is_err(),
        "they conflict"
    );
}

#[test]
fn cyclic_fragments_are_refused() {
    for text in [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { t { t { x } } ...A }",
        "{ a } fragment A on T { t { ...A } }",
        "{ t { ...A } } fragment A on T { t { ... on T { ...A } } }",
    ] {
        for unknown_fields in [UnknownFields::Refuse, UnknownFields::Ignore] {
            assert_eq!(
                run(text, unknown_fields),
                Err(QueryFault::Invalid),
                "{text}"
            );
        }
    }
}

#[test]
fn no_notation_hides_a_field() {
    for text in [
        "{a}",
        "{,,,a,,,}",
        "\u{feff}{ a }",
        "{ # { b }\n a }",
        "{ __typename # a comment ends with a carriage return\r a }",
        "{ __typename # and with both\r\n a }",
        "{ __typename # \u{2028} \u{85}\n a }",
        "{ free: a }",
        "{ __typename: a }",
        "query Q @skip(if: true) { ...F @skip(if: true) @include(if: false) } fragment F on Query { a @skip(if: true) }",
        "{ ... @include(if: false) { ... on Query { ... { a } } } }",
        "{ t(s: \"\"\" } \\\"\"\" { \"\"\") { t { __typename } } a }",
        "{ t(s: \"\\u007d \\u{7D} } #\") { t { __typename } } a }",
        "query A { __typename } query B { a }",
        "query($v: String = \"{\") { t(s: $v) { t { __typename } } a }",
        "fragment F on Query { a } { __typename ...F }",
    ] {
        match run(text, UnknownFields::Refuse) {
            Ok(needs) => assert_eq!(needs, ["Query.a"], "{text}"),
            // A refusal is safe too; neither mode may miss the field.
            Err(fault) => {
                assert!(
                    matches!(fault, QueryFault::Invalid | QueryFault::Unparsable),
                    "{text}: {fault}"
                )
            }
        }
        if let Ok(needs) = run(text, UnknownFields::Ignore) {
            assert_eq!(needs, ["Query.a"], "{text}");
        }
    }
}

#[test]
fn characters_that_are_not_graphql_are_refused() {
    for text in [
        "{ a\0 }",
        "{ \"a\" }",
        "{ \\u0061 }",
        "{ a\u{200b} }",
        "{ \u{ff41} }",
        "{ a; }",
        "{ a } }",
        "{ a } %",
        "{ t(s: \"\\uD800\") { x } }",
        "{ t(s: \"open) { x } }",
        "{ t(s: \"\"\"open) { x } }",
    ] {
        assert!(run(text, UnknownFields::Ignore).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_query_path_panic(text in "[{}()\\[\\]a-zT0-9 .:@$!|&=\"#\\\\\n,]{0,200}") {
        let _ = resolve(&graph(SDL), &text, UnknownFields::Ignore);
    }

    /// A wrapped or repeated field is found, or the query is refused.
    #[test]
    fn a_wrapped_field_is_found(wraps in prop::collection::vec(0_usize..5, 0..8)) {
        let mut fragments = String::new();
        let mut inner = "x".to_owned();
        for (index, wrap) in wraps.iter().enumerate() {
            inner = match wrap {
                0 => format!("t {{ {inner} }}"),
                1 => format!("... on T {{ {inner} }}"),
                2 => format!("... {{ {inner} }}"),
                3 => format!("n{index}: t @skip(if: true) {{ {inner} }}"),
                _ => {
                    fragments += &format!(" fragment F{index} on T {{ {inner} }}");
                    format!("...F{index}")
                }
            };
        }
        let text = format!("{{ i {{ t {{ {inner} }} }} }}{fragments}");
        for unknown_fields in [UnknownFields::Refuse, UnknownFields::Ignore] {
            prop_assert_eq!(resolve(&graph(SDL), &text, unknown_fields).unwrap(), vec!["T.x"], "{}", text);
        }
    }
}
