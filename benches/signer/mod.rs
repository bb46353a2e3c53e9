//! Tokens of each kind of key, and a verifier that knows the key.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaSignatureEncoding,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use prometheus::Registry;
use scopegate::{
    clock::SystemClock,
    domain::{Field, Issuer, ResourceId, Silent},
    keys::{Algorithm, AlgorithmSet, KeyRules, KeySet, KeysHandle, SecretKey, SecretSettings, VerifyingKey},
    token::{
        Audience, Bearer, CacheSettings, Identity, IssuerRule, SourceRules, TokenMetrics, TokenRules,
        TokenSettings, TokenType, Verifier,
    },
};
use serde_json::{Value, json};

/// A verifier that knows one key, and tokens that this key has signed.
pub(crate) struct Known {
    verifier: Verifier,
    rules: TokenRules,
    keys: KeySet,
    algorithm: Algorithm,
    headers: Vec<String>,
}

impl Known {
    /// With a cache for `entries` tokens.
    pub(crate) fn of(name: &str, entries: usize) -> Self {
        let algorithm = Algorithm::parse(name).unwrap();
        let (keys, sign) = key(algorithm);
        let source = SourceRules {
            name: "idp".into(),
            keys: KeysHandle::fixed(keys.clone()),
            algorithms: [algorithm].into_iter().collect(),
            token: TokenSettings {
                issuer: IssuerRule::Exactly(Issuer::parse("https://auth.example.com").unwrap()),
                audience: Audience::OneOf(vec!["https://mcp.example.com/mcp".to_owned()]),
                leeway: Duration::from_secs(30),
                token_type: TokenType::Any,
            },
        };
        let scope_claims = vec!["scope".to_owned(), "scp".to_owned()];
        let cache = CacheSettings { max_entries: entries, ..CacheSettings::default() };
        let metrics = TokenMetrics::register(&Registry::new()).unwrap();
        Self {
            verifier: Verifier::new(Arc::new(SystemClock::default()), cache, metrics),
            rules: TokenRules::new(ResourceId::parse("mcp").unwrap(), vec![source], scope_claims),
            keys,
            algorithm,
            headers: (0..64).map(|number| format!("Bearer {}", token(name, number, &*sign))).collect(),
        }
    }

    /// Verifies one of the tokens.
    pub(crate) fn verify(&self, turn: usize) -> Arc<Identity> {
        let header = &self.headers[turn % self.headers.len()];
        let bearer = Bearer::read(Field::One(header.as_bytes())).unwrap();
        self.verifier.verify(&self.rules, bearer, &mut Silent).now_or_never().unwrap().unwrap()
    }

    pub(crate) fn check_signature(&self) -> bool {
        let token = &self.headers[0]["Bearer ".len()..];
        let (input, signature) = token.rsplit_once('.').unwrap();
        let key = self.keys.candidates(Some("k1"), self.algorithm).next().unwrap();
        let is_good = key.verify(input.as_bytes(), signature);
        assert!(is_good);
        is_good
    }
}

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

fn key(algorithm: Algorithm) -> (KeySet, Sign) {
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::Hs256 => {
            let secret = b"an-example-secret-of-thirty-two-bytes!";
            let settings =
                SecretSettings { secret: SecretKey::new(secret), algorithm, key_id: "k1".to_owned() };
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let keys = [VerifyingKey::of_secret(&settings)].into_iter().collect();
            (keys, Box::new(move |input| hmac::sign(&key, input).as_ref().to_vec()))
        }
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let point = &pair.public_key().as_ref()[1..];
            let jwk = json!({"kty": "EC", "crv": "P-256", "x": b64(&point[..32]), "y": b64(&point[32..])});
            (public(jwk), Box::new(move |input| pair.sign(&random, input).unwrap().as_ref().to_vec()))
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate().unwrap();
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())});
            (public(jwk), Box::new(move |input| pair.sign(input).as_ref().to_vec()))
        }
        _ => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let jwk = json!({"kty": "RSA", "e": "AQAB", "n": b64(modulus(&pair))});
            let padding: &'static RsaSignatureEncoding = &RSA_PKCS1_SHA256;
            let sign = move |input: &[u8]| {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, input, &mut signature).unwrap();
                signature
            };
            (public(jwk), Box::new(sign))
        }
    }
}

fn modulus(pair: &RsaKeyPair) -> &[u8] {
    pair.public_key().modulus().big_endian_without_leading_zero()
}

fn public(mut jwk: Value) -> KeySet {
    jwk["kid"] = json!("k1");
    jwk["use"] = json!("sig");
    let rules = KeyRules { algorithms: AlgorithmSet::asymmetric(), allowed_use: &["sig".to_owned()] };
    KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes(), rules).unwrap().0
}

/// About 800 bytes.
fn token(algorithm: &str, number: usize, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> String {
    let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": "k1"});
    let claims = json!({
        "iss": "https://auth.example.com", "sub": "2b0e0d58-7f0a-4d83-9f39-0f6f1d2f5a11",
        "aud": "https://mcp.example.com/mcp", "client_id": "an-mcp-client", "iat": 1_767_225_600_u64,
        "exp": 4_000_000_000_u64, "scope": "mcp:connect mcp:tools:read mcp:tools:execute",
        "jti": format!("{number:0250}"),
    });
    let input = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let signature = b64(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
