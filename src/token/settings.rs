//! What a token of one key source must look like, checked.

use std::time::Duration;

use crate::domain::Issuer;

/// The rules for tokens that are signed by one source's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// Which `iss` is accepted.
    pub issuer: IssuerRule,
    /// Which `aud` is accepted.
    pub audience: Audience,
    /// Grace on `exp` and `nbf`, for clocks that differ.
    pub leeway: Duration,
    /// Which `typ` is accepted.
    pub token_type: TokenType,
}

/// Which `iss` a token may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerRule {
    /// It must be there, and be exactly this.
    Exactly(Issuer),
    /// It must be there, and be exactly what the source's discovery document says.
    Discovered,
    /// It may be absent; if it is there it must be one of these, a trailing `/` more or less being the same.
    AbsentOrOneOf(Vec<Issuer>),
}

/// Which `aud` a token must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// At least one of these, byte for byte.
    OneOf(Vec<String>),
    /// Anything, or nothing.
    Any,
}

/// Which `typ` the JOSE header must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 9068's `at+jwt` (or `application/at+jwt`), in any case.
    AtJwt,
    /// That, or `JWT`, or none.
    Any,
}

/// The keys of `server.token_cache`, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// How many verified tokens are kept at most.
    pub max_entries: usize,
    /// The bytes that they may need together.
    pub max_bytes: u64,
}

impl CacheSettings {
    /// Where nothing is configured.
    pub const DEFAULT: Self = Self { max_entries: 32 * 1024, max_bytes: 64 << 20 };
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}
