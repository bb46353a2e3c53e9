//! Key sources that are several, late, down, or behind.

use std::time::Duration;

use super::{
    bench::{Bench, ISSUER, claims, issuer, rules, settings, source, with, without},
    key_sources::{Provider, fixed},
    signing::SigningKey,
};
use crate::{
    domain::{Reason, Step},
    keys::{Algorithm, KeysHandle},
    token::{Audience, IssuerRule, TokenRules, TokenSettings},
};

const OTHER: &str = "https://other.example.com";
const EVIL: &str = "https://evil.example.com";

fn signing_for(text: &str) -> TokenSettings {
    TokenSettings {
        issuer: IssuerRule::Exactly(issuer(text)),
        ..settings()
    }
}

fn key(kid: &str) -> SigningKey {
    SigningKey::generate(kid, Algorithm::Es256)
}

fn only(keys: &KeysHandle) -> TokenRules {
    rules(vec![source("idp", keys, settings())])
}

#[tokio::test]
async fn each_source_signs_only_for_its_own_issuer() {
    let (bench, one, two) = (Bench::new(), key("k1"), key("k2"));
    let rules = rules(vec![
        source("ours", &fixed(&[&one]), signing_for(ISSUER)),
        source("other", &fixed(&[&two]), signing_for(OTHER)),
    ]);
    let from = |issuer: &str| with(claims(), "iss", issuer);
    assert_eq!(
        bench.outcome(&rules, &one.token(&from(ISSUER))).await,
        Ok(())
    );
    assert_eq!(
        bench
            .identity(&rules, &two.token(&from(OTHER)))
            .await
            .unwrap()
            .source
            .as_ref(),
        "other"
    );
    assert_eq!(
        bench.outcome(&rules, &two.token(&from(ISSUER))).await,
        Err(Reason::KeyUnknown)
    );
    let crossed = two.token_of(&one.header().to_string(), &from(ISSUER).to_string());
    assert_eq!(
        bench.outcome(&rules, &crossed).await,
        Err(Reason::SignatureInvalid)
    );
    assert_eq!(
        bench.outcome(&rules, &one.token(&from(EVIL))).await,
        Err(Reason::IssuerRefused)
    );
    let without_issuer = one.token(&without(claims(), "iss"));
    assert_eq!(
        bench.outcome(&rules, &without_issuer).await,
        Err(Reason::IssuerRefused)
    );
}

#[tokio::test]
async fn a_source_without_keys_does_not_make_the_client_discard_its_token() {
    let (bench, one) = (Bench::new(), key("k1"));
    let idp = Provider::down(&bench).await;
    let rules = only(&idp.keys);
    assert_eq!(
        bench.outcome(&rules, &one.token(&claims())).await,
        Err(Reason::KeysUnavailable)
    );
    idp.publish(&[&one]).await;
    assert_eq!(bench.outcome(&rules, &one.token(&claims())).await, Ok(()));
}

#[tokio::test]
async fn a_source_that_is_down_does_not_stop_another() {
    let (bench, one) = (Bench::new(), key("k1"));
    let (down, up) = (Provider::down(&bench).await, fixed(&[&one]));
    let rules = rules(vec![
        source("down", &down.keys, settings()),
        source("up", &up, settings()),
    ]);
    assert_eq!(bench.outcome(&rules, &one.token(&claims())).await, Ok(()));
    let expired = one.token(&with(claims(), "exp", 1));
    assert_eq!(
        bench.outcome(&rules, &expired).await,
        Err(Reason::TokenExpired)
    );
    for stranger in [key("k1"), key("k9")] {
        let outcome = bench.outcome(&rules, &stranger.token(&claims())).await;
        assert_eq!(
            outcome,
            Err(Reason::KeysUnavailable),
            "the source that is down may know the key"
        );
    }
}

#[tokio::test]
async fn a_source_that_is_down_does_not_count_for_tokens_of_other_issuers() {
    let (bench, one) = (Bench::new(), key("k1"));
    let (down, up) = (Provider::down(&bench).await, fixed(&[&one]));
    let rules = rules(vec![
        source("down", &down.keys, signing_for(OTHER)),
        source("up", &up, settings()),
    ]);
    let stranger = key("k9").token(&claims());
    assert_eq!(
        bench.outcome(&rules, &stranger).await,
        Err(Reason::KeyUnknown)
    );
    let evil = one.token(&with(claims(), "iss", EVIL));
    assert_eq!(
        bench.outcome(&rules, &evil).await,
        Err(Reason::IssuerRefused)
    );
    let other = key("k9").token(&with(claims(), "iss", OTHER));
    assert_eq!(
        bench.outcome(&rules, &other).await,
        Err(Reason::KeysUnavailable)
    );
}

