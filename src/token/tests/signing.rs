//! Private keys for the tests, and the tokens that they sign.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaSignatureEncoding},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::keys::Algorithm;

/// A key that signs with one algorithm.
pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    pub(super) fn generate(kid: &str, algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::Es256 => Pair::Ec(
                EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            ),
            Algorithm::Es384 => Pair::Ec(
                EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
            ),
            Algorithm::EdDsa => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                panic!("a secret is not generated here")
            }
        };
        Self {
            kid: kid.to_owned(),
            algorithm,
            pair,
        }
    }

    /// The public half as a JWK (RFC 7518 §6, RFC 8037 §2).
    pub(super) fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => json!({"kty": "RSA", "n": b64(rsa_modulus(pair)), "e": "AQAB"}),
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm.name());
        jwk["use"] = json!("sig");
        jwk
    }

    /// The public half in the form in which it would serve as an HMAC secret.
    pub(super) fn public_bytes(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The usual header of this key.
    pub(super) fn header(&self) -> Value {
        json!({"alg": self.algorithm.name(), "typ": "at+jwt", "kid": self.kid})
    }

    /// A token under this key's usual header.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_of(&self.header().to_string(), &claims.to_string())
    }

    /// A token of exactly these texts.
    pub(super) fn token_of(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", b64(header), b64(claims));
        let signature = b64(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    rsa_encoding(self.algorithm),
                    &SystemRandom::new(),
                    input,
                    &mut signature,
                )
                .unwrap();
                signature
            }
            Pair::Ec(pair) => pair
                .sign(&SystemRandom::new(), input)
                .unwrap()
                .as_ref()
                .to_vec(),
            Pair::Ed(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }
}

/// A token whose signature is an HMAC-SHA-256 under `secret`.
pub(super) fn hmac_token(secret: &[u8], header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", b64(tag.as_ref()))
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa_encoding(algorithm: Algorithm) -> &'static RsaSignatureEncoding {
    match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::EdDsa
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => panic!("not for RSA"),
    }
}

/// From the DER of an RSAPublicKey (RFC 8017 §A.1.1) with 2048 bits and the exponent 65537.
fn rsa_modulus(pair: &RsaKeyPair) -> &[u8] {
    let der = pair.public_key().as_ref();
    assert_eq!((der.len(), &der[265..]), (270, [2, 3, 1, 0, 1].as_slice()));
    &der[9..265]
}
