//! A key that verifies signatures with one algorithm and no other (RFC 8725 §3.1), so that no token can
//! choose how its own signature is read.

use std::{fmt, sync::Arc};

use jsonwebtoken::{DecodingKey, DecodingKeyKind, crypto};

use crate::keys::{Algorithm, SecretSettings};

/// A public key, or a shared secret, with the one algorithm that it is for.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Option<Arc<str>>,
    algorithm: Algorithm,
    material: DecodingKey,
}

impl VerifyingKey {
    /// `material` must be of the algorithm's family, which the JWK reader sees to.
    pub(super) fn new(kid: Option<&str>, algorithm: Algorithm, material: DecodingKey) -> Self {
        Self { kid: kid.map(Arc::from), algorithm, material }
    }

    /// The key of a shared secret.
    #[must_use]
    pub fn of_secret(settings: &SecretSettings) -> Self {
        let material = DecodingKey::from_secret(settings.secret.expose());
        Self::new(Some(&settings.key_id), settings.algorithm, material)
    }

    /// The `kid` under which the key was published (RFC 7517 §4.5).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
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
        crypto::verify(signature_b64, signing_input, &self.material, jose(self.algorithm)).unwrap_or(false)
    }

    /// What makes two keys the same, and the order of keys in a set.
    pub(in crate::keys) fn identity(&self) -> (Option<&str>, Algorithm, &[u8], &[u8]) {
        let (first, second) = match self.material.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => (bytes.as_slice(), [].as_slice()),
            DecodingKeyKind::RsaModulusExponent { n, e } => (n.as_slice(), e.as_slice()),
        };
        (self.kid(), self.algorithm, first, second)
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for VerifyingKey {}

/// Shows which key it is, never the material: it may be a secret.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

const fn jose(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Rs384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::Rs512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Ps384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::Ps512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::Hs384 => jsonwebtoken::Algorithm::HS384,
        Algorithm::Hs512 => jsonwebtoken::Algorithm::HS512,
    }
}