#[tokio::test]
async fn a_source_that_has_not_discovered_its_issuer_is_unavailable() {
    let (bench, one, two) = (Bench::new(), key("k1"), key("k2"));
    let (late, up) = (Provider::down_with_discovery(&bench).await, fixed(&[&one]));
    let discovered = TokenSettings {
        issuer: IssuerRule::Discovered,
        ..settings()
    };
    let rules = rules(vec![
        source("late", &late.keys, discovered),
        source("up", &up, settings()),
    ]);
    let [of_late, of_evil] =
        [late.issuer(), EVIL].map(|issuer| two.token(&with(claims(), "iss", issuer)));
    assert_eq!(
        bench.outcome(&rules, &of_late).await,
        Err(Reason::KeysUnavailable)
    );
    assert_eq!(
        bench.outcome(&rules, &of_evil).await,
        Err(Reason::KeysUnavailable)
    );
    assert_eq!(bench.outcome(&rules, &one.token(&claims())).await, Ok(()));
    let hmac = two.token_of(
        &with(two.header(), "alg", "HS256").to_string(),
        &claims().to_string(),
    );
    assert_eq!(
        bench.outcome(&rules, &hmac).await,
        Err(Reason::AlgorithmRefused)
    );
    late.publish(&[&two]).await;
    assert_eq!(bench.outcome(&rules, &of_late).await, Ok(()));
    assert_eq!(
        bench.outcome(&rules, &of_evil).await,
        Err(Reason::IssuerRefused)
    );
    assert_eq!(
        bench.outcome(&rules, &two.token(&claims())).await,
        Err(Reason::KeyUnknown)
    );
}

#[tokio::test]
async fn among_sources_that_signed_the_one_that_accepts_counts() {
    let (bench, one) = (Bench::new(), key("k1"));
    let elsewhere = TokenSettings {
        audience: Audience::OneOf(vec!["x".to_owned()]),
        ..settings()
    };
    let rules = rules(vec![
        source("first", &fixed(&[&one]), elsewhere),
        source("second", &fixed(&[&one]), settings()),
    ]);
    assert_eq!(
        bench
            .identity(&rules, &one.token(&claims()))
            .await
            .unwrap()
            .source
            .as_ref(),
        "second"
    );
    let neither = one.token(&with(claims(), "aud", "y"));
    assert_eq!(
        bench.outcome(&rules, &neither).await,
        Err(Reason::AudienceRefused)
    );
}

#[tokio::test]
async fn an_unknown_kid_makes_the_source_fetch() {
    let (bench, old, new) = (Bench::new(), key("k1"), key("k2"));
    let idp = Provider::up(&bench, &[&old]).await;
    let rules = only(&idp.keys);
    idp.will_publish(&[&old, &new]);
    assert_eq!(bench.outcome(&rules, &new.token(&claims())).await, Ok(()));
    assert_eq!(idp.fetches(), 2);
    assert_eq!(
        bench.outcome(&rules, &key("k3").token(&claims())).await,
        Err(Reason::KeyUnknown)
    );
    assert_eq!(idp.fetches(), 3);
    assert_eq!(
        bench.outcome(&rules, &key("k3").token(&claims())).await,
        Err(Reason::KeyUnknown)
    );
    assert_eq!(idp.fetches(), 3, "the bucket is empty");
}

#[tokio::test]
async fn a_key_that_was_published_while_a_fetch_ran_is_found_by_the_next() {
    let (bench, old, new) = (Bench::new(), key("k1"), key("k2"));
    let idp = Provider::up(&bench, &[&old]).await;
    let rules = only(&idp.keys);
    let gate = idp.hold();
    let token = new.token(&claims());
    let early = idp.keys.refresh();
    let late = async {
        while idp.fetches() < 2 {
            tokio::task::yield_now().await;
        }
        // The running fetch was answered with only the old key; the new key is published now.
        idp.will_publish(&[&old, &new]);
        bench.clock.advance(Duration::from_secs(1));
        let (outcome, ()) = tokio::join!(bench.outcome(&rules, &token), async {
            gate.send(()).unwrap()
        });
        outcome
    };
    let (early, outcome) = tokio::join!(early, late);
    assert_eq!((early.is_ok(), outcome), (true, Ok(())));
    assert_eq!(idp.fetches(), 3);
}

