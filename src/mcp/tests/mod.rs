//! The operations of valid requests; the other files have the invalid ones.

use super::read;
use crate::domain::{
    Body, Call, CheckRequest, Field, Message, Named, Operation, Query, Reason, Refusal, Trust,
};

mod bodies;
mod header_only;
mod headers;
mod properties;
mod queries;

const BARE: CheckRequest<'static> = CheckRequest::BARE;

/// A policy that lets headers name the operation.
const TRUSTED: Trust = Trust {
    mcp_headers: true,
    string_body: false,
};

fn post(body: &str) -> CheckRequest<'_> {
    CheckRequest {
        body: Body::Whole(body.as_bytes()),
        ..BARE
    }
}

fn read_body(body: &str) -> Result<Operation<'_>, Refusal> {
    read(&post(body), Trust::default())
}

/// The reason and the JSON-RPC code of a refusal.
fn refusal(result: Result<Operation<'_>, Refusal>) -> Option<(Reason, i32)> {
    result
        .err()
        .map(|error| (error.reason, error.json_rpc_code))
}

fn single<'a>(method: &'a str, is_known: bool, named: Named<'a>) -> Operation<'a> {
    Operation::Single(Message::Request(Call {
        method: method.into(),
        is_known,
        named,
        query: Query::NotShown,
    }))
}

fn known<'a>(method: &'a str, named: Named<'a>) -> Result<Operation<'a>, Refusal> {
    Ok(single(method, true, named))
}

