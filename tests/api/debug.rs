//! The debug page and its form: which clients may open it, what it shows, and what it never shows.

use support::{CONFIG, SECRET, call, claims, http::Answer, token, token_of};

use crate::{
    app::{TestApp, metrics},
    ask::Ask,
    decisions,
};

/// Listeners on free ports, with debug pages.
pub(crate) const WITH_DEBUG: &str = "\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  debug: true\n  debug_hosts: ['ops.example.com']\n  drain: '0s'\n";

fn spawn() -> TestApp {
    TestApp::spawn(&format!("{CONFIG}{WITH_DEBUG}"))
}

/// The fields of the form.
#[derive(Clone)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn first() -> Self {
        let first = [
            ("dialect", "auth_request"),
            ("resource", "mcp"),
            ("method", "POST"),
            ("path", "/mcp"),
        ];
        Self(first.map(|(name, value)| (name, value.to_owned())).to_vec())
            .set("headers", "Content-Type: application/json")
            .set("body", &call("tools/list", "{}"))
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value.to_owned()));
        self
    }

    fn encoded(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

fn send(app: &TestApp, fields: &Fields) -> Answer {
    send_raw(app, &[], &fields.encoded())
}

fn send_raw(app: &TestApp, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![
        ("Host", "localhost"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    all.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
    all.extend(headers);
    let head: String = all
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    app.admin_raw(
        format!(
            "POST /debug/explain HTTP/1.1\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    )
}

/// The first text between two others.
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start}: {page}"));
    rest.split_once(end).unwrap().0
}

fn reason(answer: &Answer) -> &str {
    between(
        between(&answer.body, "class=\"verdict", "</div>"),
        "<code>",
        "<",
    )
}

/// Status and reason on the page: `200` for a permit, as [`Answer::outcome`] writes it.
fn outcome(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let status = between(&answer.body, "The gateway gets <code>", "<");
    if status == "200" {
        status.to_owned()
    } else {
        format!("{status} {}", reason(answer))
    }
}

#[test]
fn without_the_switch_there_is_no_page_by_any_method() {
    let app = TestApp::spawn(CONFIG);
    for path in ["/debug", "/debug/explain", "/debug/policy", "/debug/keys"] {
        assert_eq!(app.admin(path).status, 404, "{path}");
    }
    assert_eq!(send(&app, &Fields::first()).status, 404);
    assert_eq!(
        app.get("/debug").status,
        404,
        "the decision listener never has it"
    );
}

#[test]
fn every_page_answers_to_listed_hosts_alone_and_forbids_what_browsers_could_do() {
    let app = spawn();
    for path in ["/debug", "/debug/explain", "/debug/policy", "/debug/keys"] {
        for host in [
            "localhost",
            "127.0.0.1:9464",
            "[::1]:9464",
            "ops.example.com:9464",
        ] {
            let page = app.admin_as(path, host);
            let policy = page.header("content-security-policy").unwrap();
            assert_eq!(page.status, 200, "{path} {host}");
            assert!(
                policy.starts_with("default-src 'none'; style-src 'sha256-"),
                "{policy}"
            );
            assert!(
                policy.contains("form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
                "{policy}"
            );
            for (name, value) in [
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                ("x-frame-options", "DENY"),
            ] {
                assert_eq!(page.header(name), Some(value), "{path}");
            }
        }
        for host in [
            "evil.example.com",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
        ] {
            let page = app.admin_as(path, host);
            assert_eq!(
                (page.status, page.body.contains("mcp")),
                (403, false),
                "{path} {host}"
            );
        }
    }
    assert_eq!(
        send_raw(
            &app,
            &[("Host", "evil.example.com")],
            &Fields::first().encoded()
        )
        .status,
        403
    );
}

#[test]
fn each_page_has_its_methods_and_no_other() {
    let app = spawn();
    let status = |method: &str, path: &str| {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        app.admin_raw(request.as_bytes()).status
    };
    for path in ["/debug", "/debug/policy", "/debug/keys"] {
        for (method, expected) in [
            ("HEAD", 200),
            ("POST", 405),
            ("PUT", 405),
            ("DELETE", 405),
            ("OPTIONS", 405),
        ] {
            assert_eq!(status(method, path), expected, "{method} {path}");
        }
    }
    assert_eq!(
        (
            status("HEAD", "/debug/explain"),
            status("PUT", "/debug/explain")
        ),
        (200, 405)
    );
}

#[test]
fn a_form_that_another_site_sends_is_not_read() {
    let app = spawn();
    let status =
        |headers: &[(&str, &str)]| send_raw(&app, headers, &Fields::first().encoded()).status;
    assert_eq!(
        status(&[
            ("Origin", "http://localhost"),
            ("Sec-Fetch-Site", "same-origin")
        ]),
        200
    );
    assert_eq!(
        status(&[
            ("Host", "ops.example.com"),
            ("Origin", "https://ops.example.com")
        ]),
        200
    );
    for headers in [
        [
            ("Origin", "https://evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
        [
            ("Origin", "http://localhost:81"),
            ("Sec-Fetch-Site", "same-site"),
        ],
        [("Origin", "null"), ("X", "")],
    ] {
        assert_eq!(status(&headers), 403, "{headers:?}");
    }
}

#[test]
fn the_form_has_limits() {
    let app = spawn();
    let long = Fields::first().set("body", &"a".repeat(256 * 1024));
    assert_eq!(send(&app, &long).status, 413);
    assert_eq!(
        send_raw(&app, &[("Content-Type", "application/json")], "{}").status,
        415
    );
    for body in ["unknown=1", "token=a&token=b", "path=%ff"] {
        let answer = send_raw(&app, &[], body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.body.contains("unknown="), "{answer:?}");
    }
}

#[test]
fn the_page_shows_what_the_process_knows_and_no_secret() {
    let app = spawn();
    app.ask(&Ask::of("GET"));
    app.ask(&Ask::of("GET").token(&token("mcp:connect")));
    let page = app.admin("/debug").body;
    for part in [
        "https://mcp.example.com/mcp",
        "tools/call admin-*",
        "(mcp:admin | mcp:root mcp:tools:read)",
        "secret:k1",
        "HS256",
        "<code>granted</code></td><td class=\"number\">1<",
        "<code>token-missing</code></td><td class=\"number\">1<",
        "2026-01-01 00:00:00 UTC",
        env!("CARGO_PKG_VERSION"),
        ">in force<",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains(SECRET));
    for foreign in [
        "src=",
        "@import",
        "url(",
        "<script",
        "http-equiv",
        " style=",
        "onload",
        "<link",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_load_that_failed_is_shown_with_its_mistakes() {
    let app = spawn();
    app.clock.advance(std::time::Duration::from_secs(60));
    app.rewrite_config(&format!("{CONFIG}{WITH_DEBUG}  surprise: '<b>'\n"));
    assert!(app.reload().is_err());
    let page = app.admin("/debug").body;
    assert!(
        page.contains(">failed<") && page.contains("server.surprise"),
        "{page}"
    );
    assert!(page.contains("2026-01-01 00:01:00 UTC"), "{page}");
    assert!(!page.contains("<b>"));
}

#[test]
fn a_decision_is_told_step_by_step() {
    let app = spawn();
    let denied = send(&app, &Fields::first().set("token", &token("mcp:connect")));
    assert_eq!(outcome(&denied), "403 scope-insufficient");
    for part in [
        "missing required scopes: mcp:tools:read",
        "the token grants `mcp:connect`",
        "initialize: mcp:connect; method: mcp:tools:read",
        "<th scope=\"row\">sub</th><td><code>&#34;alice&#34;</code>",
        "2026-01-01 01:00:00 UTC, in 1h 0m",
    ] {
        assert!(denied.body.contains(part), "{part}: {}", denied.body);
    }
    let steps = |answer: &Answer| {
        let list = between(&answer.body, "<ol class=\"steps\">", "</ol>")
            .split("<li class=\"")
            .skip(1);
        list.map(|step| step.split('"').next().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(steps(&denied), "good good good good good good bad bad");
    let permitted = send(
        &app,
        &Fields::first().set("token", &token("mcp:connect mcp:tools:read")),
    );
    assert_eq!(
        (outcome(&permitted), steps(&permitted)),
        ("200".into(), ["good"; 8].join(" "))
    );
    let unreadable = send(
        &app,
        &Fields::first()
            .set("token", &token("mcp:connect"))
            .set("body", "{"),
    );
    assert_eq!(steps(&unreadable), "good good good good good bad none bad");
    let none = send(&app, &Fields::first());
    assert_eq!(
        (outcome(&none), steps(&none)),
        (
            "401 token-missing".into(),
            "good bad none none none none none bad".into()
        )
    );
    let elsewhere = send(&app, &Fields::first().set("path", "/elsewhere"));
    assert_eq!(steps(&elsewhere), "bad none none none none none none bad");
}

#[test]
fn neither_token_nor_signature_is_shown_again_wherever_it_was_put() {
    let app = spawn();
    let token = token("mcp:connect");
    let signature = token.rsplit('.').next().unwrap();
    let bearer = format!("Bearer {token}");
    let header = format!("Authorization: {bearer}");
    for fields in [
        Fields::first().set("token", &token),
        Fields::first().set("token", &bearer),
        Fields::first().set("headers", &header),
        Fields::first().set(
            "headers",
            &format!("X-Access-Token: {token}\nCookie: a={token}"),
        ),
        Fields::first().set("headers", &token),
        Fields::first().set("headers", &format!("Author ization: {token}")),
        Fields::first().set("token", &format!("{token}.x")),
        Fields::first().set("token", &format!("{token} x")),
        Fields::first()
            .set("token", &token)
            .set("dialect", "unknown"),
    ] {
        let answer = send(&app, &fields);
        assert!(answer.body.contains("</html>"), "{answer:?}");
        for part in token.split('.') {
            assert!(
                !answer.body.contains(part),
                "{}: {}",
                fields.encoded(),
                answer.body
            );
        }
        assert!(
            !answer
                .headers
                .iter()
                .any(|(_, value)| value.contains(signature))
        );
    }
    assert_eq!(
        outcome(&send(&app, &Fields::first().set("headers", &header))),
        "403 scope-insufficient"
    );
}

#[test]
fn no_value_becomes_markup() {
    let app = spawn();
    let attack = r#""'><script>alert(1)</script></textarea><img src=x onerror=alert(1)>&lt;b"#;
    for name in [
        "dialect", "resource", "method", "path", "host", "headers", "token", "body",
    ] {
        for dialect in [
            "auth_request",
            "ext_authz_http",
            "ext_authz_grpc",
            "forward_auth",
        ] {
            let value = if name == "headers" {
                format!("X: {attack}")
            } else {
                attack.to_owned()
            };
            let fields = Fields::first()
                .set("dialect", dialect)
                .set("host", "a")
                .set(name, &value);
            let answer = send(&app, &fields);
            assert!(answer.body.contains("</html>"), "{answer:?}");
            assert_harmless(&answer.body, name);
        }
    }
    let mut hostile = claims(attack);
    hostile.subject = attack.to_owned();
    hostile.client_id = attack.to_owned();
    let named = call(
        "tools/call",
        &serde_json::json!({"name": attack}).to_string(),
    );
    for body in [named, call("<script>", "{}")] {
        let answer = send(
            &app,
            &Fields::first()
                .set("token", &token_of(&hostile))
                .set("body", &body),
        );
        assert_harmless(&answer.body, "claims");
        assert!(
            answer.body.contains("&#60;script"),
            "the claim is shown: {}",
            answer.body
        );
    }
}

fn assert_harmless(page: &str, name: &str) {
    for markup in ["<script", "<img", "</textarea><i", "\"'>"] {
        assert!(!page.contains(markup), "{name}: {markup} in {page}");
    }
    assert_eq!(page.matches("<textarea").count(), 3, "{name}");
}

#[test]
fn a_request_that_no_gateway_could_send_is_named() {
    let app = spawn();
    for (name, value, field) in [
        ("dialect", "ext_authz", "dialect"),
        ("dialect", "", "dialect"),
        ("headers", "no colon", "header"),
    ] {
        let answer = send(&app, &Fields::first().set(name, value));
        assert_eq!(answer.status, 400, "{name} {value}");
        assert!(
            answer
                .body
                .contains(&format!("<strong>{field}</strong>: found `")),
            "{}",
            answer.body
        );
    }
}

#[test]
fn claims_at_the_ends_of_time_are_shown() {
    let app = spawn();
    for at in [
        i64::from(i32::MIN),
        0,
        253_402_300_800,
        9_007_199_254_740_991,
    ] {
        let mut hostile = claims("mcp:connect");
        hostile.expires_at = at;
        let answer = send(&app, &Fields::first().set("token", &token_of(&hostile)));
        assert!(
            answer.body.contains(&format!("<code>{at}</code>")),
            "{at}: {}",
            answer.body
        );
    }
}

#[test]
fn an_explained_request_is_neither_counted_nor_remembered() {
    let app = spawn();
    let token = token("mcp:connect mcp:tools:read");
    for _ in 0..3 {
        send(&app, &Fields::first().set("token", &token));
        send(&app, &Fields::first());
        send(&app, &Fields::first().set("method", ""));
    }
    let ours = |name: &&String| name.contains("decision") || name.contains("token_cache");
    let counted = |app: &TestApp| {
        let metrics = metrics(app);
        metrics
            .keys()
            .filter(ours)
            .map(|name| metrics[name])
            .sum::<f64>()
    };
    assert_eq!(counted(&app), 0.0);
    app.ask(&Ask::of("GET").token(&token));
    let metrics = metrics(&app);
    assert_eq!(
        metrics["scopegate_token_cache_requests_total{outcome=\"miss\"}"],
        1.0
    );
    assert_eq!(
        metrics["scopegate_token_cache_requests_total{outcome=\"hit\"}"],
        0.0
    );
}

#[test]
fn explain_decides_as_the_listener_does_for_every_row_of_the_table() {
    let mut rows = 0;
    for table in decisions::tables() {
        let app = TestApp::spawn(&format!("{}{WITH_DEBUG}", table.config()));
        for row in &table.rows {
            let mut fields = Fields::first()
                .set("method", &row.method)
                .set("headers", "")
                .set("body", "");
            let mut headers: Vec<_> = row
                .headers
                .iter()
                .map(|[name, value]| format!("{name}: {value}"))
                .collect();
            if let Some(scopes) = &row.scopes {
                fields = fields.set("token", &token(scopes));
            }
            if let Some(body) = &row.body {
                headers.push("Content-Type: application/json".to_owned());
                fields = fields.set("body", &body.to_string());
            }
            let fields = fields.set("headers", &headers.join("\n"));
            let answer = send(&app, &fields);
            assert_eq!(
                outcome(&answer),
                row.expect,
                "{}: {}",
                table.policy,
                answer.body
            );
            assert_eq!(
                outcome(&answer),
                app.ask(&row.ask()).outcome(),
                "{}",
                table.policy
            );
            let over_grpc = send(&app, &fields.set("dialect", "ext_authz_grpc"));
            assert_eq!(
                reason(&over_grpc),
                reason(&answer),
                "{}: {}",
                table.policy,
                over_grpc.body
            );
            rows += 1;
        }
    }
    assert!(rows > 50, "{rows}");
}
