//! The gRPC dialect, asked over a real connection as Envoy asks.

mod health;

use std::{collections::HashMap, io::Write, net::TcpStream};

use support::{
    CONFIG, call,
    envoy::{CheckRequest, CheckResponse, HttpResponse, Outcome},
    grpc, token,
};
use tonic::{Code, Request};

use crate::app::{TestApp, metrics};

#[test]
fn a_permit_replaces_the_five_identity_headers() {
    let app = TestApp::spawn(CONFIG);
    let ask = CheckRequest::of("GET")
        .header("x-auth-subject", "forged")
        .token(&token("mcp:connect own"));
    let answer = app.check(ask);
    assert_eq!(answer.outcome(), Outcome::Allowed);
    let expected = HashMap::from(
        [
            ("x-auth-subject", "alice"),
            ("x-auth-client-id", "client-1"),
            ("x-auth-issuer", "https://auth.example.com"),
            ("x-auth-scope", "mcp:connect%20own"),
            ("x-auth-resource", "mcp"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    assert_eq!(answer.headers(), expected);
    let Some(HttpResponse::Ok(ok)) = &answer.http_response else {
        panic!("{answer:?}")
    };
    assert!(ok.headers_to_remove.is_empty());
    let metadata =
        ["subject", "client", "scopes", "operation", "reason"].map(|name| answer.metadata(name));
    assert_eq!(
        metadata,
        ["alice", "client-1", "mcp:connect own", "stream", "granted"].map(Some)
    );
}

#[test]
fn a_denial_carries_its_status_and_its_challenge() {
    let app = TestApp::spawn(CONFIG);
    let answer = app.check(CheckRequest::of("GET").header("origin", "https://page.example"));
    assert_eq!(answer.summary(), "401 token-missing");
    let headers = answer.headers();
    assert_eq!(
        headers["www-authenticate"],
        "Bearer realm=\"mcp\", scope=\"mcp:connect\", resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\""
    );
    assert_eq!(headers["access-control-expose-headers"], "WWW-Authenticate");
    let answer = app.check(
        CheckRequest::post(call(
            "tools/call",
            r#"{"name":"echo","arguments":{"a":"secret"}}"#,
        ))
        .token(&token("mcp:connect")),
    );
    assert_eq!(answer.summary(), "403 scope-insufficient");
    assert!(
        answer.headers()["www-authenticate"].contains("scope=\"mcp:connect mcp:tools:execute\"")
    );
    assert_eq!(
        (answer.metadata("operation"), answer.metadata("name")),
        (Some("tools/call"), Some("echo"))
    );
    assert_eq!(answer.metadata("subject"), Some("alice"));
    assert!(!format!("{answer:?}").contains("secret"));
}

fn list() -> CheckRequest {
    CheckRequest::post(call("tools/list", "{}"))
}

fn all() -> String {
    token("mcp:connect mcp:tools:read")
}

#[test]
fn two_authorization_headers_have_no_reading() {
    let app = TestApp::spawn(CONFIG);
    let bearer = format!("Bearer {}", all());
    let joined = list().header("authorization", &format!("{bearer},{bearer}"));
    assert_eq!(app.check(joined).summary(), "400 request-malformed");
    let repeated = list()
        .raw_header("authorization", &bearer)
        .raw_header("authorization", &bearer);
    let answer = app.check(repeated);
    assert_eq!(answer.summary(), "400 request-malformed");
    let Some(HttpResponse::Denied(denied)) = &answer.http_response else {
        panic!("{answer:?}")
    };
    assert!(
        denied.body.contains("\"error\":{\"code\":-32600,"),
        "{}",
        denied.body
    );
    assert_eq!(answer.headers()["content-type"], "application/json");
    let contradicting = list()
        .raw_header("authorization", &bearer)
        .header("authorization", "Bearer x");
    assert_eq!(app.check(contradicting).summary(), "400 request-malformed");
    assert_eq!(
        app.check(list().raw_header("authorization", &bearer))
            .summary(),
        "200"
    );
}

#[test]
fn pseudo_headers_and_other_dialects_headers_are_not_believed() {
    let app = TestApp::spawn(CONFIG);
    let forged = |request: CheckRequest| {
        let names = [
            ("x-original-uri", "/mcp"),
            ("x-forwarded-uri", "/mcp"),
            ("x-original-method", "GET"),
        ];
        let request = names.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        request
            .token(&all())
            .header(":path", "/mcp")
            .header(":method", "GET")
    };
    assert_eq!(app.check(forged(list())).summary(), "200");
    assert_eq!(
        app.check(forged(list().change(|http| http.path = "/x".to_owned())))
            .summary(),
        "404 resource-unknown"
    );
    assert_eq!(
        app.check(forged(list().change(|http| http.method = "PUT".to_owned())))
            .summary(),
        "403 operation-unknown"
    );
    assert_eq!(
        app.check(CheckRequest { attributes: None }).summary(),
        "400 request-malformed"
    );
}

#[test]
fn a_body_that_is_not_whole_is_not_read() {
    let app = TestApp::spawn(CONFIG);
    let good = || list().token(&all());
    assert_eq!(app.check(good()).summary(), "200");
    assert_eq!(
        app.check(good().change(|http| http.size += 1)).summary(),
        "413 body-truncated"
    );
    let marked = good().header("x-envoy-auth-partial-body", "true");
    assert_eq!(app.check(marked).summary(), "413 body-truncated");
    assert_eq!(
        app.check(good().header("x-envoy-auth-partial-body", "false"))
            .summary(),
        "200"
    );
    let hidden = good().change(|http| (http.size, http.raw_body) = (0, Vec::new()));
    assert_eq!(app.check(hidden).summary(), "403 operation-unknown");
    let with_body = CheckRequest::of("GET")
        .token(&all())
        .change(|http| http.raw_body = b"{}".to_vec());
    assert_eq!(app.check(with_body).summary(), "400 operation-malformed");
}

#[test]
fn a_text_body_is_read_only_where_the_policy_trusts_it() {
    let text = || {
        list().token(&all()).change(|http| {
            http.body = String::from_utf8(std::mem::take(&mut http.raw_body)).unwrap()
        })
    };
    let app = TestApp::spawn(CONFIG);
    assert_eq!(app.check(text()).summary(), "403 operation-unknown");
    assert_eq!(
        app.check(text().change(|http| http.method = "GET".to_owned()))
            .summary(),
        "400 operation-malformed"
    );
    let preflight = text().change(|http| http.method = "OPTIONS".to_owned());
    let preflight = preflight
        .header("origin", "https://p.example")
        .header("access-control-request-method", "POST");
    assert_eq!(app.check(preflight).summary(), "403 operation-unknown");
    let trusting = TestApp::spawn(&CONFIG.replace(
        "    authorization_server_url",
        "    trust_string_body: true\n    authorization_server_url",
    ));
    assert_eq!(trusting.check(text()).summary(), "200");
    assert_eq!(
        trusting
            .check(text().change(|http| http.size += 1))
            .summary(),
        "413 body-truncated"
    );
}

#[test]
fn what_is_too_long_is_denied_and_no_failed_call() {
    let app = TestApp::spawn(&format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  max_body_bytes: 1000\n"
    ));
    let padded = |length| {
        call(
            "tools/list",
            &format!(r#"{{"x":"{}"}}"#, "y".repeat(length)),
        )
    };
    let ask = |length| {
        app.check(CheckRequest::post(padded(length)).token(&all()))
            .summary()
    };
    assert_eq!(ask(900), "200");
    assert_eq!(ask(1000), "413 body-too-large");
    assert_eq!(ask(3 << 20), "413 body-too-large");
    let counted = "scopegate_decisions_total{decision=\"deny\",dialect=\"ext_authz_grpc\",reason=\"body-too-large\",resource=\"none\"}";
    assert_eq!(metrics(&app)[counted], 1.0);
}

#[test]
fn requests_in_flight_are_bounded_together_with_those_over_http() {
    let app = TestApp::spawn(&format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  max_in_flight: 1\n"
    ));
    let mut waiting = TcpStream::connect(app.address).unwrap();
    // A request whose body does not come stays in flight.
    let head = "POST /authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
    waiting.write_all(head.as_bytes()).unwrap();
    while metrics(&app)["scopegate_requests_in_flight"] < 1.0 {}
    assert_eq!(metrics(&app)["scopegate_requests_in_flight_max"], 1.0);
    assert_eq!(
        app.check(list().token(&all())).summary(),
        "error 503 overloaded"
    );
    drop(waiting);
    while app.check(list().token(&all())).outcome() != Outcome::Allowed {}
}

#[test]
fn the_route_may_name_the_resource() {
    let app = TestApp::spawn(CONFIG);
    assert_eq!(
        app.check(list().token(&all()).extension("resource", "mcp"))
            .summary(),
        "200"
    );
    assert_eq!(
        app.check(list().token(&all()).extension("other", "x"))
            .summary(),
        "200"
    );
    assert_eq!(
        app.check(list().token(&all()).extension("resource", "x"))
            .summary(),
        "404 resource-unknown"
    );
    assert_eq!(
        app.check(list().token(&all()).extension("resource", ""))
            .summary(),
        "400 request-malformed"
    );
}

#[test]
fn a_token_that_is_not_to_be_forwarded_is_removed() {
    let app = TestApp::spawn(&CONFIG.replace(
        "    authorization_server_url",
        "    forward_token: false\n    authorization_server_url",
    ));
    let answer = app.check(list().token(&all()));
    let Some(HttpResponse::Ok(ok)) = &answer.http_response else {
        panic!("{answer:?}")
    };
    assert_eq!(ok.headers_to_remove, ["authorization"]);
}

#[test]
fn an_unknown_method_of_the_service_is_unimplemented() {
    let app = TestApp::spawn(CONFIG);
    let path = "/envoy.service.auth.v3.Authorization/Other";
    let status = grpc::call::<_, CheckResponse>(app.grpc, path, Request::new(list())).unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
