//! A tunnel through an http proxy (RFC 9110 §9.3.6). Plain http uses it too, so that a request is
//! the same with and without a proxy.

use std::io;

use hyper_util::client::proxy::matcher::Intercept;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    super::{FetchError, error::printable},
    connect::{dial, resolve},
};

/// Asks the proxy to connect to `authority` (`host:port`), and returns the connection. The address
/// of the proxy itself is not checked, because the operator chose it.
///
/// # Errors
/// If the proxy cannot be reached, is not an http proxy, or refuses the tunnel.
pub(super) async fn open(proxy: &Intercept, authority: &str) -> Result<TcpStream, FetchError> {
    let scheme = proxy.uri().scheme_str().unwrap_or_default();
    if scheme != "http" {
        return Err(FetchError::ProxyScheme(printable(scheme)));
    }
    let (host, port) = (
        proxy.uri().host().unwrap_or_default(),
        proxy.uri().port_u16().unwrap_or(80),
    );
    let mut stream = dial(&resolve(host, port).await?).await?;
    let broken = |error: io::Error| FetchError::Connect(error.kind());
    stream
        .write_all(&request(proxy, authority))
        .await
        .map_err(broken)?;
    let status = status(&head(&mut stream).await?)?;
    if (200..300).contains(&status) {
        Ok(stream)
    } else {
        Err(FetchError::ProxyStatus(status))
    }
}

fn request(proxy: &Intercept, authority: &str) -> Vec<u8> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(credentials) = proxy.basic_auth() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(credentials.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// The head of the proxy's answer, up to the empty line. Nothing follows it yet, because the server
/// behind the tunnel does not send first.
async fn head(stream: &mut TcpStream) -> Result<Vec<u8>, FetchError> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream
            .read_buf(&mut head)
            .await
            .map_err(|error| FetchError::Connect(error.kind()))?;
        if read == 0 || head.len() > MAX_HEAD_BYTES {
            return Err(FetchError::ProxyAnswer);
        }
    }
    Ok(head)
}

fn status(head: &[u8]) -> Result<u16, FetchError> {
    let text = std::str::from_utf8(head).map_err(|_| FetchError::ProxyAnswer)?;
    let mut words = text.split([' ', '\r']);
    match (words.next(), words.next().map(str::parse)) {
        (Some("HTTP/1.1" | "HTTP/1.0"), Some(Ok(status))) => Ok(status),
        _ => Err(FetchError::ProxyAnswer),
    }
}

const MAX_HEAD_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_http_status_line_opens_the_tunnel() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Ok(200)
        );
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Ok(407));
        for head in [
            b"SSH-2.0-x\r\n\r\n".as_slice(),
            b"HTTP/1.1\r\n\r\n",
            b"\xff\r\n\r\n",
            b"HTTP/1.1 +x\r\n",
        ] {
            assert_eq!(status(head), Err(FetchError::ProxyAnswer));
        }
    }
}
