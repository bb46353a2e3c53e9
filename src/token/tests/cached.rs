//! A cached token is accepted only while a new verification would accept it.

use std::time::Duration;

use serde_json::Value;

use super::{
    bench::{Bench, NOW, claims, rules, settings, source, with},
    key_sources::Provider,
    signing::SigningKey,
};
use crate::{
    domain::{Reason, ResourceId},
    keys::Algorithm,
    token::{Audience, TokenRules, TokenSettings},
};

/// A verifier with one token in its cache.
struct Warm {
    bench: Bench,
    key: SigningKey,
    provider: Provider,
    rules: TokenRules,
    token: String,
}

impl Warm {
    async fn up(claims: Value) -> Self {
        let bench = Bench::new();
        let key = SigningKey::generate("k1", Algorithm::Es256);
        let provider = Provider::up(&bench, &[&key]).await;
        let rules = rules(vec![source("idp", &provider.keys, settings())]);
        let token = key.token(&claims);
        assert_eq!(bench.outcome(&rules, &token).await, Ok(()));
        assert_eq!(bench.lookups(), [0, 1, 0]);
        Self {
            bench,
            key,
            provider,
            rules,
            token,
        }
    }

    async fn again(&self) -> Result<(), Reason> {
        self.bench.outcome(&self.rules, &self.token).await
    }
}

#[tokio::test]
async fn the_second_request_with_a_token_is_a_hit() {
    let warm = Warm::up(claims()).await;
    assert_eq!(warm.again().await, Ok(()));
    assert_eq!(warm.bench.lookups(), [1, 1, 0]);
    let other = warm.key.token(&with(claims(), "jti", "2"));
    assert_eq!(warm.bench.outcome(&warm.rules, &other).await, Ok(()));
    assert_eq!(warm.bench.lookups(), [1, 2, 0]);
}

#[tokio::test]
async fn a_refused_token_is_not_cached() {
    let warm = Warm::up(claims()).await;
    let early = warm.key.token(&with(claims(), "nbf", NOW + 60));
    assert_eq!(
        warm.bench.outcome(&warm.rules, &early).await,
        Err(Reason::TokenNotYetValid)
    );
    warm.bench.clock.advance(Duration::from_secs(60));
    assert_eq!(warm.bench.outcome(&warm.rules, &early).await, Ok(()));
    assert_eq!(warm.bench.lookups(), [0, 3, 0]);
}

#[tokio::test]
async fn a_cached_token_expires_on_its_second() {
    let warm = Warm::up(with(claims(), "exp", NOW + 10)).await;
    warm.bench.clock.advance(Duration::from_secs(39));
    assert_eq!(warm.again().await, Ok(()));
    warm.bench.clock.advance(Duration::from_secs(1));
    assert_eq!(warm.again().await, Err(Reason::TokenExpired));
    assert_eq!(warm.bench.lookups(), [1, 1, 1]);
}

#[tokio::test]
async fn a_removed_key_invalidates_its_cached_tokens() {
    let warm = Warm::up(claims()).await;
    let next = SigningKey::generate("k2", Algorithm::Es256);
    warm.provider.publish(&[&next]).await;
    assert_eq!(warm.again().await, Err(Reason::KeyUnknown));
    warm.provider.publish(&[&warm.key]).await;
    assert_eq!(warm.again().await, Ok(()));
    assert_eq!(
        warm.bench.lookups(),
        [0, 2, 1],
        "a key that comes back is a new key"
    );
    warm.provider
        .publish(&[&SigningKey::generate("k1", Algorithm::Es256)])
        .await;
    assert_eq!(warm.again().await, Err(Reason::SignatureInvalid));
}

#[tokio::test]
async fn a_key_that_stays_keeps_its_cached_tokens() {
    let warm = Warm::up(claims()).await;
    let others = ["a", "k1", "z"].map(|kid| SigningKey::generate(kid, Algorithm::Es256));
    for published in [&others[..1], &others[1..], &others[2..], &[]] {
        let all: Vec<_> = published.iter().chain([&warm.key]).collect();
        warm.provider.publish(&all).await;
        assert_eq!(warm.again().await, Ok(()));
    }
    assert_eq!(warm.bench.lookups(), [4, 1, 0]);
}

#[tokio::test]
async fn another_key_with_the_same_kid_is_a_different_key() {
    let warm = Warm::up(claims()).await;
    let other = SigningKey::generate("k1", Algorithm::Es256);
    warm.provider.publish(&[&other]).await;
    assert_eq!(warm.again().await, Err(Reason::SignatureInvalid));
    assert_eq!(
        warm.bench
            .outcome(&warm.rules, &other.token(&claims()))
            .await,
        Ok(())
    );
}

#[tokio::test]
async fn a_fetch_of_the_same_keys_removes_nothing_from_the_cache() {
    let warm = Warm::up(claims()).await;
    warm.provider.publish(&[&warm.key]).await;
    assert_eq!(warm.again().await, Ok(()));
    assert_eq!(warm.bench.lookups(), [1, 1, 0]);
}

#[tokio::test]
async fn a_cached_token_is_not_used_while_its_keys_are_too_old() {
    let warm = Warm::up(claims()).await;
    warm.bench.clock.advance(Duration::from_secs(60));
    assert_eq!(warm.again().await, Ok(()));
    warm.bench.clock.advance(Duration::from_secs(1));
    assert_eq!(warm.again().await, Err(Reason::KeysUnavailable));
    warm.provider.publish(&[&warm.key]).await;
    assert_eq!(warm.again().await, Ok(()));
}

#[tokio::test]
async fn two_resources_share_no_cached_token() {
    let warm = Warm::up(claims()).await;
    let sources = vec![source("idp", &warm.provider.keys, settings())];
    let other = TokenRules::new(
        ResourceId::parse("other").unwrap(),
        sources,
        vec!["scp".to_owned()],
    );
    let identity = warm.bench.identity(&other, &warm.token).await.unwrap();
    assert!(identity.scopes.is_empty());
    assert_eq!(warm.bench.lookups(), [0, 2, 0]);
    let audience = Audience::OneOf(vec!["https://elsewhere.example.com".to_owned()]);
    let elsewhere = TokenSettings {
        audience,
        ..settings()
    };
    let elsewhere = rules(vec![source("idp", &warm.provider.keys, elsewhere)]);
    assert_eq!(
        warm.bench.outcome(&elsewhere, &warm.token).await,
        Err(Reason::AudienceRefused)
    );
    assert_eq!(warm.again().await, Ok(()));
}
