//! Target: whole tokens and rules with several sources and keys. Header and claims are changed and
//! signed again, or the signed token is changed.

use std::sync::Arc;

use prometheus::Registry;
use scopegate::{
    clock::ManualClock,
    domain::{Field, Issuer, ResourceId, Silent},
    keys::{Algorithm, AlgorithmSet, KeyRules, KeySet, KeysHandle, SecretKey, SecretSettings},
    token::{
        self, Audience, Bearer, CacheSettings, CachedVerifier, KeySource, TokenMetrics,
        TokenSettings, TokenType, VerifyToken,
    },
};
use serde_json::json;

use support::{NOW, SECRET, SigningKey};

use crate::{
    draw::Draw,
    drive::{Outcome, drive},
    model::token::{IssuerRule, Key, Source, TokenRules, scopes},
    mutate::mutate,
    node::Node,
    verifies::verifies,
};

#[test]
fn jwt() {
    let keys = keys();
    let (rules, model) = (rules(&keys), model(&keys));
    let metrics = TokenMetrics::register(&Registry::new()).unwrap();
    let verifier = CachedVerifier::new(
        Arc::new(ManualClock::at(NOW)),
        CacheSettings::default(),
        metrics,
    );
    let runner = actix::System::new();
    drive("jwt", 15, |draw: &mut Draw| {
        let header = format!("Bearer {}", token(draw, &keys));
        draw.show(|| header.clone());
        let verified = Bearer::read(Field::One(header.as_bytes())).and_then(|bearer| {
            // The second answer comes from the cache, and must be the same.
            let first = runner.block_on(verifier.verify(&rules, bearer, &mut Silent));
            let second = runner.block_on(verifier.verify(&rules, bearer, &mut Silent));
            assert_eq!(first, second);
            first
        });
        let expected = scopes(&model, Some(header.as_bytes()), NOW);
        if let (Ok(identity), Ok(scopes)) = (&verified, &expected) {
            for scope in &identity.scopes {
                assert!(
                    scopes.iter().any(|known| known == scope.as_str()),
                    "the model grants no {scope:?}"
                );
            }
        }
        Outcome::of(
            verified
                .map(|_| ())
                .map_err(|refusal| refusal.reason.code()),
            expected.map(|_| ()),
        )
    });
}

/// A key, the source that publishes it and the `kid` under which it does.
struct Published {
    signer: SigningKey,
    source: usize,
    kid: Option<&'static str>,
}

/// Two providers that both call a key `a`, and a shared secret.
fn keys() -> Vec<Published> {
    let key = |source, kid, alg| Published {
        signer: SigningKey::generate(alg),
        source,
        kid,
    };
    let secret = SigningKey::secret(SECRET);
    vec![
        key(0, Some("a"), "EdDSA"),
        key(0, Some("a"), "ES256"),
        key(0, None, "ES384"),
        key(0, Some("r"), "RS256"),
        key(1, Some("a"), "EdDSA"),
        key(1, Some("b"), "ES256"),
        Published {
            signer: secret,
            source: 2,
            kid: Some("s"),
        },
    ]
}

fn rules(keys: &[Published]) -> token::TokenRules {
    let remote = |source: usize| {
        let jwks: Vec<_> = keys
            .iter()
            .filter(|key| key.source == source)
            .map(|key| key.signer.jwk(key.kid))
            .collect();
        let rules = KeyRules {
            algorithms: AlgorithmSet::asymmetric(),
            allowed_use: &["sig".to_owned()],
        };
        let (set, skipped) =
            KeySet::parse(json!({"keys": jwks}).to_string().as_bytes(), rules).unwrap();
        assert!(skipped.is_empty());
        KeysHandle::fixed(set)
    };
    let secret = SecretSettings {
        secret: SecretKey::new(SECRET.as_bytes()),
        algorithm: Algorithm::Hs256,
        key_id: "s".to_owned(),
    };
    let source = |index: usize, keys, algorithms| KeySource {
        name: format!("source-{index}").into(),
        keys,
        algorithms,
        token: TokenSettings {
            issuer: match ISSUERS[index] {
                (issuer, true) => token::IssuerRule::Exactly(Issuer::parse(issuer).unwrap()),
                (issuer, false) => {
                    token::IssuerRule::AbsentOrOneOf(vec![Issuer::parse(issuer).unwrap()])
                }
            },
            audience: Audience::OneOf(AUDIENCES.map(str::to_owned).to_vec()),
            leeway: std::time::Duration::from_secs(30),
            token_type: if index == 1 {
                TokenType::AtJwt
            } else {
                TokenType::Any
            },
        },
    };
    let sources = vec![
        source(0, remote(0), AlgorithmSet::asymmetric()),
        source(1, remote(1), AlgorithmSet::asymmetric()),
        source(
            2,
            KeysHandle::of_secret(&secret),
            [Algorithm::Hs256].into_iter().collect(),
        ),
    ];
    token::TokenRules::new(
        ResourceId::parse("mcp").unwrap(),
        sources,
        SCOPE_CLAIMS.map(str::to_owned).to_vec(),
    )
}

fn model(keys: &[Published]) -> TokenRules {
    let source = |index: usize| Source {
        keys: keys
            .iter()
            .filter(|key| key.source == index)
            .map(|key| Key {
                kid: key.kid.map(str::to_owned),
                alg: key.signer.alg(),
                verifies: verifies(&key.signer),
            })
            .collect(),
        issuer: match ISSUERS[index] {
            (issuer, true) => IssuerRule::Exactly(issuer.to_owned()),
            (issuer, false) => IssuerRule::AbsentOrOneOf(vec![issuer.to_owned()]),
        },
        audiences: AUDIENCES.map(str::to_owned).to_vec(),
        leeway_seconds: 30,
        demands_at_jwt: index == 1,
    };
    TokenRules {
        sources: (0..3).map(source).collect(),
        scope_claims: SCOPE_CLAIMS.map(str::to_owned).to_vec(),
    }
}

