//! A bearer string to an identity, or why not.
//!
//! `bearer` reads the header, `jwt` the token, `source` asks one key source and `validate` its claims; `verifier`
//! goes the whole way, and remembers in `cache`. First uses of a token take `turns`, and refused ones keep `pace`.

mod bearer;
mod cache;
mod claims;
mod decoded;
mod identity;
mod jwt;
mod metrics;
mod mint;
mod near;
mod pace;
mod refusal;
mod rules;
mod scopes;
mod settings;
mod source;
mod turns;
mod validate;
mod verdict;
mod verifier;

#[cfg(test)]
mod tests;

pub use bearer::Bearer;
pub use decoded::{DecodedMember, DecodedToken};
pub use identity::{Identity, IdentityHeaders, VerifiedClaims};
pub use metrics::TokenMetrics;
pub use mint::{MintError, NewClaims, mint};
pub use rules::{SourceRules, TokenRules};
pub use settings::{Audience, CacheSettings, IssuerRule, TokenSettings, TokenType};
pub use verifier::Verifier;
