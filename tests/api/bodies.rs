//! Bodies that two parsers could read differently. The service rejects each, with any token.

use std::{io::Write, net::TcpStream};

use support::{CONFIG, http::Answer, token, until};

use crate::{app::TestApp, ask::Ask};

fn all() -> String {
    token("mcp:connect mcp:tools:read mcp:tools:execute mcp:admin")
}

fn post(app: &TestApp, body: &[u8]) -> Answer {
    app.ask(&Ask::post(body).token(&all()))
}

#[test]
fn ambiguous_bodies_are_refused() {
    let app = TestApp::spawn(CONFIG);
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":{open}{close}}}}}"#)
    };
    let batch = |size: usize| {
        let one = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        format!("[{}]", vec![one; size].join(","))
    };
    let bodies: Vec<Vec<u8>> = [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","m\u0065thod":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"admin-x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"admin-x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"paramſ":{"name":"admin-x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"params\u0000":{"name":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["echo"]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["echo"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
        r#"{"jsonrpc":"2.0","result":{}}"#,
        r#"{"jsonrpc":"2.0"}"#,
        "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        "null",
        "7",
        "\"ping\"",
        "{",
        "[",
        "{}",
        "[[]]",
        "[7]",
        "method=ping",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([
        deep(63).into_bytes(),
        batch(51).into_bytes(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec(),
    ])
    .collect();
    for body in bodies {
        let answer = post(&app, &body);
        assert_eq!(
            answer.outcome(),
            "403 operation-malformed",
            "{}",
            String::from_utf8_lossy(&body)
        );
        assert_eq!(answer.header("x-scopegate-status"), Some("400"));
        assert!(
            answer
                .header("x-scopegate-error")
                .unwrap()
                .starts_with("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32"),
            "{answer:?}"
        );
        assert_eq!(answer.header("www-authenticate"), None);
    }
    assert_eq!(post(&app, deep(62).as_bytes()).outcome(), "200");
    assert_eq!(post(&app, batch(50).as_bytes()).outcome(), "200");
}

#[test]
fn encoded_bodies_and_other_types_are_refused() {
    let app = TestApp::spawn(CONFIG);
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let ask = || Ask::post(ping).token(&all());
    assert_eq!(app.ask(&ask()).outcome(), "200");
    assert_eq!(app.ask(&ask().without("Content-Type")).outcome(), "200");
    assert_eq!(
        app.ask(&ask().with("Content-Type", "application/json; charset=utf-8"))
            .outcome(),
        "200"
    );
    for (name, value) in [
        ("Content-Type", "text/plain"),
        ("Content-Type", "application/json; charset=utf-16"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ] {
        assert_eq!(
            app.ask(&ask().with(name, value)).outcome(),
            "403 operation-malformed",
            "{value}"
        );
    }
    for encoding in ["gzip", "identity", "br, gzip"] {
        let answer = app.ask(&ask().header("Content-Encoding", encoding));
        assert_eq!(answer.outcome(), "403 operation-malformed", "{encoding}");
    }
}

#[test]
fn a_body_over_the_limit_is_too_large_and_one_below_is_not() {
    let limited = format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  max_body_bytes: 1000\n"
    );
    let app = TestApp::spawn(&limited);
    let body = |pad: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#,
            "y".repeat(pad)
        )
    };
    let exact = 1000 - body(0).len();
    assert_eq!(post(&app, body(exact).as_bytes()).outcome(), "200");
    let answer = post(&app, body(exact + 1).as_bytes());
    assert_eq!(answer.outcome(), "403 body-too-large");
    assert_eq!(answer.header("x-scopegate-status"), Some("413"));
}

#[test]
fn headers_and_body_must_agree() {
    let app = TestApp::spawn(CONFIG);
    let echo = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    let ask = |headers: &[(&str, &str)]| {
        let ask = Ask::post(echo).token(&all());
        app.ask(
            &headers
                .iter()
                .fold(ask, |ask, (name, value)| ask.header(name, *value)),
        )
        .outcome()
    };
    assert_eq!(
        ask(&[("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")]),
        "200"
    );
    assert_eq!(ask(&[("Mcp-Name", "=?base64?ZWNobw==?=")]), "200");
    for headers in [
        [("Mcp-Method", "tools/list"), ("Mcp-Name", "echo")],
        [("Mcp-Method", "TOOLS/CALL"), ("Mcp-Name", "echo")],
        [("Mcp-Method", "tools/call"), ("Mcp-Name", "admin-x")],
        [
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "=?base64?YWRtaW4teA==?="),
        ],
        [
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "=?BASE64?ZWNobw==?="),
        ],
    ] {
        assert_eq!(ask(&headers), "403 operation-mismatch", "{headers:?}");
    }
    for headers in [
        [
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "=?base64?ZWNobw?="),
        ],
        [("Mcp-Method", "tools/call"), ("Mcp-Method", "tools/call")],
        [
            ("Mcp-Method", "tools/call, tools/list"),
            ("Mcp-Name", "echo"),
        ],
    ] {
        assert_eq!(ask(&headers), "403 operation-malformed", "{headers:?}");
    }
}

#[test]
fn a_body_that_never_comes_does_not_hang_and_is_not_permitted() {
    let app = TestApp::spawn(CONFIG);
    let request = format!(
        "POST /authorize HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Original-Method: POST\r\n\
         X-Original-URI: /mcp\r\nAuthorization: Bearer {}\r\nContent-Length: 10\r\n\r\n",
        all()
    );
    assert_eq!(app.raw(request.as_bytes()).outcome(), "403 body-truncated");
    let none = request.replace("Content-Length: 10", "Content-Length: 0");
    assert_eq!(app.raw(none.as_bytes()).outcome(), "403 operation-unknown");
}

#[test]
fn bodies_in_memory_are_bounded_together_and_make_room_again() {
    let limited = format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  workers: 2\n  max_body_bytes: 1000\n"
    );
    let app = TestApp::spawn(&limited);
    let padded = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#,
        "y".repeat(500)
    );
    let head = "POST /authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    let mut waiting = Vec::new();
    // Nothing has checked the tokens of these clients, which send all but the last byte.
    for _ in 0..80 {
        let mut stream = TcpStream::connect(app.address).unwrap();
        stream
            .write_all(format!("{head}{}", "x".repeat(999)).as_bytes())
            .unwrap();
        waiting.push(stream);
    }
    let until_it_is =
        |expected: &str| until(|| post(&app, padded.as_bytes()).outcome() == expected);
    until_it_is("503 overloaded");
    assert_eq!(
        app.ask(&Ask::of("GET").token(&all())).outcome(),
        "200",
        "what has no body needs no room"
    );
    drop(waiting);
    until_it_is("200");
}
