//! Headers that mirror a body: they must agree with it.

use super::*;

const MISMATCH: Option<(Reason, i32)> = Some((Reason::OperationMismatch, -32020));
const BAD_HEADER: Option<(Reason, i32)> = Some((Reason::OperationMalformed, -32020));

/// The refusal of a body with `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`.
fn check(
    body: &str,
    version: Field<'_>,
    method: Field<'_>,
    name: Field<'_>,
) -> Option<(Reason, i32)> {
    let request = CheckRequest {
        protocol_version: version,
        mcp_method: method,
        mcp_name: name,
        ..post(body)
    };
    let untrusted = refusal(read(&request, Trust::default()));
    assert_eq!(
        untrusted,
        refusal(read(&request, TRUSTED)),
        "trust only applies to absent bodies"
    );
    untrusted
}

fn one(text: &str) -> Field<'_> {
    Field::One(text.as_bytes())
}

#[test]
fn mcp_method_must_be_the_method_of_the_body() {
    let call = message("tools/call", r#"{"name":"a"}"#);
    let check = |body: &str, method: &str| check(body, Field::Absent, one(method), Field::Absent);
    for method in ["tools/call", " \ttools/call\t "] {
        assert_eq!(check(&call, method), None, "{method}");
    }
    for method in [
        "tools/list",
        "TOOLS/CALL",
        "",
        "tools/call x",
        "=?base64?dG9vbHMvY2FsbA==?=",
    ] {
        assert_eq!(check(&call, method), MISMATCH, "{method}");
    }
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
    assert_eq!(check(notification, "notifications/cancelled"), None);
    assert_eq!(check(notification, "notifications/initialized"), MISMATCH);
    assert_eq!(
        check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "tools/list"),
        MISMATCH
    );
    assert_eq!(check(&message("skills/list", "{}"), "skills/list"), None);
    assert_eq!(check(&message("skills/list", "{}"), "tools/list"), MISMATCH);
}

