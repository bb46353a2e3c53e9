//! The audit log of the whole service: it holds the right records and no secrets, and failed writes
//! are handled.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use support::{
    CONFIG, NOW, call, claims,
    envoy::{CheckRequest, Outcome},
    http::Answer,
    token, token_of, until,
};

use crate::{
    app::{TestApp, metrics},
    ask::Ask,
    decisions,
};

/// A service with an audit log of these settings.
fn spawn(config: &str, audit: &str) -> TestApp {
    TestApp::spawn(&format!(
        "{config}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  \
         admin_listen_addr: '127.0.0.1:0'\n  workers: 2\n  drain: '0s'\n  audit: {{{audit}}}\n"
    ))
}

/// The records, as soon as there are `count`.
fn records(app: &TestApp, count: usize) -> Vec<Value> {
    let read = || fs::read_to_string(app.folder().join("audit.jsonl")).unwrap();
    until(|| read().lines().count() >= count);
    let lines: Vec<_> = read()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), count, "{lines:?}");
    lines
}

const TO_FILE: &str = "output: 'audit.jsonl', permits: 1";

#[test]
fn every_row_of_the_table_of_decisions_has_the_record_that_its_answer_says() {
    for table in &decisions::tables() {
        let app = spawn(&table.config(), TO_FILE);
        let answers: Vec<Answer> = table.rows.iter().map(|row| app.ask(&row.ask())).collect();
        for (answer, record) in answers.iter().zip(records(&app, table.rows.len())) {
            let decision = record["decision"].as_str().unwrap();
            let code = record["code"].as_str().unwrap();
            match answer.header("x-scopegate-reason") {
                Some(reason) => assert_eq!((decision, code), ("deny", reason), "{}", table.policy),
                None => assert!(
                    answer.status == 200 && matches!(decision, "permit" | "report"),
                    "{record}"
                ),
            }
        }
    }
}

