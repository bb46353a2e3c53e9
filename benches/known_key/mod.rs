//! A verifier that knows a key, with tokens of that key, for each algorithm.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use prometheus::Registry;
use scopegate::{
    clock::SystemClock,
    domain::{Field, Issuer, ResourceId, Silent},
    keys::{
        Algorithm, AlgorithmSet, KeyRules, KeySet, KeysHandle, SecretKey, SecretSettings,
        VerifyingKey,
    },
    token::{
        Audience, Bearer, CacheSettings, CachedVerifier, Identity, IssuerRule, KeySource,
        TokenMetrics, TokenRules, TokenSettings, TokenType, VerifyToken,
    },
};
use serde_json::json;
use support::{
    AUDIENCE, ISSUER, ProviderKey, SECRET, SigningKey,
    usual::{SCOPES, lasting_claims},
};

/// A verifier that knows one key, and tokens that this key signed.
pub(crate) struct Known {
    verifier: CachedVerifier,
    rules: TokenRules,
    keys: KeySet,
    algorithm: Algorithm,
    headers: Vec<String>,
}

impl Known {
    /// Makes a key for this algorithm, and a verifier with a cache for `entries` tokens.
    pub(crate) fn of(name: &str, entries: usize) -> Self {
        let algorithm = Algorithm::parse(name).unwrap();
        let key = match algorithm {
            Algorithm::Hs256 => ProviderKey::new("k1", SigningKey::secret(SECRET)),
            _ => ProviderKey::generate("k1", name),
        };
        let keys = key_set(&key, algorithm);
        let source = KeySource {
            name: "idp".into(),
            keys: KeysHandle::fixed(keys.clone()),
            algorithms: [algorithm].into_iter().collect(),
            token: TokenSettings {
                issuer: IssuerRule::Exactly(Issuer::parse(ISSUER).unwrap()),
                audience: Audience::OneOf(vec![AUDIENCE.to_owned()]),
                leeway: Duration::from_secs(30),
                token_type: TokenType::Any,
            },
        };
        let scope_claims = vec!["scope".to_owned(), "scp".to_owned()];
        let cache = CacheSettings {
            max_entries: entries,
            ..CacheSettings::default()
        };
        let metrics = TokenMetrics::register(&Registry::new()).unwrap();
        Self {
            verifier: CachedVerifier::new(Arc::new(SystemClock::default()), cache, metrics),
            rules: TokenRules::new(
                ResourceId::parse("mcp").unwrap(),
                vec![source],
                scope_claims,
            ),
            keys,
            algorithm,
            headers: (0..64)
                .map(|number| format!("Bearer {}", key.token(&lasting_claims(SCOPES, number))))
                .collect(),
        }
    }

    /// Verifies one of the tokens.
    pub(crate) fn verify(&self, turn: usize) -> Arc<Identity> {
        let header = &self.headers[turn % self.headers.len()];
        let bearer = Bearer::read(Field::One(header.as_bytes())).unwrap();
        self.verifier
            .verify(&self.rules, bearer, &mut Silent)
            .now_or_never()
            .unwrap()
            .unwrap()
    }

    pub(crate) fn check_signature(&self) -> bool {
        let token = &self.headers[0]["Bearer ".len()..];
        let (input, signature) = token.rsplit_once('.').unwrap();
        let key = self
            .keys
            .candidates(Some("k1"), self.algorithm)
            .next()
            .unwrap();
        let is_good = key.verify(input.as_bytes(), signature);
        assert!(is_good);
        is_good
    }
}

/// The key as the verifier has it.
fn key_set(key: &ProviderKey, algorithm: Algorithm) -> KeySet {
    if let SigningKey::Hs256(secret) = &key.key {
        let settings = SecretSettings {
            secret: SecretKey::new(secret),
            algorithm,
            key_id: key.kid.clone(),
        };
        return [VerifyingKey::of_secret(&settings)].into_iter().collect();
    }
    let rules = KeyRules {
        algorithms: AlgorithmSet::asymmetric(),
        allowed_use: &["sig".to_owned()],
    };
    KeySet::parse(json!({ "keys": [key.jwk()] }).to_string().as_bytes(), rules)
        .unwrap()
        .0
}
