//! Keys that sign, and what verifies their signatures by the primitives alone.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
        ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::model::token::Verifies;

/// A private key with its one algorithm.
pub(crate) enum Signer {
    Hs256(Vec<u8>),
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
    Es384(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Signer {
    pub(crate) fn generate(alg: &str) -> Self {
        match alg {
            "RS256" => Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            "ES256" => Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            "ES384" => Self::Es384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()),
            "EdDSA" => Self::EdDsa(Ed25519KeyPair::generate().unwrap()),
            _ => panic!("{alg}"),
        }
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::Es384(_) => "ES384",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    /// A compact JWS of exactly these texts.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", b64(header), b64(claims));
        let signature = b64(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs256(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input).as_ref().to_vec()
            }
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).unwrap();
                signature
            }
            Self::Es256(pair) | Self::Es384(pair) => {
                pair.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec()
            }
            Self::EdDsa(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }

    /// What the model verifies with.
    pub(crate) fn verifies(&self) -> Verifies {
        match self {
            Self::Hs256(secret) => hmac_verifies(secret),
            Self::Rs256(pair) => by(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()),
            Self::Es256(pair) => by(&ECDSA_P256_SHA256_FIXED, pair.public_key()),
            Self::Es384(pair) => by(&ECDSA_P384_SHA384_FIXED, pair.public_key()),
            Self::EdDsa(pair) => by(&ED25519, pair.public_key()),
        }
    }

    /// The public key as it could be mistaken for an HMAC secret.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hs256(secret) => secret.clone(),
            Self::Rs256(pair) => pair.public_key().as_ref().to_vec(),
            Self::Es256(pair) | Self::Es384(pair) => pair.public_key().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The public key as a JWK.
    pub(crate) fn jwk(&self, kid: Option<&str>) -> Value {
        let public = self.public_bytes();
        let mut jwk = match self {
            Self::Hs256(_) => panic!("a secret is not published"),
            // An RSAPublicKey of 2048 bits with the exponent 65537 (RFC 8017 A.1.1).
            Self::Rs256(_) => json!({"kty": "RSA", "n": b64(&public[9..265]), "e": "AQAB"}),
            Self::Es256(_) => point("P-256", &public[1..]),
            Self::Es384(_) => point("P-384", &public[1..]),
            Self::EdDsa(_) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(&public)}),
        };
        jwk["alg"] = json!(self.alg());
        jwk["use"] = json!("sig");
        if let Some(kid) = kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }
}

pub(crate) fn hmac_verifies(secret: &[u8]) -> Verifies {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    Box::new(move |input, tag| hmac::verify(&key, input, tag).is_ok())
}

fn by(algorithm: &'static dyn VerificationAlgorithm, public: impl AsRef<[u8]>) -> Verifies {
    let public = public.as_ref().to_vec();
    Box::new(move |input, signature| {
        UnparsedPublicKey::new(algorithm, &public).verify(input, signature).is_ok()
    })
}

fn point(crv: &str, coordinates: &[u8]) -> Value {
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)})
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