#[test]
fn a_record_tells_who_asked_for_what_and_what_it_needs() {
    let app = spawn(CONFIG, &format!("{TO_FILE}, subject: 'plain'"));
    let delete = call(
        "tools/call",
        r#"{"name":"admin-delete","arguments":{"user":"bob"}}"#,
    );
    let ask = Ask::post(delete).header(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    );
    app.ask(&ask.token(&token("mcp:connect mcp:tools:execute")));
    let mut record = records(&app, 1).remove(0);
    let version = app.policy.snapshot().version().to_owned();
    assert!(
        record
            .as_object_mut()
            .unwrap()
            .remove("duration_us")
            .unwrap()
            .is_u64()
    );
    let expected = json!({
        "schema": 1, "event": "decision", "time": "2026-01-01T00:00:00.000000Z",
        "resource": "mcp", "dialect": "auth_request", "http_method": "POST",
        "operation": "tools/call", "name": "admin-delete", "decision": "deny", "code": "scope-insufficient",
        "subject": "alice", "issuer": "https://auth.example.com", "client_id": "client-1", "key_id": "k1",
        "required_scopes": ["mcp:connect", "mcp:tools:execute", "(mcp:admin | mcp:root mcp:tools:read)"],
        "present_scopes": ["mcp:connect", "mcp:tools:execute"],
        "policy_version": version, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    assert_eq!(record, expected);
}

#[test]
fn permits_are_written_if_they_are_chosen_and_reports_always() {
    let app = spawn(CONFIG, "output: 'audit.jsonl', operations: ['tools/list']");
    let all = token("mcp:connect mcp:tools:read");
    assert_eq!(app.ask(&Ask::of("GET").token(&all)).status, 200);
    assert_eq!(
        app.ask(&Ask::post(call("tools/list", "{}")).token(&all))
            .status,
        200
    );
    let list = records(&app, 1).remove(0);
    assert_eq!(
        (&list["operation"], &list["code"]),
        (&json!("tools/list"), &json!("granted"))
    );

    let app = spawn(
        &CONFIG.replace(
            "enabled: true\n    auth",
            "enabled: true\n    mode: 'report'\n    auth",
        ),
        "output: 'audit.jsonl'",
    );
    assert_eq!(
        app.ask(&Ask::post(call("tools/list", "{}")).token(&token("mcp:connect")))
            .status,
        200
    );
    let report = records(&app, 1).remove(0);
    assert_eq!(
        (&report["decision"], &report["code"]),
        (&json!("report"), &json!("scope-insufficient"))
    );
}

/// A text in everything that a client sends, except the method, the tool and the claims of a
/// verified token.
const SECRET: &str = "s3cr3t";

fn tokens() -> Vec<String> {
    let good = || claims("mcp:connect mcp:tools:execute");
    let mut expired = good();
    (expired.issued_at, expired.expires_at, expired.subject) =
        (NOW - 600, NOW - 300, format!("{SECRET}-subject"));
    let mut foreign = good();
    (foreign.audience, foreign.client_id) = (
        Some(format!("https://{SECRET}")),
        format!("{SECRET}-client"),
    );
    let mut good = good();
    good.token_id = format!("{SECRET}-jti");
    let forged = format!("{}{SECRET}", token_of(&good));
    vec![
        token_of(&good),
        token_of(&expired),
        token_of(&foreign),
        forged,
        format!("{SECRET}.{SECRET}.{SECRET}"),
        SECRET.to_owned(),
    ]
}

fn bodies() -> Vec<String> {
    let arguments = format!(r#""arguments":{{"{SECRET}":"{SECRET}","query":"{{ {SECRET} }}"}}"#);
    vec![
        call(
            "tools/call",
            &format!(r#"{{"name":"a_tool",{arguments},"_meta":{{"x":"{SECRET}"}}}}"#),
        ),
        call(
            "tools/call",
            &format!(r#"{{"name":"execute_graphql",{arguments}}}"#),
        ),
        call(
            "prompts/get",
            &format!(r#"{{"name":"a_prompt",{arguments}}}"#),
        ),
        call(
            "resources/read",
            &format!(r#"{{"uri":"file:///{SECRET}"}}"#),
        ),
        call("tasks/get", &format!(r#"{{"taskId":"{SECRET}"}}"#)),
        call(
            "completion/complete",
            &format!(
                r#"{{"ref":{{"type":"ref/resource","uri":"x://{SECRET}"}},"argument":{{"name":"{SECRET}","value":"{SECRET}"}}}}"#
            ),
        ),
        format!(
            "[{},{}]",
            call("tools/call", &format!(r#"{{"name":"a_tool",{arguments}}}"#)),
            call(
                "resources/read",
                &format!(r#"{{"uri":"file:///{SECRET}"}}"#)
            )
        ),
        format!(r#"{{"jsonrpc":"2.0","id":"{SECRET}","result":{{"text":"{SECRET}"}}}}"#),
        format!(
            r#"{{"jsonrpc":"2.0","id":"{SECRET}","method":"ping","{SECRET}":"{SECRET}","Method":"{SECRET}"}}"#
        ),
        SECRET.to_owned(),
    ]
}

#[test]
fn no_record_holds_a_token_an_argument_or_what_an_unverified_token_claims() {
    let app = spawn(CONFIG, &format!("{TO_FILE}, subject: 'plain'"));
    let (tokens, bodies) = (tokens(), bodies());
    for token in &tokens {
        for body in &bodies {
            ask_in_every_dialect(&app, token, body);
        }
    }
    let records = records(&app, tokens.len() * bodies.len() * 4);
    let parts: BTreeSet<&str> = tokens.iter().flat_map(|token| token.split('.')).collect();
    for record in &records {
        let line = record.to_string();
        assert!(!line.contains(SECRET), "{line}");
        assert!(!parts.iter().any(|part| line.contains(part)), "{line}");
    }
    let codes: BTreeSet<_> = records
        .iter()
        .map(|record| record["code"].as_str().unwrap())
        .collect();
    for code in [
        "granted",
        "token-malformed",
        "token-expired",
        "audience-refused",
        "operation-malformed",
    ] {
        assert!(codes.contains(code), "no request was {code}: {codes:?}");
    }
    let dialects: BTreeSet<_> = records
        .iter()
        .map(|record| record["dialect"].as_str().unwrap())
        .collect();
    assert_eq!(dialects.len(), 4);
}

fn ask_in_every_dialect(app: &TestApp, token: &str, body: &str) {
    let target = format!("/mcp?{SECRET}={SECRET}");
    let authorization = format!("Bearer {token}");
    let common = format!(
        "Host: mcp.example.com\r\nConnection: close\r\nAuthorization: {authorization}\r\nCookie: {SECRET}\r\n\
         Mcp-Session-Id: {SECRET}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    let original = format!("X-Original-Method: POST\r\nX-Original-URI: {target}\r\n");
    let forwarded = format!(
        "X-Forwarded-Method: POST\r\nX-Forwarded-Uri: {target}\r\nX-Forwarded-Host: mcp.example.com\r\n\
         X-Forwarded-Proto: https\r\n"
    );
    for (path, headers) in [
        ("/authorize?resource=mcp", original),
        (&*format!("/authorize{target}"), String::new()),
        ("/forward-auth?resource=mcp", forwarded),
    ] {
        app.raw(format!("POST {path} HTTP/1.1\r\n{common}{headers}\r\n{body}").as_bytes());
    }
    let request = CheckRequest::post(body).change(|http| http.path.clone_from(&target));
    app.check(
        request
            .header("authorization", &authorization)
            .header("cookie", SECRET),
    );
}

#[test]
fn a_full_disk_refuses_permits_where_that_is_asked_for_and_never_touches_a_denial() {
    let app = spawn(
        CONFIG,
        "output: '/dev/full', permits: 1, when_full: 'refuse'",
    );
    let permitted = Ask::of("GET").token(&token("mcp:connect"));
    // The service accepts the first record. The failed write shows a moment later.
    assert_eq!(app.ask(&permitted).outcome(), "200");
    until(|| app.ask(&permitted).outcome() == "503 audit-unavailable");
    let over_grpc = CheckRequest::of("GET").token(&token("mcp:connect"));
    assert_eq!(app.check(over_grpc).outcome(), Outcome::Failed(503));
    assert_eq!(app.ask(&Ask::of("GET")).outcome(), "401 token-missing");
    assert_eq!(
        app.ask(&Ask::of("GET").token(&token("other"))).outcome(),
        "403 scope-insufficient"
    );
    let ready = app.admin("/readyz");
    assert_eq!(ready.status, 200);
    assert!(
        ready
            .body
            .contains(r#""failing_audit":"No space left on device"#),
        "{}",
        ready.body
    );
    let metrics = metrics(&app);
    assert!(metrics["scopegate_audit_records_total{outcome=\"refused\"}"] >= 2.0);
    assert_eq!(metrics["scopegate_audit_last_write_successful"], 0.0);
    assert!(metrics["scopegate_audit_write_failures_total"] >= 1.0);
}

#[test]
fn a_full_disk_loses_records_and_counts_them_where_permits_matter_more() {
    let app = spawn(CONFIG, "output: '/dev/full', permits: 1, queue: 16");
    let permitted = Ask::of("GET").token(&token("mcp:connect"));
    let denied = Ask::of("GET").token(&token("other"));
    let dropped = || metrics(&app)["scopegate_audit_records_total{outcome=\"dropped\"}"];
    until(|| {
        assert_eq!(app.ask(&permitted).outcome(), "200");
        assert_eq!(app.ask(&denied).outcome(), "403 scope-insufficient");
        dropped() > 2.0
    });
    assert_eq!(
        metrics(&app)["scopegate_audit_records_total{outcome=\"refused\"}"],
        0.0
    );
}

#[test]
fn without_the_section_there_is_no_log_and_no_metric() {
    let app = TestApp::spawn(CONFIG);
    app.ask(&Ask::of("GET"));
    assert!(
        !metrics(&app)
            .keys()
            .any(|name| name.starts_with("scopegate_audit"))
    );
}
