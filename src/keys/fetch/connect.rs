//! The connector of awc's client. It checks each address immediately before it connects. A check of
//! only the URL would not be enough, because the DNS may return any address for a name.

use std::{net::SocketAddr, sync::Arc};

use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use tokio::net::{TcpStream, lookup_host};

use super::{super::FetchError, Outgoing, tunnel};
use crate::keys::ssrf::{may_connect, without_brackets};

/// Connects directly, or through the proxy for the URL.
#[derive(Clone, Debug)]
pub(super) struct CheckedConnector {
    outgoing: Arc<Outgoing>,
}

impl CheckedConnector {
    pub(super) const fn new(outgoing: Arc<Outgoing>) -> Self {
        Self { outgoing }
    }
}

impl Service<ConnectInfo<Uri>> for CheckedConnector {
    type Response = Connection<Uri, TcpStream>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    actix_service::always_ready!();

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        let outgoing = Arc::clone(&self.outgoing);
        Box::pin(async move {
            let (uri, port) = (info.request().clone(), info.port());
            let stream = connect(&outgoing, &uri, port).await;
            let stream = stream.map_err(|error| ConnectError::Resolver(Box::new(error)))?;
            Ok(Connection::new(uri, stream))
        })
    }
}

async fn connect(outgoing: &Outgoing, uri: &Uri, port: u16) -> Result<TcpStream, FetchError> {
    let host = uri.host().unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = format!("{host}:{port}");
    if let Some(proxy) = outgoing.proxy_for(scheme, &authority, host) {
        return tunnel::open(&proxy, &authority).await;
    }
    dial(&allowed(host, resolve(host, port).await?)?).await
}

/// The addresses to which a fetch for `host` may connect.
///
/// # Errors
/// If the host has addresses and all of them are forbidden.
fn allowed(host: &str, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, FetchError> {
    let (allowed, refused): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| may_connect(host, address.ip()));
    match refused.first() {
        Some(address) if allowed.is_empty() => Err(FetchError::Address(address.ip())),
        Some(_) | None => Ok(allowed),
    }
}

pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
    let addresses = lookup_host((without_brackets(host), port)).await;
    Ok(addresses.map_err(|_| FetchError::Resolve)?.collect())
}

pub(super) async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, FetchError> {
    if addresses.is_empty() {
        return Err(FetchError::Resolve);
    }
    TcpStream::connect(addresses)
        .await
        .map_err(|error| FetchError::Connect(error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_the_allowed_addresses_of_a_name_are_used() {
        let found = addresses(&["127.0.0.1:443", "10.0.0.1:443", "169.254.169.254:443"]);
        assert_eq!(
            allowed("idp.internal", found),
            Ok(addresses(&["10.0.0.1:443"]))
        );
    }

    #[test]
    fn a_name_with_only_forbidden_addresses_is_refused() {
        let error =
            allowed("idp.internal", addresses(&["[::1]:443", "127.0.0.1:443"])).unwrap_err();
        assert_eq!(error.to_string(), "the host's address `::1` is refused");
        assert!(allowed("localhost", addresses(&["10.0.0.1:443"])).is_err());
    }
}
