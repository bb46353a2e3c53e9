//! The checked settings of key sources and of outgoing requests.

use std::{fmt, sync::Arc, time::Duration};

use url::Url;

use super::{Algorithm, AlgorithmSet};
use crate::domain::Issuer;

/// The part of an entry of `oauth.jwks` that concerns keys.
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
    /// The URL of the JWKS, or of the discovery document if its path ends in `/.well-known/openid-configuration` or
    /// `/.well-known/oauth-authorization-server`.
    pub url: Url,
    /// The configured issuer. A discovered issuer must equal it.
    pub issuer: Option<Issuer>,
    /// The algorithms that are allowed for these keys. Never symmetric.
    pub algorithms: AlgorithmSet,
    /// The accepted values of `use` in a JWK. An empty text accepts keys without `use`.
    pub allowed_use: Vec<String>,
    /// The time from the end of one fetch to the start of the next, with a jitter of ±10 %.
    pub refresh_interval: Duration,
    /// The limits of fetches that tokens cause.
    pub unknown_kid: UnknownKidSettings,
    /// How long the last good keys are used while fetches fail.
    pub max_stale: Duration,
    /// The time limit of one fetch, from the connection to the last byte.
    pub timeout: Duration,
    /// The largest response body in bytes.
    pub max_bytes: usize,
}

/// `refresh_unknown_kid`: fetches that a token causes, by an unknown `kid` or by a signature that is invalid under a
/// known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKidSettings {
    /// Whether tokens may cause fetches.
    pub enabled: bool,
    /// How long a request waits for a fetch.
    pub max_wait: Duration,
    /// The time after which the bucket regains one fetch.
    pub interval: Duration,
    /// The size of the bucket, in fetches.
    pub burst: u32,
}

/// A shared secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSettings {
    /// The bytes of the secret.
    pub secret: SecretKey,
    /// The HMAC that the secret is used with.
    pub algorithm: Algorithm,
    /// The `kid` of tokens that the secret signs.
    pub key_id: String,
}

/// The bytes of a secret. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Arc<[u8]>);

impl SecretKey {
    /// A secret of these bytes.
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

/// The settings of outgoing requests, the same for the whole process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutgoingSettings {
    /// Hosts beside loopback that may be reached over plain http (`server.insecure_key_hosts`): lower case, without
    /// port.
    pub insecure_hosts: Vec<String>,
    /// More trusted roots in PEM: the content of `server.ca_file`.
    pub ca_pem: Option<Vec<u8>>,
    /// The proxies that the environment names.
    pub proxy: ProxySettings,
}

/// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (or in lower case) from the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The proxy for https URLs.
    pub https: Option<String>,
    /// The proxy for http URLs.
    pub http: Option<String>,
    /// The proxy for all URLs.
    pub all: Option<String>,
    /// Hosts that are reached without a proxy.
    pub no: Option<String>,
}