fn token(draw: &mut Draw, keys: &[Published]) -> String {
    // RSA signs slowly, so it is drawn less often.
    let key = if draw.chance(3) {
        &keys[3]
    } else {
        draw.one(keys)
    };
    let mut header = header(draw, key);
    let mut claims = claims(draw, key);
    if draw.chance(20) {
        header.mutate(draw, &HEADER_KEYS, &HEADER_TEXTS);
    }
    for _ in 0..draw.pick(&[&0, &0, &1, &1, &2]).to_owned() {
        claims.mutate(draw, &CLAIM_KEYS, &CLAIM_TEXTS);
    }
    let (header, claims) = (header.write(draw), claims.write(draw));
    draw.show(|| format!("{header}\n  {claims}"));
    let confused = SigningKey::secret(key.signer.public_bytes());
    let signer = match draw.below(50) {
        0 => &draw.one(keys).signer,
        1 => &confused,
        _ => &key.signer,
    };
    let mut token = signer.token(&header, &claims);
    match draw.below(20) {
        0 => token = format!("{}.", token.rsplit_once('.').unwrap().0),
        1 | 2 => {
            let mut bytes = token.into_bytes();
            mutate(
                draw,
                &mut bytes,
                &[
                    ".",
                    "..",
                    "=",
                    "A",
                    "AA",
                    "eyJhbGciOiJub25lIn0",
                    "e30",
                    "-",
                    "_",
                ],
            );
            token = String::from_utf8_lossy(&bytes).into_owned();
        }
        _ => {}
    }
    token
}

fn header(draw: &mut Draw, key: &Published) -> Node {
    let alg = if draw.chance(97) {
        key.signer.alg()
    } else {
        draw.pick(&HEADER_TEXTS)
    };
    let mut members = vec![("alg", Node::text(alg)), ("typ", Node::text("at+jwt"))];
    if let Some(kid) = key.kid.filter(|_| draw.chance(85)) {
        members.push(("kid", Node::text(kid)));
    }
    Node::object(&members)
}

fn claims(draw: &mut Draw, key: &Published) -> Node {
    let exp = NOW + draw.pick(&[&60, &60, &60, &3600, &1, &0, &-29, &-30, &-31, &-3600]);
    let issuer = if draw.chance(95) {
        ISSUERS[key.source].0
    } else {
        ISSUERS[draw.below(3)].0
    };
    let fraction = if draw.chance(10) { ".5" } else { "" };
    let mut members = vec![
        ("iss", Node::text(issuer)),
        ("sub", Node::text("alice")),
        (
            "aud",
            if draw.chance(80) {
                Node::text(AUDIENCES[0])
            } else {
                Node::texts(&AUDIENCES)
            },
        ),
        ("client_id", Node::text("client-1")),
        ("exp", Node::Raw(format!("{exp}{fraction}"))),
    ];
    if draw.chance(30) {
        let nbf = NOW + draw.pick(&[&-60, &0, &29, &30, &31, &60]);
        members.push(("nbf", Node::Raw(format!("{nbf}{fraction}"))));
    }
    members.push(match draw.below(5) {
        0 => ("scp", Node::texts(&["read", "write"])),
        1 => ("realm", Node::object(&[("roles", Node::texts(&["admin"]))])),
        _ => ("scope", Node::text("read write")),
    });
    Node::object(&members)
}

/// The issuer of each source, and whether `iss` must be exactly that.
const ISSUERS: [(&str, bool); 3] = [
    ("https://one.example.com", true),
    ("https://two.example.com", true),
    ("https://three.example.com/", false),
];
const AUDIENCES: [&str; 2] = ["https://mcp.example.com/mcp", "https://mcp.example.com"];
const SCOPE_CLAIMS: [&str; 4] = ["scope", "scp", "realm.roles", "https://x.example/scope"];

const HEADER_KEYS: [&str; 10] = [
    "alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5c", "cty", "enc",
];
const HEADER_TEXTS: [&str; 18] = [
    "none",
    "None",
    "HS256",
    "HS512",
    "RS256",
    "PS256",
    "ES256",
    "ES384",
    "EdDSA",
    "Ed25519",
    "JWT",
    "application/at+jwt",
    "AT+JWT",
    "oauth-id-jag+jwt",
    "dpop+jwt",
    "a",
    "b",
    "s",
];
const CLAIM_KEYS: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "cnf",
    "at_hash",
    "c_hash",
    "s_hash",
    "events",
    "typ",
    "azp",
    "client_id",
    "scope",
    "scp",
    "realm.roles",
    "realm",
    "https://x.example/scope",
    "jti",
];
const CLAIM_TEXTS: [&str; 18] = [
    "https://one.example.com",
    "https://one.example.com/",
    "https://two.example.com",
    "https://three.example.com",
    "https://three.example.com//",
    "https://mcp.example.com/mcp",
    "https://mcp.example.com/mcp/",
    "https://mcp.example.com",
    "ID",
    "Refresh",
    "Logout",
    "Bearer",
    "read  write",
    "read\twrite",
    "read,write",
    "ad\"min",
    "é",
    "client-1",
];
