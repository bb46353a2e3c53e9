//! Every algorithm, and each way in which an algorithm does not fit a key.

use std::collections::HashSet;

use super::{
    bench::{Bench, NOW, claims, rules, settings, source, with, without},
    key_sources::fixed,
    signing::SigningKey,
};
use crate::{
    domain::Reason,
    keys::{Algorithm, AlgorithmSet, KeysHandle, SecretKey, SecretSettings},
    token::{KeySource, MintError, NewClaims, TokenType, mint},
};

#[tokio::test]
async fn every_asymmetric_algorithm_verifies_only_its_own_signatures() {
    let bench = Bench::new();
    for algorithm in AlgorithmSet::asymmetric().iter() {
        let key = SigningKey::generate("k", algorithm);
        let forger = SigningKey::generate("k", algorithm);
        let rules = rules(vec![source("idp", &fixed(&[&key]), settings())]);
        let name = algorithm.name();
        assert_eq!(
            bench.outcome(&rules, &key.token(&claims())).await,
            Ok(()),
            "{name}"
        );
        let outcome = bench.outcome(&rules, &forger.token(&claims())).await;
        assert_eq!(outcome, Err(Reason::SignatureInvalid), "{name}");
        for other in Algorithm::ALL
            .into_iter()
            .filter(|other| *other != algorithm)
        {
            let header = with(key.header(), "alg", other.name()).to_string();
            let outcome = bench
                .outcome(&rules, &key.token_of(&header, &claims().to_string()))
                .await;
            assert_eq!(
                outcome,
                Err(Reason::AlgorithmRefused),
                "{name} as {}",
                other.name()
            );
        }
    }
}

#[tokio::test]
async fn ed25519_has_two_names() {
    let bench = Bench::new();
    let key = SigningKey::generate("k", Algorithm::EdDsa);
    let rules = rules(vec![source("idp", &fixed(&[&key]), settings())]);
    let header = with(key.header(), "alg", "Ed25519").to_string();
    assert_eq!(
        bench
            .outcome(&rules, &key.token_of(&header, &claims().to_string()))
            .await,
        Ok(())
    );
}

#[tokio::test]
async fn an_algorithm_that_the_source_does_not_allow_is_refused() {
    let bench = Bench::new();
    let key = SigningKey::generate("k", Algorithm::Es256);
    let algorithms = [Algorithm::Rs256].into_iter().collect();
    let rules = rules(vec![KeySource {
        algorithms,
        ..source("idp", &fixed(&[&key]), settings())
    }]);
    assert_eq!(
        bench.outcome(&rules, &key.token(&claims())).await,
        Err(Reason::AlgorithmRefused)
    );
}

#[tokio::test]
async fn a_token_without_kid_is_tried_against_the_keys_of_its_algorithm() {
    let bench = Bench::new();
    let [one, two] = ["k1", "k2"].map(|kid| SigningKey::generate(kid, Algorithm::Es256));
    let other = SigningKey::generate("k3", Algorithm::EdDsa);
    let rules = rules(vec![source(
        "idp",
        &fixed(&[&one, &other, &two]),
        settings(),
    )]);
    for key in [&one, &two, &other] {
        let token = key.token_of(
            &without(key.header(), "kid").to_string(),
            &claims().to_string(),
        );
        let identity = bench.identity(&rules, &token).await.unwrap();
        assert_eq!(identity.kid.as_deref(), Some(key.kid.as_str()));
    }
    let stranger = SigningKey::generate("k1", Algorithm::Es256);
    let token = stranger.token_of(
        &without(stranger.header(), "kid").to_string(),
        &claims().to_string(),
    );
    assert_eq!(
        bench.outcome(&rules, &token).await,
        Err(Reason::SignatureInvalid)
    );
}

#[tokio::test]
async fn a_token_with_a_kid_is_verified_only_by_that_key() {
    let bench = Bench::new();
    let [one, two] = ["k1", "k2"].map(|kid| SigningKey::generate(kid, Algorithm::Es256));
    let rules = rules(vec![source("idp", &fixed(&[&one, &two]), settings())]);
    let crossed = one.token_of(&two.header().to_string(), &claims().to_string());
    assert_eq!(
        bench.outcome(&rules, &crossed).await,
        Err(Reason::SignatureInvalid)
    );
}

fn secret(algorithm: Algorithm) -> SecretSettings {
    let secret = SecretKey::new(&[7; 64]);
    SecretSettings {
        secret,
        algorithm,
        key_id: "shared".to_owned(),
    }
}

fn of_secret(secret: &SecretSettings) -> KeySource {
    let mut token = settings();
    token.token_type = TokenType::AtJwt;
    let algorithms = [secret.algorithm].into_iter().collect();
    KeySource {
        algorithms,
        ..source("secret", &KeysHandle::of_secret(secret), token)
    }
}

fn new_claims() -> NewClaims {
    NewClaims {
        issuer: Some(super::bench::ISSUER.to_owned()),
        subject: "developer".to_owned(),
        audience: Some(super::bench::AUDIENCE.to_owned()),
        client_id: "cli".to_owned(),
        scope: "mcp:connect".to_owned(),
        issued_at: NOW,
        expires_at: NOW + 60,
        token_id: "1".to_owned(),
    }
}

#[tokio::test]
async fn a_minted_token_is_accepted_by_a_source_with_its_secret() {
    let bench = Bench::new();
    let mut seen = HashSet::new();
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let secret = secret(algorithm);
        let token = mint(&secret, &new_claims()).unwrap();
        let identity = bench
            .identity(&rules(vec![of_secret(&secret)]), &token)
            .await
            .unwrap();
        assert_eq!(identity.scopes.to_string(), "mcp:connect");
        assert_eq!(
            (identity.subject.as_deref(), identity.kid.as_deref()),
            (Some("developer"), Some("shared"))
        );
        assert!(seen.insert(token));
    }
}

#[tokio::test]
async fn another_secret_kid_or_hmac_is_refused() {
    let bench = Bench::new();
    let known = secret(Algorithm::Hs256);
    let rules = rules(vec![of_secret(&known)]);
    let mut other = known.clone();
    other.secret = SecretKey::new(&[8; 64]);
    let mut renamed = known.clone();
    renamed.key_id = "other".to_owned();
    for (secret, reason) in [
        (other, Reason::SignatureInvalid),
        (renamed, Reason::KeyUnknown),
        (secret(Algorithm::Hs512), Reason::AlgorithmRefused),
    ] {
        let token = mint(&secret, &new_claims()).unwrap();
        assert_eq!(bench.outcome(&rules, &token).await, Err(reason));
    }
}

#[test]
fn a_secret_does_not_sign_with_an_asymmetric_algorithm() {
    let refused = mint(&secret(Algorithm::Rs256), &new_claims());
    assert!(matches!(
        refused,
        Err(MintError::Asymmetric(Algorithm::Rs256))
    ));
}
