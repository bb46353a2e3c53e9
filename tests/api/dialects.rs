//! Each dialect reads the original request from its own headers and ignores those of other
//! gateways.

use support::{CONFIG, call, http::Answer, token};

use crate::{app::TestApp, ask::Ask};

fn raw(app: &TestApp, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut text = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    app.raw(format!("{text}\r\n{body}").as_bytes())
}

fn bearer(scope: &str) -> String {
    format!("Bearer {}", token(scope))
}

#[test]
fn a_permit_is_an_empty_200_with_all_identity_headers() {
    let app = TestApp::spawn(CONFIG);
    let answer = app.ask(&Ask::of("GET").token(&token("mcp:connect own")));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-length"), Some("0"));
    let identity = ["subject", "client-id", "issuer", "scope", "resource"]
        .map(|name| answer.header(&format!("x-auth-{name}")));
    let expected = [
        "alice",
        "client-1",
        "https://auth.example.com",
        "mcp:connect%20own",
        "mcp",
    ];
    assert_eq!(identity, expected.map(Some));
    let preflight = Ask::of("OPTIONS").header("Origin", "https://p.example");
    let answer = app.ask(&preflight.header("Access-Control-Request-Method", "POST"));
    assert_eq!(
        (answer.status, answer.header("x-auth-subject")),
        (200, Some(""))
    );
    assert_eq!(answer.header("x-auth-resource"), Some("mcp"));
}

#[test]
fn auth_request_needs_its_two_headers_each_once() {
    let app = TestApp::spawn(CONFIG);
    let good = || Ask::of("GET").token(&token("mcp:connect"));
    assert_eq!(app.ask(&good()).outcome(), "200");
    for bad in [
        good().without("X-Original-Method"),
        good().without("X-Original-URI"),
        good().header("X-Original-Method", "GET"),
        good().header("X-Original-URI", "/mcp"),
        good().with("X-Original-URI", "/mcp /x"),
        good().body("{}"),
    ] {
        let answer = app.ask(&bad);
        assert_eq!(answer.outcome(), "403 request-malformed", "{bad:?}");
        assert_eq!(answer.header("x-scopegate-status"), Some("400"));
    }
}

#[test]
fn auth_request_believes_no_other_dialects_headers() {
    let app = TestApp::spawn(CONFIG);
    let forged = Ask::of("GET")
        .with("X-Original-URI", "/elsewhere")
        .header("X-Forwarded-Uri", "/mcp")
        .header("X-Forwarded-Method", "GET")
        .header("X-Envoy-Original-Path", "/mcp")
        .token(&token("mcp:connect"));
    assert_eq!(app.ask(&forged).outcome(), "403 resource-unknown");
    let partial = Ask::of("GET")
        .header("X-Envoy-Auth-Partial-Body", "true")
        .token(&token("mcp:connect"));
    assert_eq!(app.ask(&partial).outcome(), "200");
}

#[test]
fn only_the_exact_path_is_the_resource() {
    let app = TestApp::spawn(CONFIG);
    for path in [
        "/mcp/",
        "//mcp",
        "/mcp/.",
        "/./mcp",
        "/%6dcp",
        "/mcp%2f",
        "/mcp;x",
        "/mcp\\",
        "/MCP",
        "/",
        "http://mcp.example.com/mcp",
    ] {
        let ask = Ask::of("GET")
            .with("X-Original-URI", path)
            .token(&token("mcp:connect"));
        assert_eq!(app.ask(&ask).outcome(), "403 resource-unknown", "{path}");
    }
    let with_query = Ask::of("GET")
        .with("X-Original-URI", "/mcp?a=/../b")
        .token(&token("mcp:connect"));
    assert_eq!(app.ask(&with_query).outcome(), "200");
}

#[test]
fn the_resource_in_the_query_must_exist_and_stand_alone() {
    let app = TestApp::spawn(CONFIG);
    let ask = |query: &str| {
        let line = format!("GET /authorize{query}");
        let authorization = bearer("mcp:connect");
        let headers = [
            ("Host", "x"),
            ("X-Original-Method", "GET"),
            ("X-Original-URI", "/mcp"),
            ("Authorization", &authorization),
        ];
        raw(&app, &line, &headers, "").outcome()
    };
    assert_eq!(ask("?resource=mcp"), "200");
    assert_eq!(ask(""), "200");
    assert_eq!(ask("?resource=other"), "403 resource-unknown");
    assert_eq!(ask("?resource=mcp&resource=other"), "403 request-malformed");
    assert_eq!(ask("?x=y"), "403 request-malformed");
}

