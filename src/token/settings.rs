//! The checked settings for the tokens of one key source, and for the token cache.

use std::time::Duration;

use crate::domain::Issuer;

/// The rules for tokens that the keys of one source sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// The accepted `iss`.
    pub issuer: IssuerRule,
    /// The accepted `aud`.
    pub audience: Audience,
    /// The tolerance on `exp` and `nbf`, for clocks that differ.
    pub leeway: Duration,
    /// The accepted `typ`.
    pub token_type: TokenType,
}

/// Which `iss` a token may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerRule {
    /// The token must carry exactly this issuer.
    Exactly(Issuer),
    /// The token must carry exactly the issuer of the source's discovery document.
    Discovered,
    /// The token may carry no issuer, or one of these. A trailing `/` makes no difference.
    AbsentOrOneOf(Vec<Issuer>),
}

/// Which `aud` a token must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// At least one of these, compared byte for byte.
    OneOf(Vec<String>),
    /// Any audience, or none.
    Any,
}

/// Which `typ` the JOSE header must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 9068's `at+jwt` (or `application/at+jwt`), in any case.
    AtJwt,
    /// `at+jwt`, `JWT`, or no `typ`.
    Any,
}

/// The checked settings of `server.token_cache`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// The largest number of verified tokens in the cache.
    pub max_entries: usize,
    /// The bytes that they may take together.
    pub max_bytes: u64,
}

impl CacheSettings {
    /// Where nothing is configured.
    pub const DEFAULT: Self = Self {
        max_entries: 32 * 1024,
        max_bytes: 64 << 20,
    };
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}
