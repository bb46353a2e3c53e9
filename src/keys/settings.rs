//! What the configuration says of a key source, checked: values here are true, not just written.

use std::{fmt, sync::Arc, time::Duration};

use url::Url;

use super::{Algorithm, AlgorithmSet};
use crate::domain::Issuer;

/// One entry of `oauth.jwks`, as far as keys are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSettings {
    /// Public keys from an identity provider.
    Remote(RemoteSettings),
    /// One shared secret.
    Secret(SecretSettings),
}

/// Keys that are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSettings {
    /// The JWKS, or the discovery document where the path ends in `/.well-known/openid-configuration` or
    /// `/.well-known/oauth-authorization-server`.
    pub url: Url,
    /// The issuer that was configured; a discovered one must agree.
    pub issuer: Option<Issuer>,
    /// Algorithms that may be used with these keys. Never symmetric.
    pub algorithms: AlgorithmSet,
    /// Accepted values of a JWK's `use`; an empty text admits keys without `use`.
    pub allowed_use: Vec<String>,
    /// Time between the end of one fetch and the start of the next; ±10 % jitter is added.
    pub refresh_interval: Duration,
    /// Fetches that tokens cause.
    pub unknown_kid: UnknownKidSettings,
    /// How long the last good keys serve while the source fails.
    pub max_stale: Duration,
    /// Bound on one fetch, from connecting to the last byte.
    pub timeout: Duration,
    /// Bound on a response body.
    pub max_bytes: usize,
}

/// `refresh_unknown_kid`: fetches that are caused by a token with an unknown `kid`, or by a signature that
/// fails under a known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKidSettings {
    /// Whether tokens cause fetches at all.
    pub enabled: bool,
    /// How long a request waits for one.
    pub max_wait: Duration,
    /// Time in which one fetch is put back into the bucket.
    pub interval: Duration,
    /// Size of the bucket.
    pub burst: u32,
}

/// A shared secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSettings {
    /// The secret's bytes.
    pub secret: SecretKey,
    /// The one HMAC that it is used with.
    pub algorithm: Algorithm,
    /// The `kid` of tokens that are signed with it.
    pub key_id: String,
}

/// Bytes that are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Arc<[u8]>);

impl SecretKey {
    /// Takes the bytes in.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for signing and verifying.
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

/// How outgoing requests are made. One value for the whole process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutgoingSettings {
    /// Hosts that may be asked over plain http besides loopback (`server.insecure_key_hosts`), lower case,
    /// without port.
    pub insecure_hosts: Vec<String>,
    /// Further trusted roots, PEM: the content of `server.ca_file`.
    pub ca_pem: Option<Vec<u8>>,
    /// The proxies that the environment names.
    pub proxy: ProxySettings,
}

/// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` (or in lower case), as they stand in the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// For https addresses.
    pub https: Option<String>,
    /// For http addresses.
    pub http: Option<String>,
    /// For all.
    pub all: Option<String>,
    /// Hosts that are asked directly.
    pub no: Option<String>,
}
