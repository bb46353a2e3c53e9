//! Reads a JWK (RFC 7517, RFC 7518 §6, RFC 8037) into a key that verifies signatures, or says why
//! the key is skipped.
//!
//! Design: `docs/design/keys.md#one-bad-key-does-not-spoil-a-set`.

mod key;
mod kind;
mod skip;
#[cfg(test)]
mod tests;

use aws_lc_rs::signature::{ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};

use self::{
    key::Material,
    kind::{Curve, Kind, rsa_parameters},
};
pub use self::{
    key::VerifyingKey,
    skip::{SkipCause, SkippedKey},
};
use super::{Algorithm, AlgorithmSet, RemoteSettings, error::printable};
use crate::json::Members;

/// The rules of the configuration for the keys of a source.
#[derive(Clone, Copy, Debug)]
pub struct KeyRules<'a> {
    /// The allowed algorithms.
    pub algorithms: AlgorithmSet,
    /// The accepted values of `use`. An empty text accepts keys without `use`.
    pub allowed_use: &'a [String],
}

impl<'a> From<&'a RemoteSettings> for KeyRules<'a> {
    fn from(settings: &'a RemoteSettings) -> Self {
        Self {
            algorithms: settings.algorithms,
            allowed_use: &settings.allowed_use,
        }
    }
}

impl VerifyingKey {
    /// Reads one JWK.
    ///
    /// # Errors
    /// When the key must not or cannot be used.
    pub fn parse(jwk: &str, rules: KeyRules<'_>) -> Result<Self, SkippedKey> {
        let wire: Jwk = serde_json::from_str(jwk).map_err(|_| unreadable(jwk))?;
        let skipped = |cause| SkippedKey::new(wire.kid.as_deref(), cause);
        if Members::parse(jwk.as_bytes()).is_none() {
            return Err(skipped(SkipCause::RepeatedMember));
        }
        let (algorithm, material) = wire.read(rules).map_err(skipped)?;
        Ok(Self::new(wire.kid.as_deref(), algorithm, material))
    }
}

/// The members of a JWK that are read. `x5u`, `x5c` and the like are ignored.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

impl Jwk {
    fn read(&self, rules: KeyRules<'_>) -> Result<(Algorithm, Material), SkipCause> {
        let kind = self.kind()?;
        if self.has_private_members() {
            return Err(SkipCause::Private);
        }
        self.check_use(rules.allowed_use)?;
        let algorithm = self.algorithm(kind, rules.algorithms)?;
        let key = match kind {
            Kind::Rsa => self.rsa(rsa_parameters(algorithm).ok_or_else(|| mismatch(algorithm))?)?,
            Kind::Curve(curve) => self.point(curve)?,
        };
        Ok((algorithm, Material::Public(key)))
    }

    fn kind(&self) -> Result<Kind, SkipCause> {
        let crv = self.crv.as_deref().unwrap_or_default();
        match (self.kty.as_str(), crv) {
            ("RSA", _) => Ok(Kind::Rsa),
            ("EC", "P-256") => Ok(Kind::Curve(Curve::P256)),
            ("EC", "P-384") => Ok(Kind::Curve(Curve::P384)),
            ("OKP", "Ed25519") => Ok(Kind::Curve(Curve::Ed25519)),
            ("EC" | "OKP", _) => Err(SkipCause::Curve(printable(crv))),
            ("oct", _) => Err(SkipCause::Symmetric),
            (kty, _) => Err(SkipCause::Type(printable(kty))),
        }
    }

    fn has_private_members(&self) -> bool {
        let members = [
            self.d, self.p, self.q, self.dp, self.dq, self.qi, self.oth, self.k,
        ];
        members.iter().any(Option::is_some)
    }

