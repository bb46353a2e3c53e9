//! Requests that use a new token at the same time: one signature check, and no request depends on the patience of
//! another client.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::task::yield_now;

use super::{
    bench::{Bench, NOW, Usual, claims, rules, settings, source, with},
    key_sources::{Provider, fixed},
    signing::SigningKey,
};
use crate::{domain::Reason, keys::Algorithm, token::TokenRules};

/// Polls each future once, in order.
macro_rules! poll {
    ($($future:ident),+) => {
        [$((&mut $future).now_or_never()),+]
    };
}

#[tokio::test]
async fn requests_that_arrive_while_a_token_is_verified_take_over_its_result() {
    let Usual { bench, key, rules } = Usual::new();
    let token = key.token(&claims());
    let flight = bench.verifier.hold_flight(&rules, &token).await;
    let [mut first, mut second, mut third] =
        [(); 3].map(|()| Box::pin(bench.outcome(&rules, &token)));
    assert_eq!(poll!(first, second, third), [None, None, None], "they wait");
    drop(flight);
    assert_eq!(first.await, Ok(()));
    assert_eq!((second.await, third.await), (Ok(()), Ok(())));
    assert_eq!(
        (bench.lookups(), bench.joined()),
        ([0, 1, 0], 2),
        "one of them checked the signature"
    );
}

#[tokio::test]
async fn a_client_that_disconnects_affects_no_other_request() {
    let Usual { bench, key, rules } = Usual::new();
    let token = key.token(&claims());
    let flight = bench.verifier.hold_flight(&rules, &token).await;
    let [mut first, mut second, mut third] =
        [(); 3].map(|()| Box::pin(bench.outcome(&rules, &token)));
    assert_eq!(poll!(first, second, third), [None, None, None]);
    drop(first);
    drop(flight);
    drop(second);
    assert_eq!(third.await, Ok(()));
    assert_eq!((bench.lookups(), bench.joined()), ([0, 1, 0], 0));
}

#[tokio::test]
async fn a_refusal_is_not_shared_between_requests() {
    let Usual { bench, key, rules } = Usual::new();
    let token = key.token(&with(claims(), "nbf", NOW + 60));
    let flight = bench.verifier.hold_flight(&rules, &token).await;
    let (mut first, mut second) = (
        Box::pin(bench.outcome(&rules, &token)),
        Box::pin(bench.outcome(&rules, &token)),
    );
    assert_eq!(poll!(first, second), [None, None]);
    drop(flight);
    assert_eq!(first.await, Err(Reason::TokenNotYetValid));
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(second.await, Ok(()), "the token is valid by now");
    assert_eq!((bench.lookups(), bench.joined()), ([0, 2, 0], 0));
}

#[tokio::test]
async fn the_same_token_under_other_rules_does_not_wait() {
    let Usual {
        bench,
        key,
        rules: mine,
    } = Usual::new();
    let others: Vec<TokenRules> = (0..8)
        .map(|_| rules(vec![source("idp", &fixed(&[&key]), settings())]))
        .collect();
    let token = key.token(&claims());
    let flight = bench.verifier.hold_flight(&mine, &token).await;
    let mut waiting = Box::pin(bench.outcome(&mine, &token));
    assert_eq!(poll!(waiting), [None]);
    let passed = others
        .iter()
        .filter(|rules| bench.outcome(rules, &token).now_or_never() == Some(Ok(())));
    assert!(passed.count() >= 6, "few share a lock by chance");
    drop(flight);
    assert_eq!(waiting.await, Ok(()));
    assert_eq!(bench.joined(), 0);
}

#[tokio::test]
async fn requests_that_wait_for_a_key_together_check_the_signature_once() {
    let bench = Arc::new(Bench::new());
    let (old, new) = (
        SigningKey::generate("k1", Algorithm::Es256),
        SigningKey::generate("k2", Algorithm::Es256),
    );
    let provider = Provider::up(&bench, &[&old]).await;
    let rules = rules(vec![source("idp", &provider.keys, settings())]);
    let token = new.token(&claims());
    let gate = provider.hold();
    provider.will_publish(&[&old, &new]);
    let mut all = Box::pin(futures_util::future::join_all(
        (0..10).map(|_| bench.outcome(&rules, &token)),
    ));
    assert_eq!(poll!(all), [None]);
    while provider.fetches() < 2 {
        yield_now().await;
    }
    gate.send(()).unwrap();
    assert!(all.await.into_iter().all(|outcome| outcome == Ok(())));
    assert_eq!(bench.joined(), 9);
}

/// Many threads and few tokens, in any order: each good token is checked once, and a bad one is refused every time.
#[test]
fn threads_that_verify_the_same_token_agree() {
    let Usual { bench, key, rules } = Usual::new();
    let good: Vec<String> = (0..20)
        .map(|n| key.token(&with(claims(), "jti", n)))
        .collect();
    let bad = key.token(&with(claims(), "aud", "https://elsewhere.example.com"));
    let start = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                for token in &good {
                    start.wait();
                    assert_eq!(runtime.block_on(bench.outcome(&rules, token)), Ok(()));
                    let refused = runtime.block_on(bench.outcome(&rules, &bad));
                    assert_eq!(refused, Err(Reason::AudienceRefused));
                }
            });
        }
    });
    let [hits, misses, outdated] = bench.lookups();
    assert_eq!((misses, outdated), (20 + 80, 0));
    assert_eq!(hits + bench.joined(), 60);
}
