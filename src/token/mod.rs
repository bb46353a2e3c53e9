//! From the `Authorization` header to an identity, or the reason for a refusal.
//!
//! `bearer` reads the header. `verify` verifies a token: JWS, keys, claims. `cache` remembers verified tokens and
//! limits what rejected ones cost. Both implement [`VerifyToken`]: requests use the cached one, `explain` the inner
//! one.

mod bearer;
mod cache;
mod decoded;
mod development_token;
mod explain_note;
mod identity;
mod identity_headers;
mod refusal;
mod rules;
mod settings;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use bearer::Bearer;
pub use cache::{CachedVerifier, TokenMetrics};
pub use decoded::{DecodedMember, DecodedToken};
pub use development_token::{MintError, NewClaims, mint};
pub use explain_note::{TokenNote, TokenTrace};
pub use identity::{Identity, VerifiedClaims};
pub use identity_headers::IdentityHeaders;
pub use rules::{KeySource, TokenRules};
pub use settings::{Audience, CacheSettings, IssuerRule, TokenSettings, TokenType};
pub use verify::{Claims, Verifier};

use crate::domain::Refusal;

/// Turns the credential of a request into an identity.
#[expect(
    async_fn_in_trait,
    reason = "callers name the verifier, so the compiler sees whether its futures are Send"
)]
pub trait VerifyToken {
    /// Verifies a token under the rules of one resource.
    ///
    /// # Errors
    /// The first check that failed, from `token-malformed` to `scope-claim-malformed`.
    async fn verify<T: TokenTrace>(
        &self,
        rules: &TokenRules,
        bearer: Bearer<'_>,
        trace: &mut T,
    ) -> Result<Arc<Identity>, Refusal>;

    /// Refuses a credential that is not a bearer token. Returns `refusal`, or `overloaded` if the request may not wait
    /// for it.
    async fn refuse(&self, refusal: Refusal) -> Refusal;
}
