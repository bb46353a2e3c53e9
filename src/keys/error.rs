//! The errors of key sources. Each has a text that is safe to show to an operator.

use std::{io, net::IpAddr, time::Duration};

use super::{SkipCause, UrlError};

/// Why a source could not be refreshed, or why outgoing requests could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The last fetch failed. The text has the URL and the cause.
    #[error("{0}")]
    Fetch(String),
    /// The actor has ended, so the keys are no longer refreshed.
    #[error("the actor that refreshes the keys has ended")]
    ActorGone,
    /// The content of `server.ca_file` is not usable. The text has the cause.
    #[error("{0}")]
    Roots(String),
    /// The TLS library refused its own defaults.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Why one fetch failed. Texts from outside are printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// scopegate refuses to fetch from the URL.
    #[error("the address must be {0}")]
    Url(#[from] UrlError),
    /// The host name resolves to no address.
    #[error("the host's name cannot be resolved")]
    Resolve,
    /// All addresses of the host are forbidden.
    #[error("the host's address `{0}` is refused")]
    Address(IpAddr),
    /// The connection failed.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// The proxy is not an http proxy.
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
    /// Connecting, sending and reading together took too long.
    #[error("the provider did not answer completely within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// The answer is a redirect. A redirect could lead to a forbidden address.
    #[error("the answer is a redirect (status {0}); scopegate does not follow redirects")]
    Redirect(u16),
    /// The status is not 200.
    #[error("status {0}")]
    Status(u16),
    /// The body is longer than `max_bytes`.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The connection closed before the end of the body that `Content-Length` announced.
    #[error("the body is shorter than its Content-Length")]
    CutShort,
    /// The connection broke, or the response is not HTTP.
    #[error("the response is malformed: {0}")]
    Response(String),
    /// The body is not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The JSON has no array `keys`. Often the configured URL is that of the issuer.
    #[error(
        "the document is not a JWK Set: it has no array `keys`. Is this the URL of the issuer? \
         Use its discovery URL, `.../.well-known/openid-configuration`"
    )]
    NoKeysArray,
    /// The set has entries, and none of them is usable.
    #[error("none of the {count} keys can be used: {first}")]
    NoUsableKey {
        /// How many entries the set has.
        count: usize,
        /// The cause for the first entry.
        first: SkipCause,
    },
    /// The document lacks `issuer` or `jwks_uri`, or one of them is not a URL.
    #[error("the discovery document has no well-formed `{0}`")]
    Discovery(&'static str),
    /// The issuer in the document is not the configured one.
    #[error("the discovery document names the issuer `{0}`, but the configuration another one")]
    IssuerConfigured(String),
    /// The issuer in the document does not belong to the document's URL (RFC 8414 §3.3).
    #[error(
        "the discovery document is of issuer `{0}`, which does not match the URL; \
         set `issuer` if this is intended"
    )]
    IssuerElsewhere(String),
}

impl FetchError {
    /// The kind of failure, as `error.type` of a span: a word from a small set.
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

/// Text from outside for a log line or an error: its first 64 characters, with `?` for each one
/// that is not printable ASCII.
pub(super) fn printable(text: &str) -> String {
    let printed = |c: char| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else {
            '?'
        }
    };
    text.chars().take(MAX_PRINTED).map(printed).collect()
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
