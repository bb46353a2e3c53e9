//! Good and bad JWKs, as providers publish them.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};

use super::*;

const INPUT: &[u8] = b"header.claims";

fn parse(jwk: &Value, algorithms: &[Algorithm]) -> Result<VerifyingKey, SkipCause> {
    let algorithms = match algorithms {
        [] => AlgorithmSet::asymmetric(),
        some => some.iter().copied().collect(),
    };
    let rules = KeyRules {
        algorithms,
        allowed_use: &["sig".to_owned()],
    };
    VerifyingKey::parse(&jwk.to_string(), rules).map_err(|skipped| skipped.cause)
}

fn skip(jwk: &Value) -> SkipCause {
    parse(jwk, &[]).unwrap_err()
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn with(jwk: &Value, changes: Value) -> Value {
    let mut changed = jwk.clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(name);
        } else {
            changed[name] = value.clone();
        }
    }
    changed
}

fn rsa() -> (RsaKeyPair, Value) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let jwk =
        json!({"kty": "RSA", "use": "sig", "kid": "r", "n": b64(&public.n), "e": b64(&public.e)});
    (pair, jwk)
}

fn rsa_signature(pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding) -> String {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), INPUT, &mut signature)
        .unwrap();
    b64(&signature)
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, crv: &str) -> (String, Value) {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let coordinates = &pair.public_key().as_ref()[1..];
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let jwk = json!({"kty": "EC", "use": "sig", "crv": crv, "x": b64(x), "y": b64(y)});
    (
        b64(pair.sign(&SystemRandom::new(), INPUT).unwrap().as_ref()),
        jwk,
    )
}

fn ed25519() -> (String, Value) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let jwk =
        json!({"kty": "OKP", "use": "sig", "crv": "Ed25519", "x": b64(pair.public_key().as_ref())});
    (b64(pair.sign(INPUT).as_ref()), jwk)
}

#[test]
fn an_rsa_key_verifies_with_its_one_algorithm() {
    let (pair, jwk) = rsa();
    let (pkcs1, pss) = (
        rsa_signature(&pair, &RSA_PKCS1_SHA256),
        rsa_signature(&pair, &RSA_PSS_SHA256),
    );
    let key = parse(&jwk, &[]).unwrap();
    assert_eq!((key.kid(), key.algorithm()), (Some("r"), Algorithm::Rs256));
    assert!(key.verify(INPUT, &pkcs1));
    assert!(!key.verify(INPUT, &pss));
    assert!(!key.verify(b"other.claims", &pkcs1));
    let key = parse(&with(&jwk, json!({"alg": "PS256"})), &[]).unwrap();
    assert!(key.verify(INPUT, &pss) && !key.verify(INPUT, &pkcs1));
}

#[test]
fn an_rsa_key_without_alg_is_rs256_unless_only_another_algorithm_is_allowed() {
    let (_, jwk) = rsa();
    let algorithm = |allowed: &[Algorithm]| parse(&jwk, allowed).map(|key| key.algorithm());
    assert_eq!(algorithm(&[Algorithm::Ps256]), Ok(Algorithm::Ps256));
    assert_eq!(
        algorithm(&[Algorithm::Ps256, Algorithm::Es256]),
        Ok(Algorithm::Ps256)
    );
    assert_eq!(
        algorithm(&[Algorithm::Ps256, Algorithm::Rs256]),
        Ok(Algorithm::Rs256)
    );
    assert_eq!(
        algorithm(&[Algorithm::Ps256, Algorithm::Rs512]),
        Err(SkipCause::AlgorithmAmbiguous)
    );
    assert_eq!(
        algorithm(&[Algorithm::Es256]),
        Err(SkipCause::AlgorithmRefused("RS256"))
    );
}

