//! Two resources: a token that one accepts is worthless at the other, with a warm cache too.

use support::{claims, token, token_of};

use crate::{app::TestApp, ask::Ask};

const TWO: &str = r#"
resources:
  - id: 'one'
    server: { base_url: 'https://one.example.com' }
    oauth:
      enabled: true
      authorization_server_url: 'https://auth.example.com'
      scopes: { initialize: ['mcp:connect'] }
      jwks:
        - { secret: 'an-example-secret-of-thirty-two-bytes!', symmetric_algorithm: 'HS256', header_key_id: 'k1' }
  - id: 'two'
    server: { base_url: 'https://two.example.com' }
    oauth:
      enabled: true
      authorization_server_url: 'https://auth.example.com'
      scopes: { initialize: ['mcp:connect'] }
      jwks:
        - { secret: 'an-example-secret-of-thirty-two-bytes!', symmetric_algorithm: 'HS256', header_key_id: 'k1' }
"#;

fn token_for(origin: &str) -> String {
    let mut claims = claims("mcp:connect");
    claims.audience = Some(format!("{origin}/mcp"));
    token_of(&claims)
}

#[test]
fn a_token_of_one_resource_is_refused_at_the_other_however_warm_the_cache() {
    let app = TestApp::spawn(TWO);
    let (one, two) = (
        token_for("https://one.example.com"),
        token_for("https://two.example.com"),
    );
    let ask = |resource, token: &str| {
        app.ask(&Ask::of("GET").resource(resource).token(token))
            .outcome()
    };
    for _ in 0..3 {
        assert_eq!(ask("one", &one), "200");
        assert_eq!(ask("two", &one), "401 audience-refused");
        assert_eq!(ask("two", &two), "200");
        assert_eq!(ask("one", &two), "401 audience-refused");
    }
    let permit = app.ask(&Ask::of("GET").resource("two").token(&two));
    assert_eq!(permit.header("x-auth-resource"), Some("two"));
}

#[test]
fn with_two_resources_the_gateway_must_say_which() {
    let app = TestApp::spawn(TWO);
    let one = token_for("https://one.example.com");
    assert_eq!(
        app.ask(&Ask::of("GET").token(&one)).outcome(),
        "403 resource-unknown"
    );
    let by_host = |host: &str| {
        let request = format!(
            "GET /authorize/mcp HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {one}\r\n\r\n"
        );
        app.raw(request.as_bytes()).status
    };
    assert_eq!(by_host("one.example.com"), 200);
    assert_eq!(by_host("ONE.example.com:443"), 200);
    assert_eq!(by_host("two.example.com"), 401);
    assert_eq!(by_host("three.example.com"), 404);
    assert_eq!(by_host("one.example.com:8443"), 404);
}

#[test]
fn a_token_without_the_right_audience_is_for_neither() {
    let app = TestApp::spawn(TWO);
    let other = token("mcp:connect");
    for resource in ["one", "two"] {
        let answer = app.ask(&Ask::of("GET").resource(resource).token(&other));
        assert_eq!(answer.outcome(), "401 audience-refused");
        let realm =
            format!("Bearer realm=\"{resource}\", error=\"invalid_token\", scope=\"mcp:connect\"");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with(&realm)
        );
    }
}
