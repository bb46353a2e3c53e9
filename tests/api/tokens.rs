//! Credentials and tokens in real requests. The tests of the token room have the complete corpus of
//! confusing tokens.

use std::time::Duration;

use support::{CONFIG, SECRET, SigningKey, claims, token, token_of};

use crate::{app::TestApp, ask::Ask};

#[test]
fn credentials_have_one_reading_or_none() {
    let app = TestApp::spawn(CONFIG);
    let good = token("mcp:connect");
    let ask = |values: &[&str]| {
        let ask = values.iter().fold(Ask::of("GET"), |ask, value| {
            ask.header("Authorization", *value)
        });
        app.ask(&ask).outcome()
    };
    assert_eq!(ask(&[&format!("Bearer {good}")]), "200");
    assert_eq!(ask(&[&format!("bEaReR {good}")]), "200");
    assert_eq!(ask(&[]), "401 token-missing");
    assert_eq!(ask(&["Basic YTpi"]), "401 token-missing");
    assert_eq!(ask(&["DPoP abc"]), "401 token-missing");
    assert_eq!(
        ask(&[&format!("Bearer {good}"), &format!("Bearer {good}")]),
        "403 request-malformed"
    );
    assert_eq!(
        ask(&[&format!("Bearer {good}, Bearer {good}")]),
        "403 request-malformed"
    );
    assert_eq!(ask(&["Basic YTpi, Bearer x"]), "403 request-malformed");
    for malformed in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer é",
        "Bearer a\"b",
        "Bearer abc",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
    ] {
        assert_eq!(ask(&[malformed]), "401 token-malformed", "{malformed}");
    }
    let long = format!("Bearer {}", "a".repeat(16 * 1024 + 1));
    assert_eq!(ask(&[&long]), "401 token-malformed");
}

#[test]
fn a_token_in_the_query_or_the_body_is_no_token() {
    let app = TestApp::spawn(CONFIG);
    let good = token("mcp:connect");
    let ask = Ask::of("GET").with("X-Original-URI", &format!("/mcp?access_token={good}"));
    assert_eq!(app.ask(&ask).outcome(), "401 token-missing");
}

/// A token of our secret with any header and claims.
fn forge(header: &str, claims: &str) -> String {
    SigningKey::secret(SECRET).token(header, claims)
}

#[test]
fn every_refusal_has_its_code() {
    let app = TestApp::spawn(CONFIG);
    let header = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;
    let now = crate::app::now(&app);
    let base = r#""iss":"https://auth.example.com","aud":"https://mcp.example.com/mcp","sub":"a","scope":"mcp:connect""#;
    let exp = now + 600;
    let cases = [
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp}}}"),
            "200",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp}.5}}"),
            "200",
        ),
        (
            header.to_owned(),
            format!("{{{base}}}"),
            "401 token-expired",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{}}}", now - 31),
            "401 token-expired",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{}}}", now - 29),
            "200",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":\"{exp}\"}}"),
            "401 token-malformed",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"nbf\":{}}}", now + 60),
            "401 token-not-yet-valid",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"exp\":{exp}}}"),
            "401 token-malformed",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"cnf\":{{\"jkt\":\"x\"}}}}"),
            "401 binding-unsupported",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"at_hash\":\"x\"}}"),
            "401 token-type-refused",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"typ\":\"Refresh\"}}"),
            "401 token-type-refused",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp}}}").replace("auth.example", "evil.example"),
            "401 issuer-refused",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp}}}").replace("com/mcp", "com/other"),
            "401 audience-refused",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp}}}").replace("\"a\"", "7"),
            "401 token-malformed",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"scp\":{{}}}}"),
            "401 scope-claim-malformed",
        ),
        (
            header.to_owned(),
            format!("{{{base},\"exp\":{exp},\"scp\":[\"a b\"]}}"),
            "401 scope-claim-malformed",
        ),
        (
            header.replace("at+jwt", "JWT"),
            format!("{{{base},\"exp\":{exp}}}"),
            "200",
        ),
        (
            header.replace("at+jwt", "dpop+jwt"),
            format!("{{{base},\"exp\":{exp}}}"),
            "401 token-type-refused",
        ),
        (
            header.replace("HS256", "none"),
            format!("{{{base},\"exp\":{exp}}}"),
            "401 algorithm-refused",
        ),
        (
            header.replace("HS256", "RS256"),
            format!("{{{base},\"exp\":{exp}}}"),
            "401 algorithm-refused",
        ),
        (
            header.replace("HS256", "hs256"),
            format!("{{{base},\"exp\":{exp}}}"),
            "401 algorithm-refused",
        ),
        (
            header.replace("k1", "k2"),
            format!("{{{base},\"exp\":{exp}}}"),
            "401 key-unknown",
        ),
        (
            header.replace("\"typ\"", "\"crit\":[\"b64\"],\"typ\""),
            format!("{{{base},\"exp\":{exp}}}"),
            "401 token-malformed",
        ),
    ];
    for (header, claims, expected) in cases {
        let answer = app.ask(&Ask::of("GET").token(&forge(&header, &claims)));
        assert_eq!(answer.outcome(), expected, "{header} {claims}");
    }
    let mut broken = token("mcp:connect");
    let last = broken.pop().unwrap();
    broken.push(if last == 'A' { 'Q' } else { 'A' });
    assert_eq!(
        app.ask(&Ask::of("GET").token(&broken)).outcome(),
        "401 signature-invalid"
    );
}

#[test]
fn a_cached_token_ends_when_it_expires() {
    let app = TestApp::spawn(CONFIG);
    let mut short = claims("mcp:connect");
    short.expires_at = crate::app::now(&app) + 10;
    let ask = Ask::of("GET").token(&token_of(&short));
    assert_eq!(app.ask(&ask).outcome(), "200");
    assert_eq!(app.ask(&ask).outcome(), "200");
    app.clock.advance(Duration::from_secs(41));
    assert_eq!(app.ask(&ask).outcome(), "401 token-expired");
}