    fn check_use(&self, allowed: &[String]) -> Result<(), SkipCause> {
        let usage = self.usage.as_deref().unwrap_or_default();
        if !allowed.iter().any(|admitted| admitted == usage) {
            let named = (!usage.is_empty()).then(|| printable(usage));
            return Err(named.map_or(SkipCause::UseAbsent, SkipCause::Use));
        }
        match &self.key_ops {
            Some(operations) if !operations.iter().any(|operation| operation == "verify") => {
                Err(SkipCause::Operations)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn algorithm(&self, kind: Kind, allowed: AlgorithmSet) -> Result<Algorithm, SkipCause> {
        let algorithm = match &self.alg {
            Some(alg) => {
                Algorithm::parse(alg).ok_or_else(|| SkipCause::Algorithm(printable(alg)))?
            }
            None => kind.implied(allowed)?,
        };
        if !kind.fits(algorithm) {
            Err(mismatch(algorithm))
        } else if !allowed.contains(algorithm) {
            Err(SkipCause::AlgorithmRefused(algorithm.name()))
        } else {
            Ok(algorithm)
        }
    }

    fn rsa(&self, parameters: &'static RsaParameters) -> Result<ParsedPublicKey, SkipCause> {
        let modulus = base64url("n", self.n.as_deref())?;
        let exponent = base64url("e", self.e.as_deref())?;
        let (modulus, exponent) = (significant(&modulus), significant(&exponent));
        let bits = bit_length(modulus);
        if !(2048..=8192).contains(&bits) || !is_odd(modulus) {
            return Err(SkipCause::Modulus(bits));
        }
        if !(2..=32).contains(&bit_length(exponent)) || !is_odd(exponent) {
            return Err(SkipCause::Exponent);
        }
        let components = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        components
            .to_parsed_public_key(parameters)
            .map_err(|_| SkipCause::Modulus(bits))
    }

    fn point(&self, curve: Curve) -> Result<ParsedPublicKey, SkipCause> {
        let coordinate = |name, text| {
            let bytes = base64url(name, text)?;
            if bytes.len() == curve.coordinate_bytes() {
                Ok(bytes)
            } else {
                Err(SkipCause::Member(name))
            }
        };
        let x = coordinate("x", self.x.as_deref())?;
        let key = match curve {
            Curve::Ed25519 => x,
            Curve::P256 | Curve::P384 => {
                let y = coordinate("y", self.y.as_deref())?;
                [&[UNCOMPRESSED_POINT], x.as_slice(), y.as_slice()].concat()
            }
        };
        // This also rejects a point that is not on the curve.
        ParsedPublicKey::new(curve.verification(), key).map_err(|_| SkipCause::Point)
    }
}

const fn mismatch(algorithm: Algorithm) -> SkipCause {
    SkipCause::AlgorithmMismatch(algorithm.name())
}

/// The cause for a JWK that does not deserialize, with its `kid` if that can be read.
fn unreadable(jwk: &str) -> SkippedKey {
    #[derive(Deserialize)]
    struct Named {
        kid: Option<String>,
    }
    let kid = serde_json::from_str::<Named>(jwk)
        .ok()
        .and_then(|named| named.kid);
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(jwk).is_ok();
    let is_repeated = is_object && Members::parse(jwk.as_bytes()).is_none();
    let cause = if is_repeated {
        SkipCause::RepeatedMember
    } else {
        SkipCause::Malformed
    };
    SkippedKey::new(kid.as_deref(), cause)
}

fn base64url(name: &'static str, text: Option<&str>) -> Result<Vec<u8>, SkipCause> {
    text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or(SkipCause::Member(name))
}

/// A big-endian number without its leading zeros. Some providers write them, which RFC 7518 §6.3.1.1 forbids.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bit_length(significant: &[u8]) -> usize {
    let unused = significant
        .first()
        .map_or(0, |first| first.leading_zeros() as usize);
    significant.len() * 8 - unused
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

/// SEC 1 §2.3.3.
const UNCOMPRESSED_POINT: u8 = 4;
