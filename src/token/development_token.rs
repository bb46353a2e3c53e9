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
    /// The issuer, if the resource has one.
    #[serde(rename = "iss", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The user that the token identifies.
    #[serde(rename = "sub")]
    pub subject: String,
    /// The resource that the token is for.
    #[serde(rename = "aud", skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The client that asked for it.
    pub client_id: String,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// When the token was issued; seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: UnixSeconds,
    /// When the token expires; seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: UnixSeconds,
    /// A value that no other token of the issuer has.
    #[serde(rename = "jti")]
    pub token_id: String,
}

/// Why a token was not signed.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// A shared secret signs only with an HMAC.
    #[error("a shared secret does not sign with `{}`", .0.name())]
    Asymmetric(Algorithm),
    /// The library returned an error.
    #[error("the token was not signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Signs a token with a shared secret, `typ: at+jwt`.
///
/// # Errors
/// When the algorithm of the secret is not an HMAC.
pub fn mint(secret: &SecretSettings, claims: &NewClaims) -> Result<String, MintError> {
    let algorithm = secret
        .algorithm
        .hmac()
        .ok_or(MintError::Asymmetric(secret.algorithm))?;
    let mut header = Header::new(algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(secret.key_id.clone());
    Ok(encode(
        &header,
        claims,
        &EncodingKey::from_secret(secret.secret.expose()),
    )?)
}
