//! Why a key of a JWK Set is skipped. A bad key does not affect the others.

use crate::keys::error::printable;

/// A key of a JWK Set that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its `kid`, if it could be read; made printable.
    pub kid: Option<String>,
    /// Why it is not used.
    pub cause: SkipCause,
}

impl SkippedKey {
    pub(super) fn new(kid: Option<&str>, cause: SkipCause) -> Self {
        Self { kid: kid.map(printable), cause }
    }
}

/// What is wrong with a JWK. Text from the provider is made printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipCause {
    /// It is not a JSON object, has a member of the wrong type, or lacks `kty`.
    #[error("not a JWK")]
    Malformed,
    /// A member occurs twice (RFC 7517 §4).
    #[error("a member occurs twice")]
    RepeatedMember,
    /// It has private members: the provider leaks its signing key.
    #[error("it holds private members")]
    Private,
    /// It is a shared secret (`oct`). Secrets are configured and never fetched.
    #[error("it is a shared secret (`oct`)")]
    Symmetric,
    /// The key type is not supported.
    #[error("the key type `{0}` is not supported")]
    Type(String),
    /// `use` is not one of `allowed_use` (RFC 7517 §4.2).
    #[error("its `use` is `{0}`, which `allowed_use` does not list")]
    Use(String),
    /// `use` is absent, and `allowed_use` does not accept that.
    #[error("it has no `use`, which `allowed_use` does not admit")]
    UseAbsent,
    /// `key_ops` is there without `verify` (RFC 7517 §4.3).
    #[error("its `key_ops` does not list `verify`")]
    Operations,
    /// The curve is not supported.
    #[error("the curve `{0}` is not supported")]
    Curve(String),
    /// The `alg` is not supported.
    #[error("the algorithm `{0}` is not supported")]
    Algorithm(String),
    /// The `alg` belongs to another kind of key (RFC 8725 §3.1).
    #[error("the algorithm `{0}` does not fit the key")]
    AlgorithmMismatch(&'static str),
    /// The configuration does not list the algorithm.
    #[error("the algorithm `{0}` is not one of `algorithms`")]
    AlgorithmRefused(&'static str),
    /// `alg` is absent, and more than one of `algorithms` fits.
    #[error("it has no `alg`, and several of `algorithms` would fit")]
    AlgorithmAmbiguous,
    /// A member is missing, or is not valid base64url.
    #[error("`{0}` is missing or malformed")]
    Member(&'static str),
    /// The modulus is even, or not 2048 to 8192 bits long (RFC 7518 §3.3).
    #[error("the RSA modulus of {0} bits is not an odd number of 2048 to 8192 bits")]
    Modulus(usize),
    /// The exponent is 1, even, or longer than 32 bits.
    #[error("the RSA exponent is not an odd number from 3 on, of at most 32 bits")]
    Exponent,
    /// The point is not on the curve.
    #[error("its coordinates are not on the curve")]
    Point,
}
