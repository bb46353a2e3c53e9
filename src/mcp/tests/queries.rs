//! The query of `execute_graphql`, the only argument that scopegate reads.

use super::{message, read_body};
use crate::domain::{Message, Query};

fn query_of(params: &str) -> Query<'static> {
    let body = message("tools/call", params);
    let read = read_body(&body).unwrap();
    let [Message::Request(call)] = read.messages() else {
        panic!("{read:?}")
    };
    match &call.query {
        Query::Text(text) => Query::Text(text.clone().into_owned().into()),
        Query::NotShown => Query::NotShown,
        Query::Unreadable => Query::Unreadable,
    }
}

#[test]
fn the_query_of_execute_graphql_is_read_in_every_position() {
    for (params, query) in [
        (
            r#"{"name":"execute_graphql","arguments":{"query":"{ a }"}}"#,
            "{ a }",
        ),
        (
            r#"{"arguments":{"variables":{"query":1},"query":"{ a }"},"name":"execute_graphql"}"#,
            "{ a }",
        ),
        (
            r#"{"name":"execute_gr\u0061phql","arguments":{"qu\u0065ry":"{\u0061}\n"}}"#,
            "{a}\n",
        ),
        (r#"{"name":"execute_graphql","arguments":{"query":""}}"#, ""),
    ] {
        assert_eq!(query_of(params), Query::Text(query.into()), "{params}");
    }
}

#[test]
fn an_ambiguous_query_is_unreadable() {
    for arguments in [
        "",
        r#","arguments":null"#,
        r#","arguments":[]"#,
        r#","arguments":"{ a }""#,
        r#","arguments":{}"#,
        r#","arguments":{"query":null}"#,
        r#","arguments":{"query":["{ a }"]}"#,
        r#","arguments":{"query":"{ a }","query":"{ b }"}"#,
        r#","arguments":{"query":"{ a }","qu\u0065ry":"{ a }"}"#,
        r#","arguments":{"query":"{ a }","Query":"{ b }"}"#,
        r#","arguments":{"QUERY":"{ a }"}"#,
        r#","arguments":{"query":"{ a }","query\u0000":"{ b }"}"#,
        r#","arguments":{"query":"{ a }","x":1,"x":2}"#,
        r#","arguments":{"query":"\ud800"}"#,
    ] {
        let params = format!(r#"{{"name":"execute_graphql"{arguments}}}"#);
        assert_eq!(query_of(&params), Query::Unreadable, "{params}");
    }
}

#[test]
fn the_arguments_of_other_tools_are_not_read() {
    for params in [
        r#"{"name":"other","arguments":{"query":"{ a }","query":5}}"#,
        r#"{"name":"Execute_graphql","arguments":{"query":"{ a }"}}"#,
        r#"{"name":"execute_graphql ","arguments":{"query":"{ a }"}}"#,
    ] {
        assert_eq!(query_of(params), Query::NotShown, "{params}");
    }
}

#[test]
fn a_query_is_never_shown() {
    let body = message(
        "tools/call",
        r#"{"name":"execute_graphql","arguments":{"query":"{ secret }"}}"#,
    );
    let shown = format!("{:?}", read_body(&body).unwrap());
    assert!(
        !shown.contains("secret") && shown.contains("Text(10 bytes)"),
        "{shown}"
    );
}