#[test]
fn a_curve_determines_the_algorithm() {
    for ((signature, jwk), algorithm, names) in [
        (
            ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            Algorithm::Es256,
            ["ES256", "ES256"],
        ),
        (
            ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            Algorithm::Es384,
            ["ES384", "ES384"],
        ),
        (ed25519(), Algorithm::EdDsa, ["EdDSA", "Ed25519"]),
    ] {
        let key = parse(&jwk, &[]).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(key.verify(INPUT, &signature) && !key.verify(b"x", &signature));
        for alg in names {
            assert_eq!(parse(&with(&jwk, json!({"alg": alg})), &[]).unwrap(), key);
        }
        let other = with(&jwk, json!({"alg": "RS256"}));
        assert_eq!(skip(&other), SkipCause::AlgorithmMismatch("RS256"));
    }
}

#[test]
fn a_malformed_signature_verifies_nothing() {
    let (signature, jwk) = ed25519();
    let key = parse(&jwk, &[]).unwrap();
    for malformed in [
        "",
        "!",
        &signature[1..],
        &format!("{signature}="),
        &format!("{signature}AA"),
    ] {
        assert!(!key.verify(INPUT, malformed), "{malformed}");
    }
}

#[test]
fn a_skipped_key_has_its_cause() {
    let (_, rsa) = rsa();
    let (_, ec) = ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256");
    for (jwk, changes, cause) in [
        (
            &rsa,
            json!({"use": "enc"}),
            SkipCause::Use("enc".to_owned()),
        ),
        (&rsa, json!({"use": null}), SkipCause::UseAbsent),
        (&rsa, json!({"key_ops": ["sign"]}), SkipCause::Operations),
        (&rsa, json!({"key_ops": []}), SkipCause::Operations),
        (&rsa, json!({"d": "AQAB"}), SkipCause::Private),
        (&rsa, json!({"oth": []}), SkipCause::Private),
        (&ec, json!({"d": "AQAB"}), SkipCause::Private),
        (&rsa, json!({"kty": "oct", "k": "AA"}), SkipCause::Symmetric),
        (
            &rsa,
            json!({"kty": "rsa"}),
            SkipCause::Type("rsa".to_owned()),
        ),
        (
            &rsa,
            json!({"kty": "AKP\n"}),
            SkipCause::Type("AKP?".to_owned()),
        ),
        (
            &rsa,
            json!({"alg": "HS256"}),
            SkipCause::AlgorithmMismatch("HS256"),
        ),
        (
            &rsa,
            json!({"alg": "ES256"}),
            SkipCause::AlgorithmMismatch("ES256"),
        ),
        (
            &rsa,
            json!({"alg": "none"}),
            SkipCause::Algorithm("none".to_owned()),
        ),
        (
            &rsa,
            json!({"alg": "RSA-OAEP"}),
            SkipCause::Algorithm("RSA-OAEP".to_owned()),
        ),
        (
            &rsa,
            json!({"alg": "rs256"}),
            SkipCause::Algorithm("rs256".to_owned()),
        ),
        (&rsa, json!({"n": null}), SkipCause::Member("n")),
        (&rsa, json!({"e": "AQAB="}), SkipCause::Member("e")),
        (&rsa, json!({"e": "AQ"}), SkipCause::Exponent),
        (&rsa, json!({"e": "AAAB"}), SkipCause::Exponent),
        (&rsa, json!({"e": "Ag"}), SkipCause::Exponent),
        (&rsa, json!({"e": "AQAAAAE"}), SkipCause::Exponent),
        (&ec, json!({"crv": "P-384"}), SkipCause::Member("x")),
        (
            &ec,
            json!({"crv": "P-521"}),
            SkipCause::Curve("P-521".to_owned()),
        ),
        (
            &ec,
            json!({"crv": "secp256k1"}),
            SkipCause::Curve("secp256k1".to_owned()),
        ),
        (&ec, json!({"crv": null}), SkipCause::Curve(String::new())),
        (
            &ec,
            json!({"kty": "OKP", "crv": "Ed448"}),
            SkipCause::Curve("Ed448".to_owned()),
        ),
        (
            &ec,
            json!({"alg": "ES512"}),
            SkipCause::Algorithm("ES512".to_owned()),
        ),
        (&ec, json!({"y": null}), SkipCause::Member("y")),
        (&ec, json!({"x": ec["y"], "y": ec["x"]}), SkipCause::Point),
    ] {
        assert_eq!(skip(&with(jwk, changes.clone())), cause, "{changes}");
    }
}

