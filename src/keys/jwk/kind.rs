//! The kinds of public keys, and the algorithms that each may be used with (RFC 7518 §3.1, RFC 8037
//! §3.1).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, VerificationAlgorithm,
};

use super::SkipCause;
use crate::keys::{Algorithm, AlgorithmSet};

/// The kind of a public key: its `kty` and, for an elliptic curve, its `crv`.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Rsa,
    Curve(Curve),
}

impl Kind {
    pub(super) fn fits(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa => rsa_parameters(algorithm).is_some(),
            Self::Curve(curve) => algorithm == curve.algorithm(),
        }
    }

    /// The algorithm of a key without `alg`: that of its curve, or for RSA the only allowed one. If
    /// several are allowed for RSA, it is RS256.
    ///
    /// # Errors
    /// If several algorithms are allowed for RSA, but not RS256.
    pub(super) fn implied(self, allowed: AlgorithmSet) -> Result<Algorithm, SkipCause> {
        let mut fitting = allowed.iter().filter(|algorithm| self.fits(*algorithm));
        match (self, fitting.next(), fitting.next()) {
            (Self::Curve(curve), _, _) => Ok(curve.algorithm()),
            (Self::Rsa, Some(only), None) => Ok(only),
            (Self::Rsa, Some(_), Some(_)) if !allowed.contains(Algorithm::Rs256) => {
                Err(SkipCause::AlgorithmAmbiguous)
            }
            (Self::Rsa, _, _) => Ok(Algorithm::Rs256),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
    Ed25519,
}

impl Curve {
    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::Ed25519 => Algorithm::EdDsa,
        }
    }

    pub(super) const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 => 32,
            Self::P384 => 48,
        }
    }

    pub(super) fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::Ed25519 => &ED25519,
        }
    }
}

/// The parameters with which an RSA key verifies an algorithm; `None` for algorithms of other kinds
/// of keys.
pub(super) fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::EdDsa
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => None,
    }
}
