//! The claims, one by one: time, issuer, audience, type.

use std::time::Duration;

use serde_json::{Value, json};

use super::bench::{AUDIENCE, ISSUER, NOW, Usual, claims, issuer, settings, with, without};
use crate::{
    domain::Reason,
    token::{Audience, IssuerRule, TokenSettings, TokenType},
};

async fn check(usual: &Usual, name: &str, table: &[(Value, Result<(), Reason>)]) {
    for (value, expected) in table {
        let outcome = usual.claims(&with(claims(), name, value.clone())).await;
        assert_eq!(outcome, *expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let table = [
        (json!(NOW + 1), Ok(())),
        (json!(NOW - 29), Ok(())),
        (json!(NOW - 30), Err(Reason::TokenExpired)),
        (json!(NOW - 3600), Err(Reason::TokenExpired)),
        (json!(0), Err(Reason::TokenExpired)),
        (json!(-1), Err(Reason::TokenExpired)),
        (json!(NOW as f64 + 100.75), Ok(())),
        (json!(NOW as f64 - 29.5), Err(Reason::TokenExpired)),
        (json!(1.7e9 + 300.0), Ok(())),
        (json!(9_007_199_254_740_992_u64), Ok(())),
    ];
    let usual = Usual::new();
    check(&usual, "exp", &table).await;
    assert_eq!(
        usual.claims(&without(claims(), "exp")).await,
        Err(Reason::TokenExpired)
    );
}

#[tokio::test]
async fn a_time_that_is_not_a_number_in_range_is_malformed() {
    let usual = Usual::new();
    for name in ["exp", "nbf"] {
        for value in [
            json!("1700000300"),
            json!(null),
            json!([NOW + 300]),
            json!({}),
            json!(true),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1e300),
        ] {
            let outcome = usual.claims(&with(claims(), name, value.clone())).await;
            assert_eq!(outcome, Err(Reason::TokenMalformed), "{name}: {value}");
        }
        let text = without(claims(), name).to_string();
        let overflow = text.replacen('{', &format!("{{\"{name}\":1e999,"), 1);
        let header = usual.key.header().to_string();
        assert_eq!(
            usual.texts(&header, &overflow).await,
            Err(Reason::TokenMalformed),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_token_before_its_time_is_refused() {
    let table = [
        (json!(NOW), Ok(())),
        (json!(NOW + 30), Ok(())),
        (json!(NOW + 31), Err(Reason::TokenNotYetValid)),
        (json!(NOW as f64 + 30.5), Err(Reason::TokenNotYetValid)),
        (json!(-1), Ok(())),
    ];
    check(&Usual::new(), "nbf", &table).await;
}

#[tokio::test]
async fn an_exact_issuer_is_compared_byte_for_byte() {
    let table = [
        (
            json!("https://auth.example.com/"),
            Err(Reason::IssuerRefused),
        ),
        (
            json!("https://AUTH.example.com"),
            Err(Reason::IssuerRefused),
        ),
        (
            json!("https://evil.example.com"),
            Err(Reason::IssuerRefused),
        ),
        (json!(""), Err(Reason::IssuerRefused)),
        (json!(7), Err(Reason::TokenMalformed)),
        (json!(null), Err(Reason::TokenMalformed)),
        (json!([ISSUER]), Err(Reason::TokenMalformed)),
    ];
    let usual = Usual::new();
    check(&usual, "iss", &table).await;
    assert_eq!(
        usual.claims(&without(claims(), "iss")).await,
        Err(Reason::IssuerRefused)
    );
}

#[tokio::test]
async fn without_an_exact_issuer_the_issuer_may_be_absent_or_an_authorization_server() {
    let rule = IssuerRule::AbsentOrOneOf(vec![issuer("https://other.example.com"), issuer(ISSUER)]);
    let usual = Usual::demanding(TokenSettings {
        issuer: rule,
        ..settings()
    });
    let table = [
        (json!("https://auth.example.com/"), Ok(())),
        (json!("https://other.example.com"), Ok(())),
        (
            json!("https://auth.example.com//"),
            Err(Reason::IssuerRefused),
        ),
        (
            json!("https://evil.example.com"),
            Err(Reason::IssuerRefused),
        ),
        (json!(null), Err(Reason::TokenMalformed)),
    ];
    check(&usual, "iss", &table).await;
    assert_eq!(usual.claims(&without(claims(), "iss")).await, Ok(()));
}

#[tokio::test]
async fn the_audience_is_compared_byte_for_byte() {
    let table = [
        (json!([AUDIENCE]), Ok(())),
        (json!(["https://other.example.com", AUDIENCE]), Ok(())),
        (
            json!("https://mcp.example.com/mcp/"),
            Err(Reason::AudienceRefused),
        ),
        (
            json!("https://MCP.example.com/mcp"),
            Err(Reason::AudienceRefused),
        ),
        (
            json!("https://mcp.example.com"),
            Err(Reason::AudienceRefused),
        ),
        (
            json!("https://other.example.com"),
            Err(Reason::AudienceRefused),
        ),
        (json!(""), Err(Reason::AudienceRefused)),
        (json!([]), Err(Reason::AudienceRefused)),
        (
            json!([format!("{AUDIENCE} x")]),
            Err(Reason::AudienceRefused),
        ),
        (json!([AUDIENCE, 7]), Err(Reason::TokenMalformed)),
        (json!([[AUDIENCE]]), Err(Reason::TokenMalformed)),
        (json!({"a": AUDIENCE}), Err(Reason::TokenMalformed)),
        (json!(null), Err(Reason::TokenMalformed)),
    ];
    let usual = Usual::new();
    check(&usual, "aud", &table).await;
    assert_eq!(
        usual.claims(&without(claims(), "aud")).await,
        Err(Reason::AudienceRefused)
    );
}

#[tokio::test]
async fn any_audience_may_be_absent_but_not_malformed() {
    let usual = Usual::demanding(TokenSettings {
        audience: Audience::Any,
        ..settings()
    });
    check(
        &usual,
        "aud",
        &[
            (json!("x"), Ok(())),
            (json!(7), Err(Reason::TokenMalformed)),
        ],
    )
    .await;
    assert_eq!(usual.claims(&without(claims(), "aud")).await, Ok(()));
}

#[tokio::test]
async fn the_type_is_a_media_type_in_any_case() {
    let any = Usual::new();
    let strict = Usual::demanding(TokenSettings {
        token_type: TokenType::AtJwt,
        ..settings()
    });
    let refused = Err(Reason::TokenTypeRefused);
    for (typ, by_any, by_strict) in [
        ("at+jwt", Ok(()), Ok(())),
        ("AT+JWT", Ok(()), Ok(())),
        ("application/at+jwt", Ok(()), Ok(())),
        ("Application/AT+jwt", Ok(()), Ok(())),
        ("JWT", Ok(()), refused),
        ("jwt", Ok(()), refused),
        ("application/jwt", Ok(()), refused),
        ("", refused, refused),
        ("JOSE", refused, refused),
        ("at+jwt ", refused, refused),
        ("text/at+jwt", refused, refused),
        ("application/application/at+jwt", refused, refused),
    ] {
        assert_eq!(
            any.header(&with(any.key.header(), "typ", typ)).await,
            by_any,
            "{typ:?}"
        );
        assert_eq!(
            strict.header(&with(strict.key.header(), "typ", typ)).await,
            by_strict,
            "{typ:?}"
        );
    }
    assert_eq!(any.header(&without(any.key.header(), "typ")).await, Ok(()));
    assert_eq!(
        strict.header(&without(strict.key.header(), "typ")).await,
        refused
    );
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_refused() {
    let usual = Usual::new();
    let bound = Err(Reason::BindingUnsupported);
    for cnf in [
        json!({"jkt": "x"}),
        json!({"x5t#S256": "x"}),
        json!({"unknown": 1}),
        json!({}),
        json!(null),
    ] {
        assert_eq!(
            usual.claims(&with(claims(), "cnf", cnf.clone())).await,
            bound,
            "{cnf}"
        );
    }
}

#[tokio::test]
async fn a_subject_is_a_string_or_absent() {
    let malformed = Err(Reason::TokenMalformed);
    let table = [
        (json!("bob"), Ok(())),
        (json!(""), Ok(())),
        (json!(7), malformed),
        (json!(null), malformed),
        (json!(["alice"]), malformed),
        (json!("x".repeat(4000)), malformed),
    ];
    let usual = Usual::new();
    check(&usual, "sub", &table).await;
    assert_eq!(usual.claims(&without(claims(), "sub")).await, Ok(()));
}

#[tokio::test]
async fn the_first_check_that_fails_decides() {
    let usual = Usual::new();
    let mut all_wrong = json!({
        "exp": NOW - 60, "nbf": NOW + 60, "iss": "https://evil.example.com", "aud": "x", "at_hash": "x",
        "cnf": {}, "scope": 7,
    });
    for (name, right, reason) in [
        ("exp", json!(NOW + 60), Reason::TokenExpired),
        ("nbf", json!(NOW), Reason::TokenNotYetValid),
        ("iss", json!(ISSUER), Reason::IssuerRefused),
        ("aud", json!(AUDIENCE), Reason::AudienceRefused),
        ("at_hash", Value::Null, Reason::TokenTypeRefused),
        ("cnf", Value::Null, Reason::BindingUnsupported),
        ("scope", json!("a"), Reason::ScopeClaimMalformed),
    ] {
        assert_eq!(usual.claims(&all_wrong).await, Err(reason), "{name}");
        all_wrong = if right.is_null() {
            without(all_wrong, name)
        } else {
            with(all_wrong, name, right)
        };
    }
    assert_eq!(usual.claims(&all_wrong).await, Ok(()));
}

#[tokio::test]
async fn without_leeway_a_token_ends_with_its_exp() {
    let usual = Usual::demanding(TokenSettings {
        leeway: Duration::ZERO,
        ..settings()
    });
    let expired = Err(Reason::TokenExpired);
    check(
        &usual,
        "exp",
        &[
            (json!(NOW + 1), Ok(())),
            (json!(NOW), expired),
            (json!(NOW - 1), expired),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_identity_has_the_claims_of_the_token() {
    let usual = Usual::new();
    let token = usual
        .key
        .token(&without(with(claims(), "azp", "portal"), "client_id"));
    let identity = usual.bench.identity(&usual.rules, &token).await.unwrap();
    assert_eq!(identity.subject.as_deref(), Some("alice"));
    assert_eq!(identity.client_id.as_deref(), Some("portal"));
    assert_eq!(identity.issuer.as_deref(), Some(ISSUER));
    assert_eq!(identity.scopes.to_string(), "mcp:connect mcp:tools:read");
    assert_eq!(
        (identity.kid.as_deref(), identity.expires_at),
        (Some("k1"), NOW + 300)
    );
    let headers: Vec<String> = identity
        .headers
        .iter()
        .map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
        .collect();
    assert_eq!(
        headers,
        [
            "alice",
            "portal",
            ISSUER,
            "mcp:connect%20mcp:tools:read",
            "mcp"
        ]
    );
    let without_client = with(with(claims(), "client_id", json!({})), "azp", "portal");
    let identity = usual
        .bench
        .identity(&usual.rules, &usual.key.token(&without_client))
        .await
        .unwrap();
    assert_eq!(identity.client_id, None);
}
