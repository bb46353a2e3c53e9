//! Refreshes that tokens cause: they are few, requests share them, and no request waits for long.

use futures_util::future::join_all;

use super::*;

#[actix::test]
async fn a_thousand_tokens_with_unknown_keys_cause_no_more_fetches_than_the_burst() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    for _ in 0..5 {
        soon(join_all(
            (0..1000).map(|_| source.refresh_for(Missing::Kid)),
        ))
        .await;
    }
    assert_eq!(provider.asked("/keys"), 1 + 2);
    source.clock.advance(Duration::from_secs(30));
    soon(source.refresh_for(Missing::Kid)).await;
    soon(source.refresh_for(Missing::Kid)).await;
    assert_eq!(provider.asked("/keys"), 1 + 3);
}

#[actix::test]
async fn forged_signatures_do_not_use_up_the_bucket_of_unknown_keys() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    for _ in 0..10 {
        soon(source.refresh_for(Missing::Signature)).await;
    }
    assert_eq!(provider.asked("/keys"), 1 + 2);
    provider.answers("/keys", jwks(&[ed25519("b")]));
    soon(source.refresh_for(Missing::Kid)).await;
    assert_eq!(source.kids(), ["b"]);
}

#[actix::test]
async fn a_failed_fetch_uses_up_the_bucket_too() {
    let provider = Provider::start().await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    for _ in 0..10 {
        soon(source.refresh_for(Missing::Kid)).await;
    }
    assert_eq!(provider.asked("/keys"), 1 + 2);
}

#[actix::test]
async fn a_request_waits_at_most_max_wait_and_the_round_continues() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let mut settings = test_settings(&provider.url("/keys"));
    settings.unknown_kid.max_wait = Duration::from_millis(20);
    settings.timeout = Duration::from_secs(60);
    let source = Source::start(settings).await;
    provider.answers("/keys", Answer::Silence);
    soon(source.refresh_for(Missing::Kid)).await;
    eventually(|| provider.asked("/keys") == 2).await;
    soon(source.refresh_for(Missing::Kid)).await;
    assert!(
        soon(source.handle.is_alive()).await,
        "the mailbox is served while a round runs"
    );
    assert_eq!(
        provider.asked("/keys"),
        2,
        "the second request joined the round"
    );
}

#[actix::test]
async fn the_sixty_fifth_request_does_not_wait() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let mut settings = test_settings(&provider.url("/keys"));
    settings.timeout = Duration::from_secs(60);
    let source = Source::start(settings).await;
    provider.answers("/keys", Answer::Silence);
    for _ in 0..MAX_WAITING {
        let handle = source.handle.clone();
        let round = handle.snapshot().round;
        actix::spawn(async move { handle.refresh_for(Missing::Kid, round).await });
    }
    eventually(|| provider.asked("/keys") == 2).await;
    soon(source.refresh_for(Missing::Kid)).await;
}

#[actix::test]
async fn tokens_cause_no_fetch_if_that_is_switched_off() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let mut settings = test_settings(&provider.url("/keys"));
    settings.unknown_kid.enabled = false;
    let source = Source::start(settings).await;
    soon(source.refresh_for(Missing::Kid)).await;
    assert_eq!(provider.asked("/keys"), 1);
}

#[actix::test]
async fn a_token_that_was_checked_with_older_keys_causes_no_fetch() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    let round = source.handle.snapshot().round;
    soon(source.handle.refresh_for(Missing::Kid, round)).await;
    assert_eq!(provider.asked("/keys"), 1 + 1);
    for _ in 0..100 {
        soon(source.handle.refresh_for(Missing::Kid, round)).await;
    }
    assert_eq!(
        provider.asked("/keys"),
        1 + 1,
        "the keys have been fetched since then"
    );
}
