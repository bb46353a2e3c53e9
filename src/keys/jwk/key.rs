//! A key that verifies signatures with exactly one algorithm (RFC 8725 §3.1), so that a token
//! cannot choose the algorithm of its own verification.

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

/// A public key or a shared secret, with its algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Option<Arc<str>>,
    algorithm: Algorithm,
    material: Material,
    serial: u64,
}

/// The key material. Public keys are parsed once, when they are fetched; jsonwebtoken would parse
/// them for each token.
#[derive(Clone)]
pub(super) enum Material {
    Public(ParsedPublicKey),
    Secret(DecodingKey),
}

impl VerifyingKey {
    /// A key with a new serial. The caller ensures that `material` belongs to the algorithm's
    /// family.
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

    /// The `kid` of the key (RFC 7517 §4.5).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The same, as a shared text that the caller may keep.
    #[must_use]
    pub fn shared_kid(&self) -> Option<Arc<str>> {
        self.kid.clone()
    }

    /// A number that is unique among all keys of this process. The key keeps it as long as its
    /// source publishes it for the same issuer.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// The algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature_b64` (base64url without padding) is a valid signature of `signing_input`:
    /// the first two parts of a compact JWS with the dot between them (RFC 7515 §5.2).
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

    /// The fields that identify a key. They also define the order of keys in a set.
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

/// Shows `kid` and algorithm, but not the material, which may be a secret.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
