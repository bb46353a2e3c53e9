//! Fetching through a proxy. The provider acts as the proxy and as the server behind it.

use super::*;

fn through(proxy: String) -> OutgoingSettings {
    OutgoingSettings {
        insecure_hosts: vec!["idp.internal".to_owned()],
        ca_pem: None,
        proxy: ProxySettings {
            http: Some(proxy),
            ..ProxySettings::default()
        },
    }
}

#[actix::test]
async fn a_fetch_through_a_proxy_uses_a_tunnel() {
    let provider = Provider::of_keys(jwks(&[ed25519("a")])).await;
    let outgoing = through(provider.url(""));
    let source = Source::start_with(test_settings("http://idp.internal/keys"), &outgoing).await;
    assert_eq!(source.failure(), None);
    assert_eq!(source.kids(), ["a"]);
    assert_eq!(
        (provider.asked("idp.internal:80"), provider.asked("/keys")),
        (1, 1)
    );
}

#[actix::test]
async fn a_proxy_that_is_not_http_is_an_error_and_never_bypassed() {
    let outgoing = through("socks5h://127.0.0.1:1".to_owned());
    let source = Source::start_with(test_settings("http://idp.internal/keys"), &outgoing).await;
    let cause = "a proxy of scheme `socks5h` is not supported, only `http`";
    assert_eq!(source.failure().as_deref(), Some(cause));
}
