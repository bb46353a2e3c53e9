//! Target: JWK Sets. For every key that the service keeps there must be an entry that a simple
//! reader accepts.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use scopegate::keys::{AlgorithmSet, KeyRules, KeySet, VerifyingKey};

use crate::{
    draw::Draw,
    drive::{Outcome, drive},
    model::json::Json,
    mutate::{mutate, seeds},
    node::Node,
};

#[test]
fn jwks() {
    let seeds = seeds("jwks");
    let allowed_use = [
        vec!["sig".to_owned()],
        vec!["sig".to_owned(), String::new()],
    ];
    drive("jwks", 15, |draw: &mut Draw| {
        let document = document(draw, &seeds);
        draw.show(|| String::from_utf8_lossy(&document).into_owned());
        let allowed_use = draw.one(&allowed_use);
        let rules = KeyRules {
            algorithms: AlgorithmSet::asymmetric(),
            allowed_use,
        };
        let Ok((set, _)) = KeySet::parse(&document, rules) else {
            return Outcome::Denied;
        };
        let json = Json::parse(&document).expect("a set was read from what is no JSON");
        let Some(Json::List(entries)) = json.get("keys") else {
            panic!("no array of keys")
        };
        for key in &set {
            let justifies = |entry: &&Json| is_usable(entry, key, allowed_use);
            assert!(
                entries.iter().any(|entry| justifies(&entry)),
                "nothing justifies {key:?}"
            );
        }
        if set.is_empty() {
            Outcome::Denied
        } else {
            Outcome::Permitted
        }
    });
}

fn document(draw: &mut Draw, seeds: &[Vec<u8>]) -> Vec<u8> {
    let seed = draw.one(seeds).clone();
    let mut bytes = match Json::parse(&seed) {
        Some(json) if draw.chance(70) => {
            let mut node = node(&json);
            for _ in 0..=draw.below(4) {
                node.mutate(draw, &KEYS, &TEXTS);
            }
            node.write(draw).into_bytes()
        }
        _ => seed,
    };
    if draw.chance(30) {
        mutate(
            draw,
            &mut bytes,
            &[
                "\"",
                "{",
                "}",
                "[",
                "]",
                ",",
                "AQAB",
                "\"d\":\"AA\",",
                "\"use\":\"enc\",",
                "\0",
                "A",
                "_",
            ],
        );
    }
    bytes
}

fn node(json: &Json) -> Node {
    match json {
        Json::Null => Node::raw("null"),
        Json::Bool(value) => Node::Raw(value.to_string()),
        Json::Number(value) => Node::Raw(value.to_string()),
        Json::Text(_) => Node::Text(json.text().unwrap()),
        Json::List(items) => Node::List(items.iter().map(node).collect()),
        Json::Object(members) => Node::Object(
            members
                .iter()
                .map(|(name, value)| (String::from_utf16(name).unwrap(), node(value)))
                .collect(),
        ),
    }
}

/// Whether the key may come from this entry.
fn is_usable(entry: &Json, key: &VerifyingKey, allowed_use: &[String]) -> bool {
    let text = |name: &str| entry.get(name).and_then(Json::text);
    let bytes = |name: &str| {
        text(name)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .unwrap_or_default()
    };
    let alg = key.algorithm().name();
    let fits = match (text("kty").as_deref(), text("crv").as_deref()) {
        (Some("RSA"), _) => {
            let modulus = bytes("n");
            let bits = modulus.iter().skip_while(|byte| **byte == 0).count() * 8;
            (alg.starts_with("RS") || alg.starts_with("PS"))
                && bits >= 2048
                && bytes("e").last().is_some_and(|e| e % 2 == 1)
        }
        (Some("EC"), Some("P-256")) => {
            alg == "ES256" && bytes("x").len() == 32 && bytes("y").len() == 32
        }
        (Some("EC"), Some("P-384")) => {
            alg == "ES384" && bytes("x").len() == 48 && bytes("y").len() == 48
        }
        (Some("OKP"), Some("Ed25519")) => alg == "EdDSA" && bytes("x").len() == 32,
        _ => false,
    };
    let is_named = match text("alg").as_deref() {
        Some("Ed25519") => alg == "EdDSA",
        Some(named) => named == alg,
        None => {
            entry.get("alg").is_none_or(|value| *value == Json::Null)
                && (alg == "RS256" || !alg.starts_with(['R', 'P']))
        }
    };
    let is_private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
        .iter()
        .any(|name| entry.get(name).is_some_and(|value| *value != Json::Null));
    let verifies = match entry.get("key_ops") {
        None | Some(Json::Null) => true,
        Some(Json::List(operations)) => operations.iter().any(|operation| operation.is("verify")),
        Some(_) => false,
    };
    let usage = text("use").unwrap_or_default();
    fits && is_named
        && !is_private
        && verifies
        && entry.members().is_some()
        && text("kid").as_deref() == key.kid()
        && allowed_use.contains(&usage)
}

const KEYS: [&str; 16] = [
    "kty", "kid", "use", "alg", "crv", "x", "y", "n", "e", "d", "k", "key_ops", "keys", "x5c", "p",
    "oth",
];
const TEXTS: [&str; 19] = [
    "RSA", "EC", "OKP", "oct", "P-256", "P-384", "P-521", "Ed25519", "X25519", "RS256", "PS384",
    "ES256", "EdDSA", "none", "sig", "enc", "verify", "AQ", "AQAB",
];