#[tokio::test]
async fn a_kid_is_unknown_only_by_fresh_keys() {
    let (bench, old) = (Bench::new(), key("k1"));
    let idp = Provider::up(&bench, &[&old]).await;
    let rules = only(&idp.keys);
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(
        bench.outcome(&rules, &key("k2").token(&claims())).await,
        Err(Reason::KeyUnknown)
    );
    idp.stop();
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(
        bench.outcome(&rules, &key("k2").token(&claims())).await,
        Err(Reason::KeysUnavailable)
    );
    assert_eq!(bench.outcome(&rules, &old.token(&claims())).await, Ok(()));
    let forged = key("k1").token(&claims());
    assert_eq!(
        bench.outcome(&rules, &forged).await,
        Err(Reason::SignatureInvalid)
    );
}

#[tokio::test]
async fn a_new_key_under_an_old_kid_is_found() {
    let (bench, old, new) = (Bench::new(), key("k1"), key("k1"));
    let idp = Provider::up(&bench, &[&old]).await;
    let rules = only(&idp.keys);
    idp.will_publish(&[&new]);
    assert_eq!(bench.outcome(&rules, &new.token(&claims())).await, Ok(()));
    assert_eq!(
        bench.outcome(&rules, &old.token(&claims())).await,
        Err(Reason::SignatureInvalid)
    );
    assert_eq!(idp.fetches(), 3);
}

#[tokio::test]
async fn an_empty_key_set_makes_the_key_unknown() {
    let (bench, one) = (Bench::new(), key("k1"));
    let idp = Provider::up(&bench, &[&one]).await;
    idp.publish(&[]).await;
    assert_eq!(
        bench.outcome(&only(&idp.keys), &one.token(&claims())).await,
        Err(Reason::KeyUnknown)
    );
}

#[tokio::test]
async fn a_token_that_no_fetch_can_help_causes_none() {
    let (bench, one) = (Bench::new(), key("k1"));
    let idp = Provider::up(&bench, &[&one]).await;
    let rules = only(&idp.keys);
    for token in [
        one.token(&with(claims(), "exp", 1)),
        one.token_of(
            &with(one.header(), "alg", "RS256").to_string(),
            &claims().to_string(),
        ),
        "opaque".to_owned(),
    ] {
        assert!(bench.outcome(&rules, &token).await.is_err());
    }
    assert_eq!(idp.fetches(), 1);
}

#[tokio::test]
async fn a_resource_without_sources_is_unavailable() {
    let outcome = Bench::new()
        .outcome(&rules(Vec::new()), &key("k1").token(&claims()))
        .await;
    assert_eq!(outcome, Err(Reason::KeysUnavailable));
}

#[tokio::test]
async fn the_notes_name_the_steps_and_never_the_token() {
    let (bench, one) = (Bench::new(), key("k1"));
    let rules = only(&fixed(&[&one]));
    let token = one.token(&claims());
    let steps = |notes: &[(Step, String)]| notes.iter().map(|(step, _)| *step).collect::<Vec<_>>();
    let fresh = bench.traced(&rules, &token).await;
    let expected = [
        Step::Bearer,
        Step::Signature,
        Step::Signature,
        Step::Claims,
        Step::Scopes,
    ];
    assert_eq!(steps(&fresh), expected);
    let known = bench.traced(&rules, &token).await;
    assert_eq!(
        steps(&known),
        [Step::Bearer, Step::Signature, Step::Claims, Step::Scopes]
    );
    let elsewhere = one.token(&with(claims(), "aud", "elsewhere"));
    let refused = bench.traced(&rules, &elsewhere).await;
    assert_eq!(steps(&refused).last(), Some(&Step::Claims));
    assert!(
        refused.last().unwrap().1.contains("AudienceRefused"),
        "{refused:?}"
    );
    for (_, note) in fresh.iter().chain(&known).chain(&refused) {
        for part in token.split('.').chain(elsewhere.split('.')) {
            assert!(!note.contains(part), "{note}");
        }
    }
}
