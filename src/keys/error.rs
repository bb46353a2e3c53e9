//! What can go wrong with keys: each failure is named, and safe to show to an operator.

use std::{io, net::IpAddr, time::Duration};

use super::{SkipCause, UrlError};

/// Why a source's keys could not be refreshed, or outgoing requests not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The last fetch failed; the text says where and why.
    #[error("{0}")]
    Fetch(String),
    /// The actor has ended: nothing keeps the keys fresh any more.
    #[error("the keys are not refreshed any more: their actor has ended")]
    ActorGone,
    /// The content of `server.ca_file` is not what it must be; the text says why.
    #[error("{0}")]
    Roots(String),
    /// The TLS library refused its own defaults.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Why one fetch failed. Texts from outside are made printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address must not be asked.
    #[error("the address must be {0}")]
    Url(#[from] UrlError),
    /// The host has no address.
    #[error("the host's name cannot be resolved")]
    Resolve,
    /// The host's addresses are of a kind that is never asked.
    #[error("the host's address `{0}` is refused")]
    Address(IpAddr),
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// A proxy that speaks another protocol than http.
    #[error("a proxy of scheme `{0}` is not supported, only `http`")]
    ProxyScheme(String),
    /// The proxy did not open the tunnel.
    #[error("the proxy answered status {0} to CONNECT")]
    ProxyStatus(u16),
    /// The proxy did not answer in HTTP.
    #[error("the proxy's answer to CONNECT is malformed")]
    ProxyAnswer,
    /// No TLS connection.
    #[error("TLS handshake failed: {0}")]
    Tls(String),
    /// Connecting, asking and reading together took too long.
    #[error("no complete answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// Redirects are never followed: they would undo the check of the address.
    #[error("redirected (status {0}), which is not followed")]
    Redirect(u16),
    /// Another status than 200.
    #[error("status {0}")]
    Status(u16),
    /// A longer body than `max_bytes`.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The connection closed before the announced end of the body.
    #[error("the body ends before its announced length")]
    CutShort,
    /// The connection broke, or what came was not HTTP.
    #[error("broken response: {0}")]
    Response(String),
    /// The body is not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The JSON has no `keys` array.
    #[error("the document is no JWK Set: it needs one array `keys`")]
    NoKeysArray,
    /// A set with entries, none of which can be used.
    #[error("none of the {count} keys can be used: {first}")]
    NoUsableKey {
        /// How many entries the set has.
        count: usize,
        /// What is wrong with the first.
        first: SkipCause,
    },
    /// The document lacks `issuer` or `jwks_uri`, or one of them is no URL.
    #[error("the discovery document has no well-formed `{0}`")]
    Discovery(&'static str),
    /// The document speaks for another issuer than the configured one.
    #[error("the discovery document is of issuer `{0}`, not of the configured one")]
    IssuerConfigured(String),
    /// The document speaks for an issuer that it was not found at (RFC 8414 §3.3).
    #[error(
        "the discovery document is of issuer `{0}`, which belongs elsewhere; configure `issuer` if this is meant"
    )]
    IssuerElsewhere(String),
}

impl FetchError {
    /// A word for the kind of failure, of a small set.
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

/// Text from outside, fit for a log line or an error: printable ASCII, at most 64 characters.
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
