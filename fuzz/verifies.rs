//! Verifies signatures for the model with the primitives of aws-lc, without code of the service.

use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        UnparsedPublicKey, VerificationAlgorithm,
    },
};
use support::SigningKey;

use crate::model::token::Verifies;

/// Verifies signatures of this key.
pub(crate) fn verifies(key: &SigningKey) -> Verifies {
    match key {
        SigningKey::Hs256(secret) => hmac_verifies(secret),
        SigningKey::Rs256(_) => by(&RSA_PKCS1_2048_8192_SHA256, key),
        SigningKey::Es256(_) => by(&ECDSA_P256_SHA256_FIXED, key),
        SigningKey::Es384(_) => by(&ECDSA_P384_SHA384_FIXED, key),
        SigningKey::EdDsa(_) => by(&ED25519, key),
    }
}

/// Verifies tags of this secret.
pub(crate) fn hmac_verifies(secret: &[u8]) -> Verifies {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    Box::new(move |input, tag| hmac::verify(&key, input, tag).is_ok())
}

fn by(algorithm: &'static dyn VerificationAlgorithm, key: &SigningKey) -> Verifies {
    let public = key.public_bytes();
    Box::new(move |input, signature| {
        UnparsedPublicKey::new(algorithm, &public)
            .verify(input, signature)
            .is_ok()
    })
}