fn message(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

#[test]
fn the_parameters_of_a_method_name_its_target() {
    for (method, params, named) in [
        (
            "tools/call",
            r#"{"name":"a","arguments":{"name":"b"}}"#,
            Named::Tool("a".into()),
        ),
        (
            "tools/call",
            r#"{"arguments":[[1e999,{"x":null}],{}],"name":""}"#,
            Named::Tool("".into()),
        ),
        (
            "tools/call",
            r#"{"n\u0061me":"\u0061\"b"}"#,
            Named::Tool("a\"b".into()),
        ),
        (
            "prompts/get",
            r#"{"name":"p","uri":5}"#,
            Named::Prompt("p".into()),
        ),
        (
            "resources/read",
            r#"{"uri":"file:///a,b","name":7}"#,
            Named::Resource("file:///a,b".into()),
        ),
        (
            "resources/subscribe",
            r#"{"uri":"u"}"#,
            Named::Resource("u".into()),
        ),
        (
            "resources/unsubscribe",
            r#"{"uri":"u"}"#,
            Named::Resource("u".into()),
        ),
        ("tasks/get", r#"{"taskId":"t"}"#, Named::Task("t".into())),
        ("tasks/result", r#"{"taskId":"t"}"#, Named::Task("t".into())),
        ("tasks/cancel", r#"{"taskId":"t"}"#, Named::Task("t".into())),
        ("tasks/update", r#"{"taskId":"t"}"#, Named::Task("t".into())),
        ("tasks/list", r#"{"taskId":"t"}"#, Named::Nothing),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/prompt","name":"p"}}"#,
            Named::Prompt("p".into()),
        ),
        (
            "completion/complete",
            r#"{"ref":{"uri":"u","type":"ref/resource"}}"#,
            Named::Resource("u".into()),
        ),
        ("subscriptions/listen", "{}", Named::Resources(vec![])),
        (
            "subscriptions/listen",
            r#"{"notifications":{"toolsListChanged":true}}"#,
            Named::Resources(vec![]),
        ),
        (
            "subscriptions/listen",
            r#"{"notifications":{"resourceSubscriptions":["a","\u0062"]}}"#,
            Named::Resources(vec!["a".into(), "b".into()]),
        ),
        (
            "tools/list",
            r#"{"cursor":"x","_meta":null}"#,
            Named::Nothing,
        ),
        ("server/discover", "{}", Named::Nothing),
    ] {
        assert_eq!(
            read_body(&message(method, params)),
            known(method, named),
            "{method} {params}"
        );
    }
}

#[test]
fn a_typical_call_borrows_its_names() {
    let body = message("tools/call", r#"{"name":"a","arguments":{"b":"c"}}"#);
    let Ok(Operation::Single(Message::Request(call))) = read_body(&body) else {
        panic!("a request")
    };
    assert!(matches!(
        call.method,
        std::borrow::Cow::Borrowed("tools/call")
    ));
    assert!(matches!(
        call.named,
        Named::Tool(std::borrow::Cow::Borrowed("a"))
    ));
}

#[test]
fn the_kind_follows_from_the_method_and_not_from_the_id() {
    let call = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#;
    assert_eq!(
        read_body(call),
        known("tools/call", Named::Tool("a".into()))
    );
    let notification = r#"{"jsonrpc":"2.0","id":7,"method":"notifications/initialized"}"#;
    let initialized = Operation::Single(Message::Notification("notifications/initialized"));
    assert_eq!(read_body(notification), Ok(initialized));
    for unknown in [
        "notifications/foo",
        "notifications/message",
        "sampling/createMessage",
        "TOOLS/LIST",
        "",
    ] {
        let named = Ok(single(unknown, false, Named::Nothing));
        assert_eq!(
            read_body(&message(unknown, r#"{"name":5,"ref":{"a":1,"a":2}}"#)),
            named,
            "{unknown}"
        );
    }
}

#[test]
fn a_response_has_an_id_and_one_outcome() {
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"result":{"method":"tools/call"}}"#,
        r#"{"id":"x","error":{"a":1,"a":2},"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","id":-1,"result":null}"#,
    ] {
        assert_eq!(
            read_body(body),
            Ok(Operation::Single(Message::Response)),
            "{body}"
        );
    }
}

#[test]
fn a_batch_has_1_to_50_messages() {
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    for count in [1, 50] {
        let body = format!(" [{}] ", vec![response; count].join(","));
        assert_eq!(
            read_body(&body),
            Ok(Operation::Batch(vec![Message::Response; count]))
        );
    }
    for count in [0, 51, 5000] {
        let body = format!("[{}]", vec![response; count].join(","));
        assert_eq!(
            refusal(read_body(&body)),
            Some((Reason::OperationMalformed, -32600)),
            "{count}"
        );
    }
}

#[test]
fn the_http_method_determines_the_operation() {
    let bare = |http_method| CheckRequest {
        http_method,
        ..BARE
    };
    assert_eq!(
        read(&bare("GET"), Trust::default()),
        Ok(Operation::OpenStream)
    );
    assert_eq!(read(&bare("DELETE"), TRUSTED), Ok(Operation::EndSession));
    for body in [Body::Whole(b"{}"), Body::Cut, Body::TooLarge] {
        for method in ["GET", "DELETE"] {
            let refused = refusal(read(
                &CheckRequest {
                    body,
                    ..bare(method)
                },
                TRUSTED,
            ));
            assert_eq!(
                refused,
                Some((Reason::OperationMalformed, -32600)),
                "{method} {body:?}"
            );
        }
    }
    let shown = |http_method| CheckRequest {
        http_method,
        ..post("nonsense")
    };
    for method in [
        "post", "get", "Delete", "HEAD", "OPTIONS", "PUT", "PATCH", "", "POST ",
    ] {
        let refused = refusal(read(&shown(method), TRUSTED));
        assert_eq!(
            refused,
            Some((Reason::OperationUnknown, -32600)),
            "{method}"
        );
    }
    // A server that reads the body of a GET would execute an operation that scopegate has not checked.
    for method in ["GET", "DELETE"] {
        let with_body = CheckRequest {
            http_method: method,
            ..post(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        };
        let refused = refusal(read(&with_body, Trust::default()));
        assert_eq!(
            refused,
            Some((Reason::OperationMalformed, -32600)),
            "{method}"
        );
    }
}

#[test]
fn an_operation_that_is_not_shown_is_never_guessed() {
    for trust in [Trust::default(), TRUSTED] {
        let shown = |body| read(&CheckRequest { body, ..BARE }, trust);
        assert_eq!(shown(Body::Absent), Ok(Operation::NotShown));
        assert_eq!(shown(Body::Whole(b"")), Ok(Operation::NotShown));
        assert_eq!(
            refusal(shown(Body::Cut)),
            Some((Reason::BodyTruncated, -32600))
        );
        assert_eq!(
            refusal(shown(Body::TooLarge)),
            Some((Reason::BodyTooLarge, -32600))
        );
    }
}

#[test]
fn each_method_is_in_the_table_once_and_known_by_its_kind() {
    for (index, method) in super::METHODS.iter().enumerate() {
        assert!(
            super::METHODS[..index]
                .iter()
                .all(|other| other.name != method.name),
            "{}",
            method.name
        );
        assert!(method.first <= method.last, "{}", method.name);
        let is_request = method.kind == super::Kind::Request;
        assert_eq!(
            super::is_known_request(method.name),
            is_request,
            "{}",
            method.name
        );
        assert_eq!(
            method.name.starts_with("notifications/"),
            !is_request,
            "{}",
            method.name
        );
    }
    for revision in super::Revision::ALL {
        assert_eq!(super::Revision::parse(revision.as_str()), Some(revision));
    }
}

#[test]
fn a_refusal_and_a_body_never_print_data_of_the_client() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["hunter2"]}}"#;
    let error = read_body(body).unwrap_err();
    assert!(!format!("{error} {error:?} {:?}", post(body)).contains("hunter2"));
}
