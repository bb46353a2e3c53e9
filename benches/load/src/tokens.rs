//! The access tokens of the measurements.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use support::{Claims, ProviderKey, SECRET, SigningKey, base64url};

/// A token with these scopes; `id` makes it differ from others. Signed with ES256 it has about 800
/// bytes.
pub fn token(key: &ProviderKey, id: usize, scope: &str) -> String {
    key.token(&claims(id, scope))
}

/// The same, signed with the shared secret.
pub fn secret_token(id: usize, scope: &str) -> String {
    token(
        &ProviderKey::new("s1", SigningKey::secret(SECRET)),
        id,
        scope,
    )
}

fn claims(id: usize, scope: &str) -> Claims {
    Claims {
        subject: format!("user-{id:08}"),
        client_id: "an-mcp-client".to_owned(),
        issued_at: 1_700_000_000,
        expires_at: 4_000_000_000,
        token_id: format!("{id:032x}"),
        ..support::claims(scope)
    }
}

/// The key for a bare check of its signatures: a parsed key of aws-lc, the fastest of the
/// maintained libraries that were measured.
pub fn parsed(key: &SigningKey) -> ParsedPublicKey {
    let algorithm: &'static dyn VerificationAlgorithm = match key {
        SigningKey::Rs256(_) => &RSA_PKCS1_2048_8192_SHA256,
        SigningKey::Es256(_) => &ECDSA_P256_SHA256_FIXED,
        SigningKey::EdDsa(_) => &ED25519,
        SigningKey::Hs256(_) | SigningKey::Es384(_) => panic!("{} is not measured", key.alg()),
    };
    ParsedPublicKey::new(algorithm, key.public_bytes()).unwrap()
}

/// The input and the signature of a token.
pub fn signed_parts(token: &str) -> (&[u8], Vec<u8>) {
    let (input, signature) = token.rsplit_once('.').unwrap();
    (input.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap())
}

/// A token with another signature of the right length.
pub fn forged(token: &str) -> String {
    let (input, mut signature) = signed_parts(token);
    signature[20] ^= 0xff;
    format!(
        "{}.{}",
        std::str::from_utf8(input).unwrap(),
        base64url(signature)
    )
}

/// The scopes that the usual policy asks for, and others.
pub const SCOPE: &str = "mcp:connect mcp:tools:read mcp:tools:execute mcp:resources:read mcp:prompts:read \
                         calendar:events:read calendar:events:write mail:messages:read files:documents:read \
                         offline_access";