#[test]
fn mcp_name_must_be_the_name_in_the_body() {
    for (method, params, header, expected) in [
        ("tools/call", r#"{"name":"a"}"#, "a", None),
        ("tools/call", r#"{"name":"a"}"#, "\t a ", None),
        ("tools/call", r#"{"name":"a"}"#, "A", MISMATCH),
        ("tools/call", r#"{"name":"a"}"#, "b", MISMATCH),
        ("tools/call", r#"{"name":"a"}"#, "", MISMATCH),
        ("tools/call", r#"{"name":"a, b"}"#, "a, b", None),
        ("tools/call", r#"{"name":"a"}"#, "a, b", MISMATCH),
        ("tools/call", r#"{"name":" a "}"#, " a ", MISMATCH),
        ("tools/call", r#"{"name":" a "}"#, "=?base64?IGEg?=", None),
        ("prompts/get", r#"{"name":"p"}"#, "p", None),
        (
            "resources/read",
            r#"{"uri":"file:///a"}"#,
            "file:///a",
            None,
        ),
        (
            "resources/read",
            r#"{"uri":"file:///a"}"#,
            "file:///b",
            MISMATCH,
        ),
        ("tasks/get", r#"{"taskId":"t"}"#, "t", None),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/prompt","name":"p"}}"#,
            "p",
            None,
        ),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/prompt","name":"p"}}"#,
            "q",
            MISMATCH,
        ),
        ("tools/list", r#"{"name":"a"}"#, "a", MISMATCH),
        (
            "subscriptions/listen",
            r#"{"notifications":{"resourceSubscriptions":["u"]}}"#,
            "u",
            MISMATCH,
        ),
        ("notifications/initialized", "{}", "a", MISMATCH),
        ("skills/get", r#"{"name":"s"}"#, "s", None),
    ] {
        let refused = check(
            &message(method, params),
            Field::Absent,
            Field::Absent,
            one(header),
        );
        assert_eq!(refused, expected, "{method} {params} {header:?}");
    }
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    assert_eq!(
        check(response, Field::Absent, Field::Absent, one("a")),
        MISMATCH
    );
}

#[test]
fn an_encoded_name_is_decoded_before_it_is_compared() {
    for (name, header, expected) in [
        ("admin-action", "=?base64?YWRtaW4tYWN0aW9u?=", None),
        ("ls", "=?base64?YWRtaW4tYWN0aW9u?=", MISMATCH),
        ("日本", "=?base64?5pel5pys?=", None),
        ("a", "=?base64?YQ==?=", None),
        ("=?base64?YQ==?=", "=?base64?YQ==?=", MISMATCH),
        ("", "=?base64??=", None),
        ("a", "=?base64?YQ?=", BAD_HEADER),
        ("a", "=?base64?YQ=?=", BAD_HEADER),
        ("a", "=?base64?YQ===?=", BAD_HEADER),
        ("a", "=?base64?YR==?=", BAD_HEADER),
        ("a", "=?base64?Y Q==?=", BAD_HEADER),
        ("\u{3ff}", "=?base64?z78_?=", BAD_HEADER),
        ("a", "=?base64?/w==?=", BAD_HEADER),
        ("a", "=?base64?=", BAD_HEADER),
        ("=?BASE64?YQ==?=", "=?BASE64?YQ==?=", None),
        ("=?base64?YQ==", "=?base64?YQ==", None),
        ("YQ==?=", "YQ==?=", None),
        ("a", "=?BASE64?YQ==?=", MISMATCH),
    ] {
        let body = message("tools/call", &format!(r#"{{"name":"{name}"}}"#));
        assert_eq!(
            check(&body, Field::Absent, Field::Absent, one(header)),
            expected,
            "{name} {header}"
        );
    }
}

#[test]
fn the_version_must_equal_that_of_the_body() {
    let meta = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#;
    let modern = message("tools/list", meta);
    let check = |body: &str, version: &str| check(body, one(version), Field::Absent, Field::Absent);
    assert_eq!(check(&modern, " 2026-07-28 "), None);
    assert_eq!(check(&modern, "2025-11-25"), MISMATCH);
    assert_eq!(check(&modern, ""), MISMATCH);
    assert_eq!(check(&format!("[{modern}]"), "2026-07-28"), None);
    assert_eq!(check(&format!("[{modern}]"), "2025-03-26"), MISMATCH);
    assert_eq!(
        check(&message("notifications/initialized", meta), "2025-11-25"),
        MISMATCH
    );
    assert_eq!(check(&message("tools/list", "{}"), "2026-07-28"), None);
    assert_eq!(
        check(&message("tools/list", r#"{"_meta":"x"}"#), "1999-01-01"),
        None
    );
    assert_eq!(
        check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "2025-06-18"),
        None
    );
}

#[test]
fn no_header_names_a_batch() {
    let batch = format!("[{}]", message("tools/call", r#"{"name":"a"}"#));
    assert_eq!(
        check(&batch, Field::Absent, one("tools/call"), Field::Absent),
        MISMATCH
    );
    assert_eq!(
        check(&batch, Field::Absent, Field::Absent, one("a")),
        MISMATCH
    );
}

#[test]
fn repeated_joined_and_illegal_headers_are_refused_for_every_request() {
    let call = message("tools/call", r#"{"name":"a"}"#);
    let none = Field::Absent;
    for (version, method, name) in [
        (Field::Repeated, none, none),
        (none, Field::Repeated, none),
        (none, none, Field::Repeated),
        (one("2026-07-28, 2026-07-28"), none, none),
        (none, one("tools/call,tools/call"), none),
        (none, none, one("é")),
        (none, none, Field::One(b"a\xff")),
        (none, none, one("a\0")),
        (none, one("tools/call\u{7f}"), none),
    ] {
        assert_eq!(
            check(&call, version, method, name),
            BAD_HEADER,
            "{version:?} {method:?} {name:?}"
        );
        for http_method in ["GET", "DELETE", "POST"] {
            let bare = CheckRequest {
                http_method,
                protocol_version: version,
                mcp_method: method,
                mcp_name: name,
                ..BARE
            };
            assert_eq!(
                refusal(read(&bare, Trust::default())),
                BAD_HEADER,
                "{http_method}"
            );
        }
    }
}
