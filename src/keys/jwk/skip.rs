//! Why a key of a set is not used. One bad key is named and left out; it never spoils the others.

use crate::keys::error::printable;

/// A member of a JWK set that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its `kid`, where it could be read; made printable.
    pub kid: Option<String>,
    /// Why it is not used.
    pub cause: SkipCause,
}

impl SkippedKey {
    pub(super) fn new(kid: Option<&str>, cause: SkipCause) -> Self {
        Self { kid: kid.map(printable), cause }
    }
}

/// What is wrong with a JWK. Texts that came from the provider are made printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipCause {
    /// No JSON object, a member of the wrong type, or without `kty`.
    #[error("not a JWK")]
    Malformed,
    /// A member that occurs twice (RFC 7517 §4).
    #[error("a member occurs twice")]
    RepeatedMember,
    /// Private members: the provider leaks what signs.
    #[error("it holds private members")]
    Private,
    /// A shared secret (`oct`); those are configured, never fetched.
    #[error("it is a shared secret (`oct`)")]
    Symmetric,
    /// A key type that is not known.
    #[error("the key type `{0}` is not supported")]
    Type(String),
    /// `use` is not one of `allowed_use` (RFC 7517 §4.2).
    #[error("its `use` is `{0}`, which `allowed_use` does not list")]
    Use(String),
    /// `use` is absent, and `allowed_use` does not admit that.
    #[error("it has no `use`, which `allowed_use` does not admit")]
    UseAbsent,
    /// `key_ops` is there without `verify` (RFC 7517 §4.3).
    #[error("its `key_ops` does not list `verify`")]
    Operations,
    /// A curve that this build does not verify.
    #[error("the curve `{0}` is not supported")]
    Curve(String),
    /// An `alg` that this build does not verify.
    #[error("the algorithm `{0}` is not supported")]
    Algorithm(String),
    /// An `alg` of another kind of key (RFC 8725 §3.1).
    #[error("the algorithm `{0}` does not fit the key")]
    AlgorithmMismatch(&'static str),
    /// An algorithm that the configuration does not list.
    #[error("the algorithm `{0}` is not one of `algorithms`")]
    AlgorithmRefused(&'static str),
    /// No `alg`, and more than one of `algorithms` would fit.
    #[error("it has no `alg`, and several of `algorithms` would fit")]
    AlgorithmAmbiguous,
    /// A member that is missing, or is not the base64url text that it must be.
    #[error("`{0}` is missing or malformed")]
    Member(&'static str),
    /// A modulus outside 2048 to 8192 bits, or an even one (RFC 7518 §3.3).
    #[error("the RSA modulus of {0} bits is not an odd number of 2048 to 8192 bits")]
    Modulus(usize),
    /// An exponent that is 1, even, or beyond 32 bits.
    #[error("the RSA exponent is not an odd number from 3 on, of at most 32 bits")]
    Exponent,
    /// Coordinates that are not on the curve.
    #[error("its coordinates are not on the curve")]
    Point,
}
