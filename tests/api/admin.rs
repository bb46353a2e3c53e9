//! Health, readiness, metrics and the debug pages.

use support::{CONFIG, SECRET, call, token};

use crate::{
    app::{TestApp, metrics},
    ask::Ask,
};

fn with_debug() -> String {
    format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  debug: true\n  debug_hosts: ['ops.example.com']\n"
    )
}

#[test]
fn a_service_with_its_keys_is_alive_and_ready() {
    let app = TestApp::spawn(CONFIG);
    assert_eq!(app.admin("/livez").status, 200);
    let ready = app.admin("/readyz");
    let page: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(
        (ready.status, &page["ready"], &page["failing_sources"]),
        (200, &true.into(), &serde_json::json!([]))
    );
}

#[test]
fn decisions_are_counted_by_resource_dialect_and_reason() {
    let app = TestApp::spawn(CONFIG);
    app.ask(&Ask::of("GET"));
    for _ in 0..3 {
        app.ask(&Ask::of("GET").token(&token("mcp:connect")));
    }
    app.ask(&Ask::of("GET").with("X-Original-URI", "/other"));
    let metrics = metrics(&app);
    let count = |resource: &str, decision: &str, reason: &str| {
        metrics[&format!(
            "scopegate_decisions_total{{decision=\"{decision}\",dialect=\"auth_request\",reason=\"{reason}\",resource=\"{resource}\"}}"
        )]
    };
    assert_eq!(count("mcp", "deny", "token-missing"), 1.0);
    assert_eq!(count("mcp", "permit", "granted"), 3.0);
    assert_eq!(count("none", "deny", "resource-unknown"), 1.0);
    assert_eq!(
        metrics["scopegate_token_cache_requests_total{outcome=\"hit\"}"],
        2.0
    );
    assert_eq!(
        metrics["scopegate_token_cache_requests_total{outcome=\"miss\"}"],
        1.0
    );
    assert_eq!(
        metrics["scopegate_decision_duration_seconds_count{dialect=\"auth_request\"}"],
        5.0
    );
    for name in [
        "scopegate_build_info",
        "scopegate_policy_info",
        "process_resident_memory_bytes",
    ] {
        assert!(metrics.keys().any(|key| key.starts_with(name)), "{name}");
    }
}

#[test]
fn debug_pages_are_off_unless_switched_on() {
    let app = TestApp::spawn(CONFIG);
    for path in ["/debug/policy", "/debug/keys"] {
        assert_eq!(app.admin(path).status, 404);
    }
}

#[test]
fn debug_pages_show_the_policy_and_never_a_secret() {
    let app = TestApp::spawn(&with_debug());
    let policy = app.admin("/debug/policy");
    assert!(
        policy.body.contains("tools/call admin-*"),
        "{}",
        policy.body
    );
    let keys = app.admin("/debug/keys");
    assert!(
        keys.body.contains("\"kid\":\"k1\"") && keys.body.contains("HS256"),
        "{}",
        keys.body
    );
    for page in [policy, keys, app.admin("/readyz"), app.admin("/metrics")] {
        assert!(!page.body.contains(SECRET));
    }
}

#[test]
fn debug_pages_answer_only_to_listed_hosts() {
    let app = TestApp::spawn(&with_debug());
    let status = |host: &str| app.admin_as("/debug/policy", host).status;
    for host in [
        "localhost",
        "127.0.0.1:9464",
        "[::1]:9464",
        "ops.example.com",
        "ops.example.com:9464",
    ] {
        assert_eq!(status(host), 200, "{host}");
    }
    for host in [
        "evil.example.com",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
    ] {
        assert_eq!(status(host), 403, "{host}");
    }
}

#[test]
fn a_resource_without_enforcement_permits_and_says_so() {
    let off = "mcp:\n  enabled: true\n  server: { base_url: 'https://mcp.example.com' }\n  oauth: { enabled: false }\n";
    let app = TestApp::spawn(off);
    let answer = app.ask(&Ask::post(call("tools/call", r#"{"name":"x"}"#)));
    assert_eq!(
        (answer.outcome().as_str(), answer.header("x-auth-subject")),
        ("200", Some(""))
    );
    assert!(
        app.admin("/readyz")
            .body
            .contains("\"unenforced_resources\":[\"mcp\"]")
    );
    assert_eq!(
        app.ask(&Ask::of("GET").with("X-Original-URI", "/other"))
            .outcome(),
        "403 resource-unknown"
    );
}

#[test]
fn more_requests_than_may_be_in_flight_are_told_to_come_back() {
    let app = TestApp::spawn(&format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  max_in_flight: 1\n"
    ));
    let ask = Ask::of("GET").token(&token("mcp:connect"));
    // It announces a body and does not send it, so it stays in flight for some seconds.
    let wait = || {
        let mut waiting = std::net::TcpStream::connect(app.address).unwrap();
        let head = "POST /authorize HTTP/1.1\r\nHost: x\r\nX-Original-Method: POST\r\nX-Original-URI: /mcp\r\nContent-Length: 9\r\n\r\n";
        std::io::Write::write_all(&mut waiting, head.as_bytes()).unwrap();
        waiting
    };
    let refused = (0..100).find_map(|_| {
        let _waiting = wait();
        (0..20)
            .map(|_| app.ask(&ask))
            .find(|answer| answer.status != 200)
    });
    let refused = refused.expect("one of many requests comes while another is in flight");
    assert_eq!(
        (
            refused.outcome().as_str(),
            refused.header("www-authenticate")
        ),
        ("503 overloaded", None)
    );
}

#[test]
fn the_policy_in_force_says_what_an_operation_needs() {
    use scopegate::domain::{Call, Message, Named, Operation, Query};
    let app = TestApp::spawn(CONFIG);
    let snapshot = app.policy.snapshot();
    let find = |id: &str| {
        snapshot
            .resources()
            .iter()
            .find(|resource| resource.id().as_str() == id)
    };
    let named = Named::Tool("admin-x".into());
    let call = Call {
        method: "tools/call".into(),
        is_known: true,
        named,
        query: Query::NotShown,
    };
    let operation = Operation::Single(Message::Request(call));
    let table = find("mcp")
        .and_then(|resource| resource.policy())
        .unwrap()
        .table();
    let levels = table.levels((&operation).into()).unwrap();
    let levels: Vec<_> = levels
        .iter()
        .map(|level| format!("{} {}", level.kind.name(), level.requirement))
        .collect();
    let expected = [
        "initialize mcp:connect",
        "method mcp:tools:execute",
        "tool (mcp:admin | mcp:root mcp:tools:read)",
    ];
    assert_eq!(levels, expected);
    assert!(find("other").is_none());
}
