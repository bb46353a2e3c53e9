//! The challenges that denied clients get. The same denial gets the same challenge each time.

use support::{CONFIG, call, claims, token, token_of};

use crate::{app::TestApp, ask::Ask};

const METADATA: &str =
    "resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"";

#[test]
fn challenges_are_written_byte_for_byte() {
    let app = TestApp::spawn(CONFIG);
    let challenge = |ask: &Ask| app.ask(ask).header("www-authenticate").unwrap().to_owned();
    assert_eq!(
        challenge(&Ask::of("GET")),
        format!("Bearer realm=\"mcp\", scope=\"mcp:connect\", {METADATA}")
    );
    let mut expired = claims("mcp:connect");
    expired.expires_at = crate::app::now(&app) - 60;
    assert_eq!(
        challenge(&Ask::of("GET").token(&token_of(&expired))),
        format!(
            "Bearer realm=\"mcp\", error=\"invalid_token\", scope=\"mcp:connect\", {METADATA}, \
             error_description=\"the token has expired\""
        )
    );
    assert_eq!(
        challenge(&Ask::post(call("tools/list", "{}")).token(&token("mcp:connect"))),
        format!(
            "Bearer error=\"insufficient_scope\", scope=\"mcp:connect mcp:tools:read\", {METADATA}, \
             error_description=\"missing required scopes: mcp:tools:read\""
        )
    );
}

#[test]
fn a_repeated_situation_repeats_its_challenge() {
    let app = TestApp::spawn(CONFIG);
    let asks = [
        Ask::of("GET"),
        Ask::of("GET").token("not-a-token"),
        Ask::post(call("tools/call", r#"{"name":"admin-x"}"#)).token(&token("mcp:connect")),
    ];
    for ask in asks {
        let first = app.ask(&ask).header("www-authenticate").map(str::to_owned);
        app.clock.advance(std::time::Duration::from_secs(7));
        assert_eq!(
            app.ask(&ask).header("www-authenticate").map(str::to_owned),
            first
        );
        assert!(first.is_some());
    }
}

#[test]
fn a_denial_is_never_stored_and_browser_pages_may_read_it() {
    let app = TestApp::spawn(CONFIG);
    for ask in [Ask::of("GET"), Ask::of("GET").token(&token(""))] {
        let answer = app.ask(&ask);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let answer = app.ask(&ask.header("Origin", "https://page.example"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some("WWW-Authenticate")
        );
    }
}

#[test]
fn a_name_in_a_challenge_cannot_break_out_of_it() {
    let app = TestApp::spawn(CONFIG);
    let name = r#"admin-\", scope=\"mcp:all\r\nX-Evil: 1 é"#;
    let body = call("tools/call", &format!("{{\"name\":\"{name}\"}}"));
    let answer = app.ask(&Ask::post(body).token(&token("mcp:connect mcp:tools:execute")));
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.ends_with(
            "error_description=\"insufficient scopes for tool admin-?, scope??mcp:all??X-Evil: 1 ?\""
        ),
        "{challenge}"
    );
    assert_eq!(answer.header("x-evil"), None);
}

#[test]
fn an_origin_that_is_not_allowed_is_refused_without_a_challenge() {
    let allowed = CONFIG.replace(
        "    enabled: true\n    auth",
        "    enabled: true\n    allowed_origins: ['https://good.example']\n    auth",
    );
    let app = TestApp::spawn(&allowed);
    let ask = |origin: &str| {
        app.ask(
            &Ask::of("GET")
                .token(&token("mcp:connect"))
                .header("Origin", origin),
        )
    };
    assert_eq!(ask("https://good.example").outcome(), "200");
    let refused = ask("https://evil.example");
    assert_eq!(
        (
            refused.outcome().as_str(),
            refused.header("www-authenticate")
        ),
        ("403 origin-refused", None)
    );
    assert_eq!(
        app.ask(&Ask::of("GET").token(&token("mcp:connect")))
            .outcome(),
        "200"
    );
}
