//! How a source starts, changes, fails, recovers and ends.

use super::*;

#[actix::test]
async fn a_source_fetches_at_once_and_publishes_its_keys() {
    let provider = Provider::of_keys(jwks(&[ed25519("a"), p256("b")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    assert_eq!(source.kids(), ["a", "b"]);
    let snapshot = source.handle.snapshot();
    assert!(snapshot.is_usable(Duration::ZERO) && snapshot.last_failure.is_none());
    assert!(soon(source.handle.is_alive()).await);
    assert_eq!(provider.asked("/keys"), 1);
}

#[actix::test]
async fn a_source_recovers_when_its_provider_was_down_at_the_start() {
    let provider = Provider::start().await;
    let mut settings = test_settings(&provider.url("/keys"));
    settings.refresh_interval = Duration::from_millis(50);
    let source = Source::start(settings).await;
    assert_eq!(source.failure().as_deref(), Some("status 404"));
    assert!(!source.handle.snapshot().is_usable(Duration::ZERO));
    provider.answers("/keys", jwks(&[ed25519("a")]));
    eventually(|| source.kids() == ["a"]).await;
    assert_eq!(source.failure(), None);
}

#[actix::test]
async fn a_refused_connection_is_a_failure_with_a_cause() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let source = Source::start(test_settings(&format!("http://{address}/keys?secret=1"))).await;
    let failure = source.handle.snapshot().last_failure.clone();
    assert_eq!(
        failure,
        Some(format!(
            "`{address}/keys`: cannot connect: connection refused"
        ))
    );
    assert!(matches!(
        soon(source.handle.refresh()).await,
        Err(KeysError::Fetch(_))
    ));
}

#[actix::test]
async fn the_same_keys_in_another_order_keep_the_generation() {
    let provider = Provider::of_keys(jwks(&[ed25519("a"), p256("b")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    let first = source.handle.snapshot().generation;
    provider.answers("/keys", jwks(&[p256("b"), ed25519("a"), ed25519("a")]));
    source.clock.advance(Duration::from_secs(7));
    soon(source.handle.refresh()).await.unwrap();
    assert_eq!(source.handle.snapshot().generation, first);
    assert_eq!(
        source.handle.snapshot().last_success,
        Some(Duration::from_secs(7))
    );
    provider.answers("/keys", jwks(&[p256("b")]));
    soon(source.handle.refresh()).await.unwrap();
    assert_ne!(source.handle.snapshot().generation, first);
    assert_eq!(source.kids(), ["b"]);
}

#[actix::test]
async fn one_bad_key_is_skipped_and_the_others_are_used() {
    let provider = Provider::of_keys(jwks(&[
        r#"{"kty":"oct","kid":"s","k":"AA"}"#.into(),
        p256("b"),
    ]))
    .await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    assert_eq!(source.kids(), ["b"]);
    let expected = SkippedKey {
        kid: Some("s".to_owned()),
        cause: SkipCause::Symmetric,
    };
    assert_eq!(source.handle.snapshot().skipped, [expected]);
}

#[actix::test]
async fn an_empty_set_removes_all_keys_at_once() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    provider.answers("/keys", jwks(&[]));
    soon(source.handle.refresh()).await.unwrap();
    let snapshot = source.handle.snapshot();
    assert!(snapshot.keys.is_empty() && snapshot.is_usable(Duration::ZERO));
}

#[actix::test]
async fn a_failed_fetch_keeps_the_last_good_keys() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    for answer in [
        jwks(&["{}".to_owned()]),
        Answer::ok("<html>"),
        Answer::with_status("500 Oops", ""),
    ] {
        provider.answers("/keys", answer);
        assert!(soon(source.handle.refresh()).await.is_err());
        assert_eq!(source.kids(), ["a"]);
    }
    assert!(
        source
            .handle
            .snapshot()
            .is_usable(Duration::from_secs(86_400))
    );
    assert!(
        !source
            .handle
            .snapshot()
            .is_usable(Duration::from_secs(86_401))
    );
}

#[actix::test]
async fn discovery_names_the_keys_and_the_issuer() {
    const PATH: &str = "/realm/.well-known/openid-configuration";
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let document = |issuer: &str| {
        let keys = provider.url("/keys");
        Answer::ok(&format!(r#"{{"issuer":"{issuer}","jwks_uri":"{keys}"}}"#))
    };
    let issuer = provider.url("/realm");
    provider.answers(PATH, document(&issuer));
    let source = Source::start(test_settings(&provider.url(PATH))).await;
    assert_eq!(source.kids(), ["a"]);
    assert_eq!(
        source
            .handle
            .snapshot()
            .issuer
            .as_ref()
            .map(|issuer| issuer.as_str()),
        Some(issuer.as_str())
    );
    provider.answers(PATH, document("https://evil.example"));
    assert!(soon(source.handle.refresh()).await.is_err());
    assert!(source.failure().unwrap().contains("`https://evil.example`"));
    assert_eq!(
        source
            .handle
            .snapshot()
            .issuer
            .as_ref()
            .map(|issuer| issuer.as_str()),
        Some(issuer.as_str())
    );
    assert_eq!(provider.asked("/keys"), 1);
}

#[actix::test]
async fn the_actor_and_its_series_end_with_the_last_handle() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let Source {
        handle, registry, ..
    } = Source::start(test_settings(&provider.url("/keys"))).await;
    let last = handle.clone();
    drop(handle);
    soon(last.refresh()).await.unwrap();
    assert_eq!(provider.asked("/keys"), 2);
    assert!(!registry.gather().is_empty());
    drop(last);
    eventually(|| registry.gather().is_empty()).await;
}

#[actix::test]
async fn a_source_reports_that_its_actor_has_ended() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let registry = Registry::new();
    let metrics = KeysMetrics::register(&registry).unwrap();
    let outgoing = Arc::new(Outgoing::new(&OutgoingSettings::default()).unwrap());
    let clock = Arc::new(ManualClock::at(0));
    let id = ResourceId::parse("mcp").unwrap();
    let arbiter = actix::Arbiter::new();
    let settings = test_settings(&provider.url("/keys"));
    let handle = start(
        &id,
        "idp",
        settings,
        outgoing,
        clock,
        &metrics,
        &arbiter.handle(),
    );
    soon(handle.first_answer()).await;
    arbiter.stop();
    arbiter.join().unwrap();
    assert!(!soon(handle.is_alive()).await);
    assert_eq!(soon(handle.refresh()).await, Err(KeysError::ActorGone));
    assert_eq!(handle.snapshot().keys.len(), 1);
}

#[actix::test]
async fn metrics_have_outcomes_keys_and_the_time_of_the_last_success() {
    let provider = Provider::of_keys(jwks(&[ed25519("a"), p256("b")])).await;
    let source = Source::start(test_settings(&provider.url("/keys"))).await;
    provider.answers("/keys", Answer::ok("nonsense"));
    assert!(soon(source.handle.refresh()).await.is_err());
    let text = prometheus::TextEncoder::new()
        .encode_to_string(&source.registry.gather())
        .unwrap();
    for line in [
        r#"scopegate_jwks_keys{resource="mcp",source="idp"} 2"#,
        r#"scopegate_jwks_last_success_timestamp_seconds{resource="mcp",source="idp"} 1700000000"#,
        r#"scopegate_jwks_refresh_total{outcome="failure",resource="mcp",source="idp"} 1"#,
        r#"scopegate_jwks_refresh_total{outcome="success",resource="mcp",source="idp"} 1"#,
        r#"scopegate_jwks_unknown_kid_total{resource="mcp",source="idp"} 0"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[actix::test]
async fn a_secret_is_always_usable_and_fresh() {
    let secret = SecretKey::new(b"0123456789abcdef0123456789abcdef");
    let settings = SecretSettings {
        secret,
        algorithm: Algorithm::Hs256,
        key_id: "k".to_owned(),
    };
    let handle = KeysHandle::of_secret(&settings);
    soon(handle.first_answer()).await;
    soon(handle.refresh_for(Missing::Kid, 0)).await;
    soon(handle.refresh()).await.unwrap();
    assert!(soon(handle.is_alive()).await);
    let snapshot = handle.snapshot();
    assert!(snapshot.is_usable(Duration::MAX) && snapshot.is_fresh(Duration::MAX, Duration::MAX));
    assert_eq!(
        snapshot
            .keys
            .candidates(Some("k"), Algorithm::Hs256)
            .count(),
        1
    );
    assert!(!format!("{handle:?}").contains("0123"));
}
