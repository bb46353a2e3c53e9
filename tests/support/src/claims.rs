//! Access tokens by their claims, signed with the shared secret.

use serde::Serialize;

use crate::{AUDIENCE, ISSUER, KEY_ID, NOW, ProviderKey, SECRET, SigningKey};

/// The claims of a token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The identity provider.
    #[serde(rename = "iss", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The user.
    #[serde(rename = "sub")]
    pub subject: String,
    /// The resource that the token is for.
    #[serde(rename = "aud", skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The client that asked for it.
    pub client_id: String,
    /// Scopes, with spaces between them.
    pub scope: String,
    /// Seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// Seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
    /// Makes the token differ from other tokens with the same claims.
    #[serde(rename = "jti")]
    pub token_id: String,
}

/// Claims for the resource of [`CONFIG`](crate::CONFIG), valid for an hour from [`NOW`].
#[must_use]
pub fn claims(scope: &str) -> Claims {
    Claims {
        issuer: Some(ISSUER.to_owned()),
        subject: "alice".to_owned(),
        audience: Some(AUDIENCE.to_owned()),
        client_id: "client-1".to_owned(),
        scope: scope.to_owned(),
        issued_at: NOW,
        expires_at: NOW + 3600,
        token_id: "1".to_owned(),
    }
}

/// A token with [`claims`] of these scopes.
#[must_use]
pub fn token(scope: &str) -> String {
    token_of(&claims(scope))
}

/// A token with these claims, signed with [`SECRET`].
#[must_use]
pub fn token_of(claims: &Claims) -> String {
    ProviderKey::new(KEY_ID, SigningKey::secret(SECRET)).token(claims)
}
