//! The gRPC dialect, asked over a real connection as Envoy asks.

mod envoy;

use std::collections::HashMap;

use envoy::{CheckRequest, HttpResponse, Outcome, check};

use crate::helpers::{CONFIG, TestApp, call, token};

#[test]
fn a_permit_replaces_the_five_identity_headers() {
    let app = TestApp::spawn(CONFIG);
    let ask = CheckRequest::of("GET").header("x-auth-subject", "forged").token(&token("mcp:connect own"));
    let answer = check(&app, ask);
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
    let Some(HttpResponse::Ok(ok)) = &answer.http_response else { panic!("{answer:?}") };
    assert!(ok.headers_to_remove.is_empty());
    let metadata = ["subject", "client", "scopes", "operation", "reason"].map(|name| answer.metadata(name));
    assert_eq!(metadata, ["alice", "client-1", "mcp:connect own", "stream", "granted"].map(Some));
}

#[test]
fn a_denial_carries_its_status_and_its_challenge() {
    let app = TestApp::spawn(CONFIG);
    let answer = check(&app, CheckRequest::of("GET").header("origin", "https://page.example"));
    assert_eq!(answer.summary(), "401 token-missing");
    let headers = answer.headers();
    assert_eq!(
        headers["www-authenticate"],
        "Bearer realm=\"mcp\", scope=\"mcp:connect\", resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\""
    );
    assert_eq!(headers["access-control-expose-headers"], "WWW-Authenticate");
    let answer = check(
        &app,
        CheckRequest::post(call("tools/call", r#"{"name":"echo","arguments":{"a":"secret"}}"#))
            .token(&token("mcp:connect")),
    );
    assert_eq!(answer.summary(), "403 scope-insufficient");
    assert!(answer.headers()["www-authenticate"].contains("scope=\"mcp:connect mcp:tools:execute\""));
    assert_eq!((answer.metadata("operation"), answer.metadata("name")), (Some("tools/call"), Some("echo")));
    assert_eq!(answer.metadata("subject"), Some("alice"));
    assert!(!format!("{answer:?}").contains("secret"));
}
