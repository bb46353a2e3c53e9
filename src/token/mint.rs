//! Access tokens signed with a shared secret, for development: `scopegate token` and `serve --dev`.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;

use crate::{
    clock::UnixSeconds,
    keys::{Algorithm, SecretSettings},
};

/// The claims of a new token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewClaims {
    /// The issuer, where the resource has one.
    #[serde(rename = "iss", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Who the token is for.
    #[serde(rename = "sub")]
    pub subject: String,
    /// The resource that accepts it.
    #[serde(rename = "aud", skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The client that asked for it.
    pub client_id: String,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// When it was made; seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: UnixSeconds,
    /// When it ends; seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: UnixSeconds,
    /// What tells it from every other token of the issuer.
    #[serde(rename = "jti")]
    pub token_id: String,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// A secret signs with an HMAC only.
    #[error("a shared secret does not sign with `{}`", .0.name())]
    Asymmetric(Algorithm),
    /// The library refused.
    #[error("the token was not signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Signs a token with a shared secret, `typ: at+jwt`.
///
/// # Errors
/// When the secret's algorithm is not an HMAC.
pub fn mint(secret: &SecretSettings, claims: &NewClaims) -> Result<String, MintError> {
    let algorithm = secret.algorithm.hmac().ok_or(MintError::Asymmetric(secret.algorithm))?;
    let mut header = Header::new(algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(secret.key_id.clone());
    Ok(encode(&header, claims, &EncodingKey::from_secret(secret.secret.expose()))?)
}
