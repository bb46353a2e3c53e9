//! Access tokens and the keys that sign them.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents},
    signature::{
        self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use scopegate::{
    keys::{Algorithm, SecretKey, SecretSettings},
    token::{NewClaims, mint},
};
use serde_json::{Value, json};

/// A key pair that signs with one algorithm.
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Rs256(Box<RsaKeyPair>),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl SigningKey {
    /// A new key of 2048 bits, of P-256, or of Ed25519.
    pub fn generate(kid: &str, algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::Rs256 => Pair::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
            Algorithm::Es256 => {
                Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            Algorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::generate().unwrap()),
            other => panic!("no key is made for {other:?}"),
        };
        Self { kid: kid.to_owned(), pair }
    }

    fn alg(&self) -> &'static str {
        match &self.pair {
            Pair::Rs256(_) => "RS256",
            Pair::Es256(_) => "ES256",
            Pair::EdDsa(_) => "EdDSA",
        }
    }

    /// The public half (RFC 7518 §6, RFC 8037 §2).
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rs256(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": b64(&public.n), "e": b64(&public.e)})
            }
            Pair::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)})
            }
            Pair::EdDsa(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.alg());
        jwk["use"] = json!("sig");
        jwk
    }

    /// A token with [`claims`] of these scopes; `id` tells it from others.
    pub fn token(&self, id: usize, scope: &str) -> String {
        let header = json!({"alg": self.alg(), "typ": "at+jwt", "kid": self.kid});
        let input = format!("{}.{}", b64(header.to_string()), b64(claims(id, scope).to_string()));
        format!("{input}.{}", b64(self.sign(input.as_bytes())))
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).unwrap();
                signature
            }
            Pair::Es256(pair) => pair.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }

    /// The bare check of a signature of this key: a parsed key of aws-lc, the fastest of the maintained libraries
    /// that were measured.
    pub fn parsed(&self) -> ParsedPublicKey {
        match &self.pair {
            Pair::Rs256(pair) => {
                ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            }
            Pair::Es256(pair) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
            Pair::EdDsa(pair) => ParsedPublicKey::new(&ED25519, pair.public_key().as_ref()),
        }
        .unwrap()
    }
}

/// What a usual token says; signed with ES256 it has about 800 bytes.
fn claims(id: usize, scope: &str) -> Value {
    json!({
        "iss": ISSUER, "sub": format!("user-{id:08}"), "aud": AUDIENCE, "client_id": "an-mcp-client",
        "iat": 1_700_000_000, "exp": 4_000_000_000_u32, "jti": format!("{id:032x}"), "scope": scope,
    })
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
    format!("{}.{}", std::str::from_utf8(input).unwrap(), b64(signature))
}

/// A token of the shared secret.
pub fn secret_token(id: usize, scope: &str) -> String {
    let secret = SecretSettings {
        secret: SecretKey::new(SECRET.as_bytes()),
        algorithm: Algorithm::Hs256,
        key_id: "s1".to_owned(),
    };
    let claims = NewClaims {
        issuer: Some(ISSUER.to_owned()),
        subject: format!("user-{id:08}"),
        audience: Some(AUDIENCE.to_owned()),
        client_id: "an-mcp-client".to_owned(),
        scope: scope.to_owned(),
        issued_at: 1_700_000_000,
        expires_at: 4_000_000_000,
        token_id: format!("{id:032x}"),
    };
    mint(&secret, &claims).unwrap()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub const ISSUER: &str = "https://auth.example.com";
pub const AUDIENCE: &str = "https://mcp.example.com/mcp";
pub const SECRET: &str = "an-example-secret-of-thirty-two-bytes!";

/// All that the usual policy asks for, among others.
pub const SCOPE: &str = "mcp:connect mcp:tools:read mcp:tools:execute mcp:resources:read mcp:prompts:read \
                         calendar:events:read calendar:events:write mail:messages:read files:documents:read \
                         offline_access";