#[test]
fn ext_authz_http_takes_method_path_and_body_as_they_are() {
    let app = TestApp::spawn(CONFIG);
    let list = call("tools/list", "{}");
    let ask = |line: &str, scope: &str, more: &[(&str, &str)], body: &str| {
        let authorization = bearer(scope);
        let mut headers = vec![
            ("Host", "mcp.example.com"),
            ("Authorization", authorization.as_str()),
        ];
        headers.extend_from_slice(more);
        raw(&app, line, &headers, body)
    };
    assert_eq!(
        ask(
            "POST /authorize/mcp?x=y",
            "mcp:connect mcp:tools:read",
            &[],
            &list
        )
        .status,
        200
    );
    let denied = ask("POST /authorize/mcp", "mcp:connect", &[], &list);
    assert_eq!((denied.status, denied.body.as_str()), (403, ""));
    assert!(
        denied
            .header("www-authenticate")
            .unwrap()
            .contains("scope=\"mcp:connect mcp:tools:read\"")
    );
    assert_eq!(denied.header("x-scopegate-reason"), None);
    assert_eq!(
        ask("GET /authorize/elsewhere", "mcp:connect", &[], "").status,
        404
    );
    let cut = ask(
        "POST /authorize/mcp",
        "mcp:connect mcp:tools:read",
        &[("x-envoy-auth-partial-body", "true")],
        &list,
    );
    assert_eq!((cut.status, cut.body.as_str()), (413, ""));
    let malformed = ask(
        "POST /authorize/mcp",
        "mcp:connect",
        &[],
        "{\"jsonrpc\":\"2.0\"}",
    );
    assert_eq!(
        (malformed.status, malformed.header("content-type")),
        (400, Some("application/json"))
    );
    let error: serde_json::Value = serde_json::from_str(&malformed.body).unwrap();
    assert_eq!(
        (&error["jsonrpc"], &error["id"], &error["error"]["code"]),
        (&"2.0".into(), &serde_json::Value::Null, &(-32600).into())
    );
    let mismatch = ask(
        "POST /authorize/mcp",
        "mcp:connect",
        &[("Mcp-Method", "ping")],
        &list,
    );
    assert_eq!(mismatch.status, 400);
    assert!(mismatch.body.contains("-32020"), "{mismatch:?}");
    let forged = ask(
        "GET /authorize/elsewhere",
        "mcp:connect",
        &[("X-Original-URI", "/mcp"), ("X-Forwarded-Uri", "/mcp")],
        "",
    );
    assert_eq!(forged.status, 404);
}

#[test]
fn forward_auth_reads_x_forwarded_headers() {
    let app = TestApp::spawn(CONFIG);
    let authorization = bearer("mcp:connect");
    let good = [
        ("Host", "scopegate"),
        ("Authorization", authorization.as_str()),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Uri", "/mcp"),
        ("X-Forwarded-Host", "mcp.example.com"),
        ("X-Forwarded-Proto", "https"),
    ];
    assert_eq!(raw(&app, "GET /forward-auth", &good, "").status, 200);
    assert_eq!(
        raw(&app, "GET /forward-auth?resource=mcp", &good, "").status,
        200
    );
    assert_eq!(
        raw(&app, "GET /forward-auth?resource=no", &good, "").status,
        404
    );
    for left_out in 2..good.len() {
        let mut headers = good.to_vec();
        let (name, _) = headers.remove(left_out);
        assert_eq!(
            raw(&app, "GET /forward-auth", &headers, "").status,
            400,
            "{name}"
        );
        headers.extend([good[left_out], good[left_out]]);
        assert_eq!(
            raw(&app, "GET /forward-auth", &headers, "").status,
            400,
            "{name} twice"
        );
    }
}

