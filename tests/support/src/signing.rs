//! Keys that sign tokens: one for each algorithm that tests need, and the `kid` under which a
//! provider publishes it.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Value, json};

/// A key that signs with one algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Debug)]
pub enum SigningKey {
    /// A shared secret.
    Hs256(Vec<u8>),
    /// RSA with 2048 bits.
    Rs256(Box<RsaKeyPair>),
    /// P-256.
    Es256(EcdsaKeyPair),
    /// P-384.
    Es384(EcdsaKeyPair),
    /// Ed25519.
    EdDsa(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key pair for an algorithm of JWA.
    ///
    /// # Panics
    /// For `HS256`, whose secret the caller has to name, and for algorithms that no test needs.
    #[must_use]
    pub fn generate(alg: &str) -> Self {
        match alg {
            "RS256" => Self::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
            "ES256" => {
                Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            "ES384" => {
                Self::Es384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
            }
            "EdDSA" => Self::EdDsa(Ed25519KeyPair::generate().unwrap()),
            _ => panic!("no key is made for {alg}"),
        }
    }

    /// A shared secret.
    #[must_use]
    pub fn secret(secret: impl Into<Vec<u8>>) -> Self {
        Self::Hs256(secret.into())
    }

    /// The name of its algorithm.
    #[must_use]
    pub fn alg(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::Es384(_) => "ES384",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    /// A compact JWS of exactly these texts (RFC 7515 §3.1).
    #[must_use]
    pub fn token(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", base64url(header), base64url(claims));
        let signature = base64url(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    /// The signature in the format of JWA.
    #[must_use]
    pub fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs256(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input)
                .as_ref()
                .to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    input,
                    &mut signature,
                )
                .unwrap();
                signature
            }
            Self::Es256(pair) | Self::Es384(pair) => pair
                .sign(&SystemRandom::new(), input)
                .unwrap()
                .as_ref()
                .to_vec(),
            Self::EdDsa(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }

    /// The public key in the format of aws-lc, or the secret.
    #[must_use]
    pub fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hs256(secret) => secret.clone(),
            Self::Rs256(pair) => pair.public_key().as_ref().to_vec(),
            Self::Es256(pair) | Self::Es384(pair) => pair.public_key().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The public key as a JWK (RFC 7518 §6, RFC 8037 §2).
    ///
    /// # Panics
    /// For a secret.
    #[must_use]
    pub fn jwk(&self, kid: Option<&str>) -> Value {
        let mut jwk = match self {
            Self::Hs256(_) => panic!("a secret is not published"),
            Self::Rs256(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": base64url(&public.n), "e": base64url(&public.e)})
            }
            Self::Es256(_) => point("P-256", &self.public_bytes()),
            Self::Es384(_) => point("P-384", &self.public_bytes()),
            Self::EdDsa(_) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(self.public_bytes())})
            }
        };
        jwk["alg"] = json!(self.alg());
        jwk["use"] = json!("sig");
        if let Some(kid) = kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }
}

/// A key with the `kid` under which its provider publishes it.
#[derive(Debug)]
pub struct ProviderKey {
    /// Names the key in a JWKS and in headers of tokens.
    pub kid: String,
    /// The key itself.
    pub key: SigningKey,
}

impl ProviderKey {
    /// Names a key.
    #[must_use]
    pub fn new(kid: &str, key: SigningKey) -> Self {
        Self {
            kid: kid.to_owned(),
            key,
        }
    }

    /// Makes a new key pair, as [`SigningKey::generate`].
    #[must_use]
    pub fn generate(kid: &str, alg: &str) -> Self {
        Self::new(kid, SigningKey::generate(alg))
    }

    /// The public key as a JWK.
    #[must_use]
    pub fn jwk(&self) -> Value {
        self.key.jwk(Some(&self.kid))
    }

    /// An access token with these claims, `typ: at+jwt` (RFC 9068 §2.1).
    ///
    /// # Panics
    /// If the claims do not go into JSON.
    #[must_use]
    pub fn token(&self, claims: &impl Serialize) -> String {
        let header = json!({"alg": self.key.alg(), "typ": "at+jwt", "kid": self.kid});
        self.key
            .token(&header.to_string(), &serde_json::to_string(claims).unwrap())
    }
}

/// An uncompressed point (SEC 1 §2.3.3) as coordinates.
fn point(crv: &str, uncompressed: &[u8]) -> Value {
    let coordinates = &uncompressed[1..];
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({"kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y)})
}

/// Base64url without padding (RFC 7515 §2).
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
