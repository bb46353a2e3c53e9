//! A key that verifies signatures with one algorithm and no other (RFC 8725 §3.1), so that no token can
//! choose how its own signature is read.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_lc_rs::signature::ParsedPublicKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, crypto};

use crate::keys::{Algorithm, SecretSettings};

/// A public key, or a shared secret, with the one algorithm that it is for.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Option<Arc<str>>,
    algorithm: Algorithm,
    material: Material,
    serial: u64,
}

/// Public keys are parsed when they arrive: jsonwebtoken would do it again for each token.
#[derive(Clone)]
pub(super) enum Material {
    Public(ParsedPublicKey),
    Secret(DecodingKey),
}

impl VerifyingKey {
    /// `material` must be of the algorithm's family, which the JWK reader sees to.
    pub(super) fn new(kid: Option<&str>, algorithm: Algorithm, material: Material) -> Self {
        Self {
            kid: kid.map(Arc::from),
            algorithm,
            material,
            serial: NEXT_SERIAL.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The key of a shared secret.
    #[must_use]
    pub fn of_secret(settings: &SecretSettings) -> Self {
        let material = Material::Secret(DecodingKey::from_secret(settings.secret.expose()));
        Self::new(Some(&settings.key_id), settings.algorithm, material)
    }

    /// The `kid` under which the key was published (RFC 7517 §4.5).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The same, for whoever keeps it.
    #[must_use]
    pub fn shared_kid(&self) -> Option<Arc<str>> {
        self.kid.clone()
    }

    /// A number that this key has as long as its source goes on publishing it for the same issuer, and that no other
    /// key in this process has had.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// The one algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature_b64` (base64url without padding) signs `signing_input`, the first two parts of a
    /// compact JWS with the dot between them (RFC 7515 §5.2).
    #[must_use]
    pub fn verify(&self, signing_input: &[u8], signature_b64: &str) -> bool {
        match &self.material {
            Material::Public(key) => URL_SAFE_NO_PAD
                .decode(signature_b64)
                .is_ok_and(|signature| key.verify_sig(signing_input, &signature).is_ok()),
            Material::Secret(key) => self.algorithm.hmac().is_some_and(|algorithm| {
                crypto::verify(signature_b64, signing_input, key, algorithm).unwrap_or(false)
            }),
        }
    }

    /// What makes two keys the same, and the order of keys in a set.
    pub(in crate::keys) fn identity(&self) -> (Option<&str>, Algorithm, &[u8]) {
        let material = match &self.material {
            Material::Public(key) => key.as_ref(),
            Material::Secret(key) => key.try_get_as_bytes().unwrap_or_default(),
        };
        (self.kid(), self.algorithm, material)
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for VerifyingKey {}

static NEXT_SERIAL: AtomicU64 = AtomicU64::new(1);

/// Shows which key it is, never the material: it may be a secret.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
