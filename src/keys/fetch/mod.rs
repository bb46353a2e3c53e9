//! One fetch of keys over the network, with awc: limited in time and size, without redirects, and
//! only to allowed addresses.
//!
//! Design: `docs/design/keys.md#our-own-connector-for-outgoing-requests`.

mod connect;
mod outgoing;
mod span;
mod tunnel;

use std::{error::Error, sync::Arc, time::Duration};

use awc::{
    Client, ClientResponse, Connector,
    error::{ConnectError, PayloadError, SendRequestError},
    http::{StatusCode, header},
};
use bytes::Bytes;
use tokio::time::timeout;
use url::Url;

pub use self::outgoing::{Outgoing, check_roots, client_tls};
use self::{connect::CheckedConnector, span::fetch_span};
use super::{
    FetchError, KeySet, RemoteSettings,
    discovery::{Discovery, is_discovery},
    error::printable,
    snapshot::Fetched,
    ssrf::is_fetchable,
};

/// Fetches the keys of a source. If `settings.url` is that of a discovery document, it reads the
/// URL of the keys from there.
///
/// # Errors
/// The URL that failed, and the cause.
pub(super) async fn fetch(
    outgoing: Arc<Outgoing>,
    settings: RemoteSettings,
) -> Result<Fetched, String> {
    let fetch = Fetch {
        client: client(&outgoing, settings.timeout),
        outgoing,
        settings,
    };
    let url = &fetch.settings.url;
    if !is_discovery(url) {
        return fetch.keys(url).await.map_err(|cause| located(url, &cause));
    }
    let discovery = fetch
        .discovery(url)
        .await
        .map_err(|cause| located(url, &cause))?;
    let keys = fetch.keys(&discovery.jwks_uri).await;
    let fetched = keys.map_err(|cause| located(&discovery.jwks_uri, &cause))?;
    Ok(Fetched {
        issuer: Some(discovery.issuer),
        ..fetched
    })
}

struct Fetch {
    client: Client,
    outgoing: Arc<Outgoing>,
    settings: RemoteSettings,
}

impl Fetch {
    async fn discovery(&self, url: &Url) -> Result<Discovery, FetchError> {
        let document = self.get(url).await?;
        Discovery::parse(&document, url, self.settings.issuer.as_ref())
    }

    async fn keys(&self, url: &Url) -> Result<Fetched, FetchError> {
        let document = self.get(url).await?;
        let (keys, skipped) = KeySet::parse(&document, (&self.settings).into())?;
        Ok(Fetched {
            keys,
            skipped,
            issuer: None,
        })
    }

    /// The body of a 200. The time limit is for the whole fetch; a limit for each read would never
    /// end for a body that arrives byte by byte.
    async fn get(&self, url: &Url) -> Result<Bytes, FetchError> {
        is_fetchable(url, self.outgoing.insecure_hosts())?;
        let limit = self.settings.timeout;
        let tracer = self.outgoing.tracer();
        let start = tracer.begin();
        let outcome = timeout(limit, self.send(url))
            .await
            .unwrap_or(Err(FetchError::Timeout(limit)));
        tracer.end(start, |context, end, duration| {
            fetch_span(context, end, duration, url, &outcome)
        });
        outcome
    }

    async fn send(&self, url: &Url) -> Result<Bytes, FetchError> {
        let request = self
            .client
            .get(url.as_str())
            .insert_header((header::ACCEPT, "application/jwk-set+json, application/json"))
            .insert_header((header::ACCEPT_ENCODING, "identity"))
            .no_decompress();
        let mut response = request.send().await.map_err(not_sent)?;
        check_status(&response)?;
        let announced = announced_bytes(&response);
        let max = self.settings.max_bytes;
        let body = response
            .body()
            .limit(max)
            .await
            .map_err(|error| not_read(&error, max))?;
        // awc treats the early end of a connection as the end of the body.
        if announced.is_some_and(|announced| announced != body.len()) {
            return Err(FetchError::CutShort);
        }
        Ok(body)
    }
}

/// A client for one round. It is not kept, so that no connection is reused without a new check of
/// its address.
fn client(outgoing: &Arc<Outgoing>, timeout: Duration) -> Client {
    // `get` limits the whole fetch. The limits of awc on single steps must not expire before that.
    let later = timeout.saturating_mul(2);
    let connector = Connector::new()
        .connector(CheckedConnector::new(Arc::clone(outgoing)))
        .rustls_0_23(outgoing.tls())
        .timeout(later)
        .handshake_timeout(later);
    Client::builder()
        .connector(connector)
        .disable_redirects()
        .disable_timeout()
        .add_default_header((header::USER_AGENT, USER_AGENT))
        .finish()
}

fn check_status<S>(response: &ClientResponse<S>) -> Result<(), FetchError> {
    match response.status() {
        StatusCode::OK => Ok(()),
        other if other.is_redirection() => Err(FetchError::Redirect(other.as_u16())),
        other => Err(FetchError::Status(other.as_u16())),
    }
}

fn announced_bytes<S>(response: &ClientResponse<S>) -> Option<usize> {
    response
        .headers()
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn not_read(error: &PayloadError, max: usize) -> FetchError {
    if matches!(error, PayloadError::Overflow) {
        FetchError::TooLarge(max)
    } else {
        broken(error)
    }
}

fn not_sent(error: SendRequestError) -> FetchError {
    if let SendRequestError::Connect(error) = error {
        not_connected(error)
    } else {
        broken(&error)
    }
}

/// The error of a connection that failed. Our connector returns its errors as awc's resolver
/// errors. Every other I/O error is one of the TLS handshake.
fn not_connected(error: ConnectError) -> FetchError {
    if let ConnectError::Resolver(error) = error {
        return error
            .downcast()
            .map_or_else(|other| broken(&*other), |ours| *ours);
    }
    if let ConnectError::Io(error) = &error {
        return FetchError::Tls(printable(&error.to_string()));
    }
    broken(&error)
}

fn broken(error: &dyn Error) -> FetchError {
    FetchError::Response(printable(&error.to_string()))
}

/// The cause, with the host and path of the URL. The query is omitted, because it may contain a
/// secret.
fn located(url: &Url, cause: &FetchError) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("`{host}{port}{}`: {cause}", url.path())
}

const USER_AGENT: &str = concat!("scopegate/", env!("CARGO_PKG_VERSION"));
