//! Bodies that two parsers could read differently, or that are not messages.

use super::*;

const NOT_JSON: Option<(Reason, i32)> = Some((Reason::OperationMalformed, -32700));
const MALFORMED: Option<(Reason, i32)> = Some((Reason::OperationMalformed, -32600));

fn refuse(bodies: &[&str], expected: Option<(Reason, i32)>) {
    for body in bodies {
        assert_eq!(refusal(read_body(body)), expected, "{body}");
    }
}

fn refuse_params(method: &str, params: &[&str]) {
    for params in params {
        assert_eq!(
            refusal(read_body(&message(method, params))),
            MALFORMED,
            "{method} {params}"
        );
    }
}

#[test]
fn bodies_other_than_one_json_value_are_refused() {
    let good = message("ping", "{}");
    for body in [
        format!("\u{feff}{good}"),
        format!("{good}{good}"),
        format!("{good} x"),
        format!("{good}\0"),
        format!("{good},"),
        format!("/**/{good}"),
        good.replace('}', ",}"),
        good.replace('"', "'"),
        good.replace("1,", "01,"),
        good.replace("ping", "pi\nng"),
        good.replace("ping", "\\ud800"),
        good.replace("ping", "\\x70ing"),
        good[..good.len() - 1].to_owned(),
        " ".to_owned(),
    ] {
        assert_eq!(refusal(read_body(&body)), NOT_JSON, "{body:?}");
    }
    assert_eq!(
        read_body(&format!("\r\n\t {good} \n")),
        known("ping", Named::Nothing)
    );
}

