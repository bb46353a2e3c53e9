//! Tokens that are not access tokens (RFC 8725 §2.8): signed by the right issuer, or nearly so.

use serde_json::json;

use super::{
    bench::{AUDIENCE, Bench, ISSUER, NOW, Usual, claims, rules, settings, source, with, without},
    key_sources::fixed,
    signing::{SigningKey, b64, hmac_token},
};
use crate::{domain::Reason, keys::Algorithm};

const MALFORMED: Result<(), Reason> = Err(Reason::TokenMalformed);
const OTHER_KIND: Result<(), Reason> = Err(Reason::TokenTypeRefused);

#[tokio::test]
async fn an_id_token_is_refused_even_without_a_typ() {
    let usual = Usual::new();
    let id_token = json!({
        "iss": ISSUER, "sub": "alice", "aud": "inspector", "azp": "inspector", "exp": NOW + 300, "nonce": "n",
    });
    let untyped = without(usual.key.header(), "typ").to_string();
    assert_eq!(
        usual.texts(&untyped, &id_token.to_string()).await,
        Err(Reason::AudienceRefused)
    );
    for (name, value) in [
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("s_hash", json!(null)),
        ("typ", json!("ID")),
        ("azp", json!(AUDIENCE)),
        ("client_id", json!(AUDIENCE)),
    ] {
        let for_us = with(with(id_token.clone(), "aud", AUDIENCE), name, value);
        assert_eq!(
            usual.texts(&untyped, &for_us.to_string()).await,
            OTHER_KIND,
            "{name}"
        );
    }
    let in_array = with(with(id_token, "aud", json!([AUDIENCE])), "azp", AUDIENCE);
    assert_eq!(
        usual.texts(&untyped, &in_array.to_string()).await,
        OTHER_KIND
    );
}

#[tokio::test]
async fn an_access_token_whose_audience_includes_its_client_is_accepted() {
    let usual = Usual::new();
    let both = with(
        with(claims(), "aud", json!([AUDIENCE, "inspector"])),
        "azp",
        "inspector",
    );
    assert_eq!(usual.claims(&both).await, Ok(()));
    assert_eq!(usual.claims(&with(claims(), "typ", "Bearer")).await, Ok(()));
    assert_eq!(usual.claims(&with(claims(), "nonce", "n")).await, Ok(()));
}

#[tokio::test]
async fn a_token_whose_typ_names_another_kind_is_refused() {
    let usual = Usual::new();
    for typ in [
        "oauth-id-jag+jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "client-authentication+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "kb+jwt",
        "vc+sd-jwt",
        "rt+jwt",
    ] {
        assert_eq!(
            usual.header(&with(usual.key.header(), "typ", typ)).await,
            OTHER_KIND,
            "{typ}"
        );
    }
}

