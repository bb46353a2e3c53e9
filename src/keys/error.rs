//! The errors of key sources. Each one is safe to show to an operator.

use std::{io, net::IpAddr, time::Duration};

use super::{SkipCause, UrlError};

/// Why keys were not refreshed, or outgoing requests not set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The last fetch failed; the text says where and why.
    #[error("{0}")]
    Fetch(String),
    /// The actor has ended, so nothing keeps the keys fresh.
    #[error("the keys are not refreshed any more: their actor has ended")]
    ActorGone,
    /// The content of `server.ca_file` is wrong; the text says why.
    #[error("{0}")]
    Roots(String),
    /// The TLS library refused its own defaults.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Why one fetch failed. Texts from outside are made printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL is refused.
    #[error("the address must be {0}")]
    Url(#[from] UrlError),
    /// The host has no address.
    #[error("the host's name cannot be resolved")]
    Resolve,
    /// All addresses of the host are refused.
    #[error("the host's address `{0}` is refused")]
    Address(IpAddr),
    /// The connection was not established.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// The proxy does not speak http.
    #[error("a proxy of scheme `{0}` is not supported, only `http`")]
    ProxyScheme(String),
    /// The proxy did not open the tunnel.
    #[error("the proxy answered status {0} to CONNECT")]
    ProxyStatus(u16),
    /// The proxy did not answer in HTTP.
    #[error("the proxy's answer to CONNECT is malformed")]
    ProxyAnswer,
    /// The TLS handshake failed.
    #[error("TLS handshake failed: {0}")]
    Tls(String),
    /// The whole fetch took too long.
    #[error("no complete answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// The answer is a redirect. Redirects are never followed: they would bypass the check of the address.
    #[error("redirected (status {0}), which is not followed")]
    Redirect(u16),
    /// The status is not 200.
    #[error("status {0}")]
    Status(u16),
    /// The body is longer than `max_bytes`.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The connection closed before the announced end of the body.
    #[error("the body ends before its announced length")]
    CutShort,
    /// The connection broke, or the answer is not HTTP.
    #[error("broken response: {0}")]
    Response(String),
    /// The body is not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The JSON has no `keys` array.
    #[error("the document is no JWK Set: it needs one array `keys`")]
    NoKeysArray,
    /// The set has entries, and none of them can be used.
    #[error("none of the {count} keys can be used: {first}")]
    NoUsableKey {
        /// How many entries the set has.
        count: usize,
        /// What is wrong with the first.
        first: SkipCause,
    },
    /// `issuer` or `jwks_uri` is missing, or is not a URL.
    #[error("the discovery document has no well-formed `{0}`")]
    Discovery(&'static str),
    /// The issuer of the document is not the configured one.
    #[error("the discovery document is of issuer `{0}`, not of the configured one")]
    IssuerConfigured(String),
    /// The document does not belong to the URL that it came from (RFC 8414 §3.3).
    #[error(
        "the discovery document is of issuer `{0}`, which belongs elsewhere; configure `issuer` if this is meant"
    )]
    IssuerElsewhere(String),
}

impl FetchError {
    /// The kind of failure, as a label of a metric.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Url(_) | Self::Address(_) => "address-refused",
            Self::Resolve => "name-unresolved",
            Self::Connect(_) => "not-connected",
            Self::ProxyScheme(_) | Self::ProxyStatus(_) | Self::ProxyAnswer => "proxy",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Redirect(_) => "redirect",
            Self::Status(_) => "status",
            Self::TooLarge(_) => "too-large",
            Self::CutShort | Self::Response(_) => "broken-response",
            Self::NotJson | Self::NoKeysArray | Self::NoUsableKey { .. } => "malformed-keys",
            Self::Discovery(_) | Self::IssuerConfigured(_) | Self::IssuerElsewhere(_) => {
                "malformed-discovery"
            }
        }
    }
}

/// Text from a provider, made safe for a log line or an error: printable ASCII, at most 64 characters.
pub(super) fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().take(MAX_PRINTED).map(shown).collect()
}

const MAX_PRINTED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_cut_and_made_printable() {
        assert_eq!(printable("a\n\u{1b}[1mé b"), "a??[1m? b");
        assert_eq!(printable(&"x".repeat(1000)).len(), MAX_PRINTED);
    }
}
