//! The validated settings of key sources and of outgoing requests. The room `config` fills them in.

use std::{fmt, sync::Arc, time::Duration};

use url::Url;

use super::{Algorithm, AlgorithmSet};
use crate::domain::Issuer;

/// The settings of one entry of `oauth.jwks` that concern keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSettings {
    /// Public keys that are fetched from an identity provider.
    Remote(RemoteSettings),
    /// One shared secret.
    Secret(SecretSettings),
}

/// A source whose keys are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSettings {
    /// The URL of the JWK Set, or of the discovery document if the path ends in
    /// `/.well-known/openid-configuration` or `/.well-known/oauth-authorization-server`.
    pub url: Url,
    /// The configured issuer. The issuer of a discovery document must be equal to it.
    pub issuer: Option<Issuer>,
    /// The allowed algorithms of these keys. None of them is symmetric.
    pub algorithms: AlgorithmSet,
    /// The accepted values of a JWK's `use`. An empty text accepts keys without `use`.
    pub allowed_use: Vec<String>,
    /// The time from the end of one fetch to the start of the next, with a jitter of ±10 %.
    pub refresh_interval: Duration,
    /// Limits on fetches that tokens cause.
    pub unknown_kid: UnknownKidSettings,
    /// How long the last good keys may be used while fetches fail.
    pub max_stale: Duration,
    /// Limit on the duration of one fetch, from connecting to the last byte.
    pub timeout: Duration,
    /// Limit on the length of a response body, in bytes.
    pub max_bytes: usize,
}

/// `refresh_unknown_kid`: fetches because of a token with an unknown `kid`, or with a signature
/// that the key of its `kid` does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKidSettings {
    /// Whether tokens may cause fetches.
    pub enabled: bool,
    /// How long a request waits for such a fetch.
    pub max_wait: Duration,
    /// The time in which the token bucket regains one fetch.
    pub interval: Duration,
    /// The size of the token bucket.
    pub burst: u32,
}

/// A shared secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSettings {
    /// The bytes of the secret.
    pub secret: SecretKey,
    /// The HMAC algorithm of the secret.
    pub algorithm: Algorithm,
    /// The `kid` of tokens that the secret signs.
    pub key_id: String,
}

/// The bytes of a secret. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Arc<[u8]>);

impl SecretKey {
    /// A copy of the bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes, to sign and verify with.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The settings of all outgoing requests of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutgoingSettings {
    /// Hosts besides loopback to which plain http is allowed (`server.insecure_key_hosts`), in
    /// lower case, without port.
    pub insecure_hosts: Vec<String>,
    /// Further trusted roots in PEM: the content of `server.ca_file`.
    pub ca_pem: Option<Vec<u8>>,
    /// The proxies in the environment.
    pub proxy: ProxySettings,
}

/// The values of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or of their names in
/// lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The proxy for https URLs.
    pub https: Option<String>,
    /// The proxy for http URLs.
    pub http: Option<String>,
    /// The proxy for all URLs.
    pub all: Option<String>,
    /// Hosts without a proxy.
    pub no: Option<String>,
}