#[test]
fn an_rsa_modulus_is_odd_and_of_2048_to_8192_bits() {
    let jwk = |n: &[u8]| json!({"kty": "RSA", "use": "sig", "n": b64(n), "e": "AQAB"});
    let modulus = |bytes: usize| [vec![0x80], vec![1; bytes - 1]].concat();
    assert!(parse(&jwk(&modulus(256)), &[]).is_ok());
    assert!(parse(&jwk(&modulus(1024)), &[]).is_ok());
    assert_eq!(skip(&jwk(&modulus(128))), SkipCause::Modulus(1024));
    assert_eq!(skip(&jwk(&modulus(1025))), SkipCause::Modulus(8200));
    assert_eq!(
        skip(&jwk(&[vec![0x7f], vec![1; 255]].concat())),
        SkipCause::Modulus(2047)
    );
    assert_eq!(
        skip(&jwk(&[modulus(256), vec![0]].concat())),
        SkipCause::Modulus(2056)
    );
    assert_eq!(
        skip(&jwk(&[vec![0; 200], modulus(128)].concat())),
        SkipCause::Modulus(1024)
    );
    assert!(parse(&jwk(&[vec![0], modulus(256)].concat()), &[]).is_ok());
}

#[test]
fn a_malformed_jwk_or_one_with_a_repeated_member_is_skipped_with_its_kid() {
    let rules = KeyRules {
        algorithms: AlgorithmSet::asymmetric(),
        allowed_use: &["sig".to_owned()],
    };
    let skip = |jwk: &str| VerifyingKey::parse(jwk, rules).unwrap_err();
    for (jwk, kid, cause) in [
        ("7", None, SkipCause::Malformed),
        ("[]", None, SkipCause::Malformed),
        ("{}", None, SkipCause::Malformed),
        (r#"{"kty":7,"kid":"a"}"#, Some("a"), SkipCause::Malformed),
        (r#"{"kty":"RSA","kid":7}"#, None, SkipCause::Malformed),
        (
            r#"{"kty":"RSA","kid":"a","kty":"EC"}"#,
            Some("a"),
            SkipCause::RepeatedMember,
        ),
        (
            r#"{"kty":"RSA","kid":"a","ki\u0064":"b"}"#,
            None,
            SkipCause::RepeatedMember,
        ),
        (
            r#"{"kty":"RSA","kid":"a","x5t":"1","x5t":"2"}"#,
            Some("a"),
            SkipCause::RepeatedMember,
        ),
    ] {
        let skipped = skip(jwk);
        assert_eq!(
            (skipped.kid.as_deref(), &skipped.cause),
            (kid, &cause),
            "{jwk}"
        );
    }
}

#[test]
fn an_empty_allowed_use_accepts_keys_without_use() {
    let jwk = with(&ed25519().1, json!({"use": null})).to_string();
    let rules = KeyRules {
        algorithms: AlgorithmSet::asymmetric(),
        allowed_use: &[String::new()],
    };
    assert!(VerifyingKey::parse(&jwk, rules).is_ok());
}

#[test]
fn debug_output_never_shows_a_secret() {
    let secret = crate::keys::SecretKey::new(b"hush");
    let settings = crate::keys::SecretSettings {
        secret,
        algorithm: Algorithm::Hs256,
        key_id: "k".to_owned(),
    };
    let key = VerifyingKey::of_secret(&settings);
    assert_eq!(
        format!("{key:?}"),
        r#"VerifyingKey { kid: Some("k"), algorithm: Hs256, .. }"#
    );
}
