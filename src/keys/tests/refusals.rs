//! Answers that a source refuses, each with its cause.

use super::*;

async fn failure_of(answer: Answer) -> String {
    failure_with(answer, |_| {}).await
}

async fn failure_with(answer: Answer, change: impl FnOnce(&mut RemoteSettings)) -> String {
    let provider = Provider::of_keys(answer).await;
    let mut settings = test_settings(&provider.url("/keys"));
    change(&mut settings);
    let source = Source::start(settings).await;
    assert!(source.kids().is_empty() && !source.handle.snapshot().is_usable(Duration::ZERO));
    assert_eq!(provider.asked("/elsewhere"), 0);
    source.failure().unwrap()
}

#[actix::test]
async fn redirects_are_not_followed() {
    for (status, expected) in [
        (
            "302 Found",
            "the answer is a redirect (status 302); scopegate does not follow redirects",
        ),
        (
            "301 Moved Permanently",
            "the answer is a redirect (status 301); scopegate does not follow redirects",
        ),
        (
            "304 Not Modified",
            "the answer is a redirect (status 304); scopegate does not follow redirects",
        ),
    ] {
        let head =
            format!("HTTP/1.1 {status}\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(failure_of(Answer::Bytes(head.into_bytes())).await, expected);
    }
}

#[actix::test]
async fn every_status_but_200_is_refused() {
    for status in [
        "201 Created",
        "206 Partial Content",
        "401 Unauthorized",
        "503 Service Unavailable",
    ] {
        let body = format!(r#"{{"keys":[{}]}}"#, ed25519("a"));
        let failure = failure_of(Answer::with_status(status, &body)).await;
        assert_eq!(failure, format!("status {}", &status[..3]));
    }
}

#[actix::test]
async fn a_fetch_ends_if_the_provider_never_answers_or_never_ends() {
    let quick = |settings: &mut RemoteSettings| settings.timeout = Duration::from_millis(200);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{".to_vec();
    for answer in [
        Answer::Silence,
        Answer::Drip(chunked),
        Answer::Drip(b"HTTP/1.1 200 OK\r\nX:".to_vec()),
    ] {
        let expected = "the provider did not answer completely within 200ms";
        assert_eq!(failure_with(answer, quick).await, expected);
    }
    assert!(!failure_with(Answer::Drip(head), quick).await.is_empty());
}

#[actix::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    let small = |settings: &mut RemoteSettings| settings.max_bytes = 1000;
    let announced = Answer::ok(&" ".repeat(1001));
    let mut endless =
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..200 {
        endless.extend_from_slice(b"10\r\n                \r\n");
    }
    for answer in [announced, Answer::Bytes(endless)] {
        assert_eq!(
            failure_with(answer, small).await,
            "the body is longer than 1000 bytes"
        );
    }
}

#[actix::test]
async fn a_body_that_is_not_a_jwk_set_is_refused() {
    assert_eq!(
        failure_of(Answer::ok("<html></html>")).await,
        "the body is not JSON"
    );
    assert_eq!(failure_of(Answer::ok("")).await, "the body is not JSON");
    let cause = "the document is not a JWK Set: it has no array `keys`. Is this the URL of the issuer? \
                 Use its discovery URL, `.../.well-known/openid-configuration`";
    assert_eq!(failure_of(Answer::ok("{}")).await, cause);
    let cause = "none of the 1 keys can be used: it is a shared secret (`oct`)";
    assert_eq!(
        failure_of(jwks(&[r#"{"kty":"oct","k":"AA"}"#.to_owned()])).await,
        cause
    );
}

#[actix::test]
async fn a_broken_or_compressed_response_is_refused() {
    let broken = failure_of(Answer::Bytes(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())).await;
    assert!(
        broken.starts_with("the response is malformed: "),
        "{broken}"
    );
    let cut = failure_of(Answer::Bytes(
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec(),
    ))
    .await;
    assert_eq!(cut, "the body is shorter than its Content-Length");
    let gzip =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00";
    assert_eq!(
        failure_of(Answer::Bytes(gzip.to_vec())).await,
        "the body is not JSON"
    );
}

#[actix::test]
async fn a_server_without_tls_is_a_failure_with_a_cause() {
    let provider = Provider::of_keys(Answer::ok("{}")).await;
    let url = provider.url("/keys").replace("http:", "https:");
    let mut settings = test_settings(&url);
    settings.timeout = Duration::from_millis(500);
    let failure = Source::start(settings).await.failure().unwrap();
    let is_late = failure.starts_with("the provider did not answer completely");
    assert!(
        failure.starts_with("TLS handshake failed") || is_late,
        "{failure}"
    );
}

#[actix::test]
async fn discovery_must_not_lead_to_a_forbidden_address() {
    const PATH: &str = "/.well-known/oauth-authorization-server";
    for (jwks_uri, cause) in [
        (
            "http://auth.example.com/keys",
            "the address must be https, or a loopback host, or a host of `server.insecure_key_hosts`",
        ),
        (
            "https://169.254.169.254/latest",
            "the address must be an address that is not link-local, multicast or a cloud metadata service",
        ),
        ("file:///etc/passwd", "the address must be an http(s) URL"),
    ] {
        let provider = Provider::start().await;
        let issuer = provider.url("");
        let document = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#);
        provider.answers(PATH, Answer::ok(&document));
        let source = Source::start(test_settings(&provider.url(PATH))).await;
        assert_eq!(source.failure().as_deref(), Some(cause));
    }
}
