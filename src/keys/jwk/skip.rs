//! Why scopegate does not use a key of a JWK Set. It skips a bad key with a cause, and uses the
//! others.

use crate::keys::error::printable;

/// A key of a JWK Set that scopegate does not use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its `kid`, if it could be read, in printable form.
    pub kid: Option<String>,
    /// The cause.
    pub cause: SkipCause,
}

impl SkippedKey {
    pub(super) fn new(kid: Option<&str>, cause: SkipCause) -> Self {
        Self {
            kid: kid.map(printable),
            cause,
        }
    }
}

/// The cause. Texts from the provider are printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipCause {
    /// It is not a JSON object, has a member of the wrong type, or lacks `kty`.
    #[error("not a JWK")]
    Malformed,
    /// A member occurs twice (RFC 7517 §4).
    #[error("a member occurs twice")]
    RepeatedMember,
    /// It has private members: the provider publishes its private key.
    #[error("it contains private members")]
    Private,
    /// It is a shared secret (`oct`). A shared secret must be configured, not fetched.
    #[error("it is a shared secret (`oct`)")]
    Symmetric,
    /// Its key type is not supported.
    #[error("the key type `{0}` is not supported")]
    Type(String),
    /// `use` is not one of `allowed_use` (RFC 7517 §4.2).
    #[error("its `use` is `{0}`, which `allowed_use` does not list")]
    Use(String),
    /// It has no `use`, and `allowed_use` does not contain the empty text.
    #[error("it has no `use`, and `allowed_use` does not contain `''`")]
    UseAbsent,
    /// It has `key_ops` without `verify` (RFC 7517 §4.3).
    #[error("its `key_ops` does not list `verify`")]
    Operations,
    /// Its curve is not supported.
    #[error("the curve `{0}` is not supported")]
    Curve(String),
    /// Its `alg` is not supported.
    #[error("the algorithm `{0}` is not supported")]
    Algorithm(String),
    /// Its `alg` is for another type of key (RFC 8725 §3.1).
    #[error("the algorithm `{0}` does not match the type of the key")]
    AlgorithmMismatch(&'static str),
    /// The configuration does not list its algorithm.
    #[error("the algorithm `{0}` is not one of `algorithms`")]
    AlgorithmRefused(&'static str),
    /// It has no `alg`, and several of `algorithms` are possible.
    #[error("it has no `alg`, and several of `algorithms` are possible")]
    AlgorithmAmbiguous,
    /// A member is missing or not valid base64url.
    #[error("`{0}` is missing or malformed")]
    Member(&'static str),
    /// The modulus is not 2048 to 8192 bits long, or is even (RFC 7518 §3.3).
    #[error("the RSA modulus of {0} bits is not an odd number of 2048 to 8192 bits")]
    Modulus(usize),
    /// The exponent is 1, even, or longer than 32 bits.
    #[error("the RSA exponent is not an odd number that is at least 3 and has at most 32 bits")]
    Exponent,
    /// The coordinates are not a point on the curve.
    #[error("its coordinates are not on the curve")]
    Point,
}
