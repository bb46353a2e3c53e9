//! A verifier on a clock that stands still, with one usual key source and usual claims.

use std::{sync::Arc, time::Duration};

use prometheus::Registry;
use serde_json::{Value, json};

use super::{key_sources::fixed, signing::SigningKey};
use crate::{
    clock::{ManualClock, UnixSeconds},
    domain::{Field, Issuer, Reason, Refusal, ResourceId, Silent, Step},
    keys::{Algorithm, AlgorithmSet, KeysHandle},
    token::{
        Audience, Bearer, CacheSettings, CachedVerifier, Identity, IssuerRule, KeySource,
        TokenMetrics, TokenNote, TokenRules, TokenSettings, TokenTrace, TokenType, VerifyToken,
    },
};

pub(super) const NOW: UnixSeconds = 1_700_000_000;
pub(super) const ISSUER: &str = "https://auth.example.com";
pub(super) const AUDIENCE: &str = "https://mcp.example.com/mcp";

/// A verifier and its clock.
pub(super) struct Bench {
    pub(super) clock: Arc<ManualClock>,
    registry: Registry,
    pub(super) verifier: CachedVerifier,
}

impl Bench {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let registry = Registry::new();
        let verifier = CachedVerifier::new(
            clock.clone(),
            CacheSettings::default(),
            TokenMetrics::register(&registry).unwrap(),
        );
        Self {
            clock,
            registry,
            verifier,
        }
    }

    pub(super) async fn identity(
        &self,
        rules: &TokenRules,
        token: &str,
    ) -> Result<Arc<Identity>, Refusal> {
        let header = format!("Bearer {token}");
        let bearer = Bearer::read(Field::One(header.as_bytes()))?;
        sendable(self.verifier.verify(rules, bearer, &mut Silent)).await
    }

    pub(super) async fn outcome(&self, rules: &TokenRules, token: &str) -> Result<(), Reason> {
        self.identity(rules, token)
            .await
            .map(drop)
            .map_err(|refusal| refusal.reason)
    }

    pub(super) async fn traced(&self, rules: &TokenRules, token: &str) -> Vec<(Step, String)> {
        let mut notes = Notes(Vec::new());
        let header = format!("Bearer {token}");
        let bearer = Bearer::read(Field::One(header.as_bytes())).unwrap();
        let _outcome = self.verifier.verify(rules, bearer, &mut notes).await;
        notes.0
    }

    /// How many requests so far took over the result of another request.
    pub(super) fn joined(&self) -> u64 {
        self.lookups_of("joined")
    }

    /// Hits, misses and outdated entries so far.
    pub(super) fn lookups(&self) -> [u64; 3] {
        ["hit", "miss", "outdated"].map(|outcome| self.lookups_of(outcome))
    }

    fn lookups_of(&self, outcome: &str) -> u64 {
        let families = self.registry.gather();
        let metrics = families[0].get_metric();
        let of = metrics
            .iter()
            .find(|metric| metric.get_label()[0].value() == outcome)
            .unwrap();
        of.get_counter().get_value() as u64
    }
}

/// Keeps every note in its debug format.
struct Notes(Vec<(Step, String)>);

impl TokenTrace for Notes {
    fn note_token<'n>(&mut self, note: impl FnOnce() -> TokenNote<'n>) {
        let note = note();
        self.0.push((note.step(), format!("{note:?}")));
    }
}

/// The gRPC listener moves its work between threads.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// The usual rules for a token: our issuer, our audience, 30 s leeway.
pub(super) fn settings() -> TokenSettings {
    TokenSettings {
        issuer: IssuerRule::Exactly(issuer(ISSUER)),
        audience: Audience::OneOf(vec![AUDIENCE.to_owned()]),
        leeway: Duration::from_secs(30),
        token_type: TokenType::Any,
    }
}

pub(super) fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

pub(super) fn source(name: &str, keys: &KeysHandle, token: TokenSettings) -> KeySource {
    let algorithms = AlgorithmSet::asymmetric();
    KeySource {
        name: name.into(),
        keys: keys.clone(),
        algorithms,
        token,
    }
}

pub(super) fn rules(sources: Vec<KeySource>) -> TokenRules {
    let scope_claims = vec!["scope".to_owned(), "scp".to_owned()];
    TokenRules::new(ResourceId::parse("mcp").unwrap(), sources, scope_claims)
}

/// The claims of a token that is accepted.
pub(super) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "client_id": "inspector", "jti": "1",
        "iat": NOW, "exp": NOW + 300, "scope": "mcp:connect mcp:tools:read",
    })
}

/// An object with one member set to another value.
pub(super) fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    object[name] = value.into();
    object
}

/// An object without one member.
pub(super) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

/// One resource with one source and one key.
pub(super) struct Usual {
    pub(super) bench: Bench,
    pub(super) key: SigningKey,
    pub(super) rules: TokenRules,
}

impl Usual {
    pub(super) fn new() -> Self {
        Self::demanding(settings())
    }

    pub(super) fn demanding(token: TokenSettings) -> Self {
        let key = SigningKey::generate("k1", Algorithm::Es256);
        let rules = rules(vec![source("idp", &fixed(&[&key]), token)]);
        Self {
            bench: Bench::new(),
            key,
            rules,
        }
    }

    /// The answer to a token with the usual header and these claims.
    pub(super) async fn claims(&self, claims: &Value) -> Result<(), Reason> {
        self.bench
            .outcome(&self.rules, &self.key.token(claims))
            .await
    }

    /// The answer to a token with this header and the usual claims.
    pub(super) async fn header(&self, header: &Value) -> Result<(), Reason> {
        self.texts(&header.to_string(), &claims().to_string()).await
    }

    /// The answer to a token of exactly these texts.
    pub(super) async fn texts(&self, header: &str, claims: &str) -> Result<(), Reason> {
        self.bench
            .outcome(&self.rules, &self.key.token_of(header, claims))
            .await
    }
}