#[tokio::test]
async fn tokens_of_other_flows_are_refused_without_a_typ_too() {
    let usual = Usual::new();
    let untyped = without(usual.key.header(), "typ").to_string();
    let logout = with(
        claims(),
        "events",
        json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
    );
    let client_assertion = json!({
        "iss": "inspector", "sub": "inspector", "aud": ISSUER, "jti": "1", "exp": NOW + 300,
    });
    let dpop_proof = json!({"jti": "1", "htm": "POST", "htu": AUDIENCE, "iat": NOW, "ath": "x"});
    let introspection = json!({"iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "token_introspection": {"active": true}});
    let jarm =
        json!({"iss": ISSUER, "aud": "inspector", "exp": NOW + 300, "code": "x", "state": "y"});
    let id_jag = with(with(claims(), "aud", ISSUER), "resource", AUDIENCE);
    for (token, reason) in [
        (logout, Reason::TokenTypeRefused),
        (client_assertion, Reason::IssuerRefused),
        (dpop_proof, Reason::TokenExpired),
        (introspection, Reason::TokenExpired),
        (jarm, Reason::AudienceRefused),
        (id_jag, Reason::AudienceRefused),
        (with(claims(), "typ", "Refresh"), Reason::TokenTypeRefused),
        (with(claims(), "typ", "Logout"), Reason::TokenTypeRefused),
    ] {
        assert_eq!(
            usual.texts(&untyped, &token.to_string()).await,
            Err(reason),
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_token_that_is_not_a_signed_compact_jwt_is_malformed() {
    let usual = Usual::new();
    let token = usual.key.token(&claims());
    let jwe = format!(
        "{}.AAAA.AAAA.AAAA.AAAA",
        b64(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)
    );
    let nested = usual.key.token_of(&usual.key.header().to_string(), &token);
    for text in [
        "opaque",
        "a.b",
        "..",
        "a.b.c",
        &jwe,
        &nested,
        &format!("{token}."),
        &format!("{token}="),
    ] {
        assert_eq!(
            usual.bench.outcome(&usual.rules, text).await,
            MALFORMED,
            "{text}"
        );
    }
    let json = json!({"payload": "e30"}).to_string();
    assert_eq!(usual.bench.outcome(&usual.rules, &json).await, MALFORMED);
    let json = json!({"payload": "e30", "signatures": []}).to_string();
    assert_eq!(
        usual.bench.outcome(&usual.rules, &json).await,
        Err(Reason::RequestMalformed)
    );
}

#[tokio::test]
async fn alg_none_is_refused_signed_or_not() {
    let usual = Usual::new();
    for alg in ["none", "None", "nOnE"] {
        let header = with(usual.key.header(), "alg", alg);
        let unsigned = format!("{}.{}.", b64(header.to_string()), b64(claims().to_string()));
        assert_eq!(
            usual.bench.outcome(&usual.rules, &unsigned).await,
            Err(Reason::AlgorithmRefused)
        );
        assert_eq!(usual.header(&header).await, Err(Reason::AlgorithmRefused));
    }
    let stripped = usual.key.token(&claims());
    let (stripped, _) = stripped.rsplit_once('.').unwrap();
    let outcome = usual
        .bench
        .outcome(&usual.rules, &format!("{stripped}."))
        .await;
    assert_eq!(outcome, Err(Reason::SignatureInvalid));
}

#[tokio::test]
async fn a_public_key_is_not_used_as_an_hmac_secret() {
    let key = SigningKey::generate("k1", Algorithm::Rs256);
    let bench = Bench::new();
    let rules = rules(vec![source("idp", &fixed(&[&key]), settings())]);
    for secret in [
        key.public_bytes(),
        key.jwk().to_string().into_bytes(),
        key.jwk()["n"].to_string().into(),
    ] {
        for header in [
            json!({"alg": "HS256", "kid": "k1"}),
            json!({"alg": "HS256"}),
        ] {
            let token = hmac_token(&secret, &header, &claims());
            assert_eq!(
                bench.outcome(&rules, &token).await,
                Err(Reason::AlgorithmRefused)
            );
        }
    }
}

#[tokio::test]
async fn a_key_inside_the_token_is_not_used() {
    let usual = Usual::new();
    let forger = SigningKey::generate("k1", Algorithm::Es256);
    let header = with(
        with(forger.header(), "jwk", forger.jwk()),
        "jku",
        "https://evil.example.com/jwks.json",
    );
    let token = forger.token_of(&header.to_string(), &claims().to_string());
    assert_eq!(
        usual.bench.outcome(&usual.rules, &token).await,
        Err(Reason::SignatureInvalid)
    );
    let genuine = with(usual.key.header(), "jwk", forger.jwk());
    assert_eq!(usual.header(&genuine).await, Ok(()));
}

#[tokio::test]
async fn a_member_that_occurs_twice_makes_the_token_malformed() {
    let usual = Usual::new();
    let (header, claims) = (usual.key.header().to_string(), claims().to_string());
    let again = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    for member in [
        r#""exp":9999999999"#,
        r#""aud":"x""#,
        r#""sc\u006fpe":"admin""#,
        r#""sub":"bob""#,
    ] {
        assert_eq!(
            usual.texts(&header, &again(&claims, member)).await,
            MALFORMED,
            "{member}"
        );
    }
    for member in [r#""alg":"ES256""#, r#""\u0061lg":"none""#, r#""kid":"k1""#] {
        assert_eq!(
            usual.texts(&again(&header, member), &claims).await,
            MALFORMED,
            "{member}"
        );
    }
    assert_eq!(
        usual.texts(&header, &again(&claims, r#""other":1"#)).await,
        Ok(())
    );
}

#[tokio::test]
async fn claims_that_are_not_an_object_are_malformed() {
    let usual = Usual::new();
    let header = usual.key.header().to_string();
    for text in ["", "null", "[]", "\"x\"", "{} {}", "{", "\u{feff}{}"] {
        assert_eq!(usual.texts(&header, text).await, MALFORMED, "{text}");
    }
}

#[tokio::test]
async fn extensions_of_the_header_are_refused() {
    let usual = Usual::new();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
    ] {
        assert_eq!(
            usual
                .header(&with(usual.key.header(), name, value.clone()))
                .await,
            MALFORMED,
            "{name} {value}"
        );
    }
}

#[tokio::test]
async fn a_change_of_any_byte_is_refused() {
    let usual = Usual::new();
    let token = usual.key.token(&claims());
    assert_eq!(usual.bench.outcome(&usual.rules, &token).await, Ok(()));
    for (place, byte) in token.bytes().enumerate() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if byte == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(
            usual.bench.outcome(&usual.rules, &changed).await.is_err(),
            "byte {place}"
        );
    }
}

#[tokio::test]
async fn a_refusal_reveals_no_claim_of_an_unsigned_token() {
    let usual = Usual::new();
    let forger = SigningKey::generate("k1", Algorithm::Es256);
    for claims in [
        with(claims(), "exp", 1),
        with(claims(), "iss", "https://evil.example.com"),
        with(claims(), "sub", 7),
    ] {
        let outcome = usual
            .bench
            .outcome(&usual.rules, &forger.token(&claims))
            .await;
        assert_eq!(outcome, Err(Reason::SignatureInvalid), "{claims}");
    }
}