#[test]
fn the_gateway_is_told_to_remove_a_token_that_is_not_forwarded() {
    let app = TestApp::spawn(&CONFIG.replace(
        "    authorization_server_url",
        "    forward_token: false\n    authorization_server_url",
    ));
    let authorization = bearer("mcp:connect");
    let headers = [
        ("Host", "mcp.example.com"),
        ("Authorization", authorization.as_str()),
    ];
    let answer = raw(&app, "GET /authorize/mcp", &headers, "");
    assert_eq!(
        answer.header("x-envoy-auth-headers-to-remove"),
        Some("authorization")
    );
}

#[test]
fn only_a_post_may_come_with_a_body_in_every_dialect() {
    let app = TestApp::spawn(CONFIG);
    let admin = call("tools/call", r#"{"name":"admin-x"}"#);
    let authorization = bearer("mcp:connect");
    let envoy = [
        ("Host", "mcp.example.com"),
        ("Authorization", authorization.as_str()),
    ];
    let cut = [envoy[0], envoy[1], ("X-Envoy-Auth-Partial-Body", "true")];
    for method in ["GET", "DELETE"] {
        let line = format!("{method} /authorize/mcp");
        assert_eq!(raw(&app, &line, &envoy, "").status, 200, "{method}");
        assert_eq!(raw(&app, &line, &envoy, &admin).status, 400, "{method}");
        assert_eq!(raw(&app, &line, &cut, "").status, 400, "{method}");
        let traefik = [
            envoy[0],
            envoy[1],
            ("X-Forwarded-Method", method),
            ("X-Forwarded-Uri", "/mcp"),
            ("X-Forwarded-Host", "mcp.example.com"),
            ("X-Forwarded-Proto", "https"),
        ];
        assert_eq!(
            raw(&app, "GET /forward-auth", &traefik, "").status,
            200,
            "{method}"
        );
        assert_eq!(
            raw(&app, "GET /forward-auth", &traefik, &admin).status,
            400,
            "{method}"
        );
    }
    let preflight = [
        ("Host", "mcp.example.com"),
        ("Origin", "https://p.example"),
        ("Access-Control-Request-Method", "POST"),
    ];
    assert_eq!(
        raw(&app, "OPTIONS /authorize/mcp", &preflight, "").status,
        200
    );
    assert_eq!(
        raw(&app, "OPTIONS /authorize/mcp", &preflight, &admin).status,
        401
    );
}

#[test]
fn a_target_in_absolute_form_is_refused_in_every_dialect() {
    let app = TestApp::spawn(CONFIG);
    let authorization = bearer("mcp:connect");
    let headers = [
        ("Host", "mcp.example.com"),
        ("Authorization", authorization.as_str()),
        ("X-Original-Method", "GET"),
        ("X-Original-URI", "/mcp"),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Uri", "/mcp"),
        ("X-Forwarded-Host", "mcp.example.com"),
        ("X-Forwarded-Proto", "https"),
    ];
    for (target, status) in [
        ("/authorize/mcp", 400),
        ("/authorize", 403),
        ("/forward-auth", 400),
    ] {
        assert_eq!(
            raw(&app, &format!("GET {target}"), &headers, "").status,
            200,
            "{target}"
        );
        for origin in ["http://other.example", "https://mcp.example.com"] {
            let answer = raw(&app, &format!("GET {origin}{target}"), &headers, "");
            assert_eq!(answer.status, status, "{origin}{target}");
        }
    }
}

#[test]
fn what_only_looks_like_the_prefix_is_not_there_and_no_decision() {
    let app = TestApp::spawn(CONFIG);
    let good = [
        ("Host", "mcp.example.com"),
        ("Authorization", &bearer("mcp:connect mcp:tools:read")),
    ];
    let counted = || {
        let metrics = app.admin("/metrics").body;
        metrics
            .lines()
            .filter(|line| line.starts_with("scopegate_decisions_total"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let before = counted();
    for path in [
        "/",
        "/mcp",
        "/authorized/mcp",
        "/authorizemcp",
        "//authorize/mcp",
        "/%61uthorize/mcp",
        "/Authorize/mcp",
        "/x/authorize/mcp",
    ] {
        let answer = raw(&app, &format!("GET {path}"), &good, "");
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{path}");
        assert_eq!(answer.header("x-auth-subject"), None, "{path}");
    }
    assert_eq!(counted(), before);
}