#[test]
fn bytes_that_are_not_utf8_are_refused_in_every_position() {
    let utf16: Vec<u8> = message("ping", "{}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut argument = message("tools/call", r#"{"name":"a","arguments":"?"}"#).into_bytes();
    let position = argument.iter().position(|byte| *byte == b'?').unwrap();
    argument[position] = 0xff;
    for body in [utf16, argument] {
        let request = CheckRequest {
            body: Body::Whole(&body),
            ..BARE
        };
        assert_eq!(refusal(read(&request, Trust::default())), NOT_JSON);
    }
}

#[test]
fn nesting_is_limited_to_64() {
    let nested = |levels: usize, open: &str, close: &str| {
        let value = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        message(
            "tools/call",
            &format!(r#"{{"name":"a","arguments":{value}}}"#),
        )
    };
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        assert!(read_body(&nested(62, open, close)).is_ok());
        assert_eq!(refusal(read_body(&nested(63, open, close))), MALFORMED);
        assert_eq!(refusal(read_body(&nested(100_000, open, close))), MALFORMED);
    }
    let text = format!(r#"{{"name":"a","arguments":"\"{}"}}"#, "[{".repeat(100));
    assert!(read_body(&message("tools/call", &text)).is_ok());
    let wide = format!(r#"{{"name":"a","arguments":[{}]}}"#, ["[]"; 100].join(","));
    assert!(read_body(&message("tools/call", &wide)).is_ok());
    let hidden = format!(
        r#"{{"name":"a","arguments":["\\",{}1{}]}}"#,
        "[".repeat(62),
        "]".repeat(62)
    );
    assert_eq!(
        refusal(read_body(&message("tools/call", &hidden))),
        MALFORMED
    );
}

#[test]
fn a_repeated_key_is_refused_in_every_object_that_is_read() {
    refuse(
        &[
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","\u006dethod":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","x":1,"x":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{},"params":{}}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}]"#,
        ],
        MALFORMED,
    );
    refuse_params(
        "tools/call",
        &[
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","n\u0061me":"a"}"#,
            r#"{"name":"a","arguments":1,"arguments":2}"#,
            r#"{"name":"a","x":1,"x":2}"#,
            r#"{"name":"a","_meta":{"x":1,"x":2}}"#,
            r#"{"name":"a","_meta":{},"_meta":{}}"#,
        ],
    );
    refuse_params(
        "completion/complete",
        &[
            r#"{"ref":{"type":"ref/prompt","name":"a","name":"b"}}"#,
            r#"{"ref":{"type":"ref/prompt","type":"ref/prompt","name":"a"}}"#,
        ],
    );
    refuse_params(
        "subscriptions/listen",
        &[r#"{"notifications":{"resourceSubscriptions":[],"resourceSubscriptions":["a"]}}"#],
    );
    let arguments = message(
        "tools/call",
        r#"{"name":"a","arguments":{"x":1,"x":2,"Name":3}}"#,
    );
    assert_eq!(
        read_body(&arguments),
        known("tools/call", Named::Tool("a".into()))
    );
}

#[test]
fn a_repeated_key_is_found_among_many() {
    let keys: Vec<String> = (0..40_000).map(|key| format!(r#""{key}":0"#)).collect();
    let params = |last: &str| format!(r#"{{"name":"a",{},{last}}}"#, keys.join(","));
    assert!(read_body(&message("tools/call", &params(r#""last":0"#))).is_ok());
    for twice in [r#""name":"b""#, r#""3":0"#, r#""39999":0"#, r#""\u0033":0"#] {
        assert_eq!(
            refusal(read_body(&message("tools/call", &params(twice)))),
            MALFORMED,
            "{twice}"
        );
    }
}

#[test]
fn a_key_that_resembles_another_is_refused() {
    for key in [
        "Method",
        "ID",
        "\\u0049d",
        "method\\u0000",
        "Params",
        "paramſ",
        "Result",
        "ERROR",
        "\\u0000",
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","{key}":"x"}}"#);
        assert_eq!(refusal(read_body(&body)), MALFORMED, "{key}");
    }
    for key in [
        "Name",
        "nAME",
        "na\\u0000me",
        "URI",
        "urı",
        "TaskId",
        "tasKId",
        "Ref",
        "Arguments",
        "_META",
    ] {
        let params = format!(r#"{{"name":"a","{key}":"b"}}"#);
        assert_eq!(
            refusal(read_body(&message("tools/call", &params))),
            MALFORMED,
            "{key}"
        );
    }
    refuse_params(
        "completion/complete",
        &[r#"{"ref":{"type":"ref/prompt","name":"a","Type":"ref/resource"}}"#],
    );
    refuse_params(
        "subscriptions/listen",
        &[
            r#"{"notifications":{"ResourceSubscriptions":["a"]}}"#,
            r#"{"Notifications":{"resourceSubscriptions":["a"]}}"#,
        ],
    );
    refuse_params(
        "tools/list",
        &[r#"{"_meta":{"io.modelcontextprotocol/protocolversion":"2025-11-25"}}"#],
    );
}

#[test]
fn messages_that_are_not_requests_notifications_or_responses_are_refused() {
    refuse(
        &[
            "1",
            "null",
            "true",
            r#""ping""#,
            "{}",
            "[]",
            "[[]]",
            "[1]",
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","error":{}}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},[]]"#,
        ],
        MALFORMED,
    );
}

#[test]
fn members_of_a_wrong_type_are_refused() {
    for method in [
        "null",
        "1",
        "true",
        "[]",
        "{}",
        r#"["tools/call"]"#,
        r#""a\u0000""#,
    ] {
        refuse(
            &[&format!(r#"{{"jsonrpc":"2.0","id":1,"method":{method}}}"#)],
            MALFORMED,
        );
        refuse(
            &[&format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":{method},"result":1}}"#
            )],
            MALFORMED,
        );
    }
    for id in ["null", "1.5", "true", "[]", "{}"] {
        refuse(
            &[&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)],
            MALFORMED,
        );
    }
    for id in ["0", "-1", "1.0", "18446744073709551616", r#""""#] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        assert_eq!(read_body(&body), known("ping", Named::Nothing), "{id}");
    }
    refuse_params("ping", &["null", "[]", "1", r#""x""#]);
    refuse_params(
        "tools/list",
        &[r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}"#],
    );
}

#[test]
fn the_name_that_a_method_requires_must_be_a_string() {
    for value in ["null", "1", "[\"a\"]", "{}", "true", r#""a\u0000b""#] {
        refuse_params("tools/call", &[&format!(r#"{{"name":{value}}}"#)]);
        refuse_params("prompts/get", &[&format!(r#"{{"name":{value}}}"#)]);
        refuse_params("resources/read", &[&format!(r#"{{"uri":{value}}}"#)]);
        refuse_params("tasks/get", &[&format!(r#"{{"taskId":{value}}}"#)]);
        refuse_params(
            "completion/complete",
            &[
                &format!(r#"{{"ref":{value}}}"#),
                &format!(r#"{{"ref":{{"type":{value},"name":"a","uri":"b"}}}}"#),
                &format!(r#"{{"ref":{{"type":"ref/prompt","name":{value}}}}}"#),
            ],
        );
        refuse_params(
            "subscriptions/listen",
            &[&format!(
                r#"{{"notifications":{{"resourceSubscriptions":["a",{value}]}}}}"#
            )],
        );
    }
    refuse_params("tools/call", &["{}", r#"{"uri":"a"}"#]);
    refuse_params("resources/subscribe", &["{}", r#"{"name":"a"}"#]);
    refuse_params(
        "completion/complete",
        &["{}", r#"{"ref":{"type":"ref/tool","name":"a"}}"#],
    );
    refuse_params(
        "completion/complete",
        &[r#"{"ref":{"type":"ref/resource","name":"a"}}"#],
    );
    refuse_params(
        "subscriptions/listen",
        &[
            r#"{"notifications":[]}"#,
            r#"{"notifications":null}"#,
            r#"{"notifications":{"resourceSubscriptions":"a"}}"#,
            r#"{"notifications":{"resourceSubscriptions":null}}"#,
        ],
    );
    refuse(
        &[r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#],
        MALFORMED,
    );
}

#[test]
fn subscriptions_are_limited_to_1000() {
    let listen = |count: usize| {
        let uris = vec![r#""u""#; count].join(",");
        message(
            "subscriptions/listen",
            &format!(r#"{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}"#),
        )
    };
    assert!(read_body(&listen(1000)).is_ok());
    assert_eq!(refusal(read_body(&listen(1001))), MALFORMED);
}

#[test]
fn the_headers_must_say_that_the_body_is_plain_json() {
    let body = message("ping", "{}");
    let shown = |content_type, content_encoding| {
        refusal(read(
            &CheckRequest {
                content_type,
                content_encoding,
                ..post(&body)
            },
            Trust::default(),
        ))
    };
    assert_eq!(
        shown(
            Field::One(b"application/json; charset=utf-8"),
            Field::Absent
        ),
        None
    );
    assert_eq!(shown(Field::One(b"text/plain"), Field::Absent), MALFORMED);
    assert_eq!(shown(Field::Repeated, Field::Absent), MALFORMED);
    assert_eq!(shown(Field::Absent, Field::One(b"gzip")), MALFORMED);
}

#[test]
fn the_total_length_of_names_is_limited() {
    let too_long = Some((Reason::OperationMalformed, -32600));
    let called = |length: usize| {
        message(
            "tools/call",
            &format!(r#"{{"name":"{}"}}"#, "x".repeat(length)),
        )
    };
    assert_eq!(refusal(read_body(&called(256 * 1024))), None);
    assert_eq!(refusal(read_body(&called(256 * 1024 + 1))), too_long);
    let batch = |length: usize| format!("[{0},{0}]", called(length));
    assert_eq!(refusal(read_body(&batch(128 * 1024))), None);
    assert_eq!(refusal(read_body(&batch(128 * 1024 + 1))), too_long);
    let listen = |length: usize| {
        let uris = vec![format!("\"{}\"", "x".repeat(length)); 100].join(",");
        message(
            "subscriptions/listen",
            &format!(r#"{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}"#),
        )
    };
    assert_eq!(refusal(read_body(&listen(2600))), None);
    assert_eq!(refusal(read_body(&listen(2700))), too_long);
}
