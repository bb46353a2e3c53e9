//! The keys of one source: a JWK Set (RFC 7517 §5), indexed by `kid` and algorithm.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Algorithm, FetchError, KeyRules, SkippedKey, VerifyingKey};
use crate::json::{DocumentError, parse_document};

/// An immutable set of keys, sorted by `kid`; keys without `kid` come first.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    /// The serials of all keys, sorted.
    serials: Vec<u64>,
}

impl KeySet {
    /// Reads a JWK Set key by key. Returns the usable keys, and the skipped ones with a cause.
    ///
    /// # Errors
    /// When `document` is not a JWK Set, or has entries and none of them can be used.
    pub fn parse(
        document: &[u8],
        rules: KeyRules<'_>,
    ) -> Result<(Self, Vec<SkippedKey>), FetchError> {
        let wire: JwkSet<'_> = parse_document(document).map_err(|error| match error {
            DocumentError::NotJson => FetchError::NotJson,
            DocumentError::OtherShape => FetchError::NoKeysArray,
        })?;
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for jwk in wire.keys {
            match VerifyingKey::parse(jwk.get(), rules) {
                Ok(key) => keys.push(key),
                Err(key) => skipped.push(key),
            }
        }
        match skipped.first() {
            Some(first) if keys.is_empty() => Err(FetchError::NoUsableKey {
                count: skipped.len(),
                first: first.cause.clone(),
            }),
            Some(_) | None => Ok((keys.into_iter().collect(), skipped)),
        }
    }

    /// The keys that may have signed a token: with a `kid`, the keys with exactly that `kid`; without, every key of the
    /// algorithm. At most [`MAX_CANDIDATES`], because each one costs a signature check.
    pub fn candidates<'s>(
        &'s self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'s VerifyingKey> {
        let keys = kid.map_or(self.keys.as_slice(), |kid| self.of_kid(kid));
        keys.iter()
            .filter(move |key| key.algorithm() == algorithm)
            .take(MAX_CANDIDATES)
    }

    /// The same set. A key that `former` has too keeps the serial that it has there.
    #[must_use]
    pub(super) fn continuing(self, former: &Self) -> Self {
        let known = |key: &VerifyingKey| {
            let at = former
                .keys
                .binary_search_by(|other| other.identity().cmp(&key.identity()))
                .ok()?;
            former.keys.get(at).cloned()
        };
        self.keys
            .into_iter()
            .map(|key| known(&key).unwrap_or(key))
            .collect()
    }

    /// Whether the set has the key with this [serial](VerifyingKey::serial).
    #[must_use]
    pub fn holds(&self, serial: u64) -> bool {
        self.serials.binary_search(&serial).is_ok()
    }

    /// Whether a key of any algorithm has this `kid`.
    #[must_use]
    pub fn has_kid(&self, kid: &str) -> bool {
        !self.of_kid(kid).is_empty()
    }

    /// All keys.
    pub fn iter(&self) -> std::slice::Iter<'_, VerifyingKey> {
        self.keys.iter()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn of_kid(&self, kid: &str) -> &[VerifyingKey] {
        let start = self.keys.partition_point(|key| key.kid() < Some(kid));
        let end = self.keys.partition_point(|key| key.kid() <= Some(kid));
        self.keys.get(start..end).unwrap_or_default()
    }
}

/// Two different keys with one `kid` both stay, because some providers rotate keys that way. Exact duplicates are
/// removed.
impl FromIterator<VerifyingKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by(|a, b| a.identity().cmp(&b.identity()));
        keys.dedup();
        let mut serials: Vec<_> = keys.iter().map(VerifyingKey::serial).collect();
        serials.sort_unstable();
        Self { keys, serials }
    }
}

/// Sets are equal if their keys are, whatever the serials.
impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for KeySet {}

impl<'a> IntoIterator for &'a KeySet {
    type Item = &'a VerifyingKey;
    type IntoIter = std::slice::Iter<'a, VerifyingKey>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Deserialize)]
struct JwkSet<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// The most keys that one token is tried against.
pub const MAX_CANDIDATES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{AlgorithmSet, SecretKey, SecretSettings};

    fn key(kid: &str, algorithm: Algorithm, secret: &[u8]) -> VerifyingKey {
        let secret = SecretKey::new(secret);
        VerifyingKey::of_secret(&SecretSettings {
            secret,
            algorithm,
            key_id: kid.to_owned(),
        })
    }

    fn parse(document: &str) -> Result<(KeySet, Vec<SkippedKey>), FetchError> {
        let rules = KeyRules {
            algorithms: AlgorithmSet::asymmetric(),
            allowed_use: &[String::new()],
        };
        KeySet::parse(document.as_bytes(), rules)
    }

    #[test]
    fn a_kid_selects_exactly_its_keys_of_the_algorithm() {
        let set: KeySet = [
            key("b", Algorithm::Hs256, b"1"),
            key("a", Algorithm::Hs256, b"2"),
            key("b", Algorithm::Hs512, b"3"),
            key("b", Algorithm::Hs256, b"4"),
        ]
        .into_iter()
        .collect();
        assert_eq!(set.candidates(Some("b"), Algorithm::Hs256).count(), 2);
        assert_eq!(set.candidates(Some("b"), Algorithm::Hs384).count(), 0);
        assert_eq!(set.candidates(Some("c"), Algorithm::Hs256).count(), 0);
        assert_eq!(set.candidates(None, Algorithm::Hs256).count(), 3);
        assert!(set.has_kid("a") && !set.has_kid("") && !set.has_kid("aa"));
    }

    #[test]
    fn a_token_is_never_tried_against_more_than_sixteen_keys() {
        let many = |kid: fn(u8) -> String| -> KeySet {
            (0..40)
                .map(|n| key(&kid(n), Algorithm::Hs256, &[n]))
                .collect()
        };
        assert_eq!(
            many(|n| n.to_string())
                .candidates(None, Algorithm::Hs256)
                .count(),
            MAX_CANDIDATES
        );
        let same = many(|_| "a".to_owned());
        assert_eq!(
            same.candidates(Some("a"), Algorithm::Hs256).count(),
            MAX_CANDIDATES
        );
    }

    #[test]
    fn order_and_repetition_do_not_make_another_set() {
        let (a, b) = (
            key("a", Algorithm::Hs256, b"1"),
            key("b", Algorithm::Hs256, b"2"),
        );
        let one: KeySet = [a.clone(), b.clone()].into_iter().collect();
        let two: KeySet = [b.clone(), a.clone(), b].into_iter().collect();
        assert_eq!(one, two);
        assert_ne!(
            one,
            [a, key("b", Algorithm::Hs256, b"3")].into_iter().collect()
        );
    }

    #[test]
    fn an_empty_set_is_read_and_one_without_usable_keys_is_not() {
        assert!(parse(r#"{"keys":[],"more":1}"#).unwrap().0.is_empty());
        let error = parse(r#"{"keys":[{"kty":"oct","k":"AA"},7]}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "none of the 2 keys can be used: it is a shared secret (`oct`)"
        );
    }

    #[test]
    fn a_document_that_is_not_a_jwk_set_says_why() {
        let rules = KeyRules {
            algorithms: AlgorithmSet::asymmetric(),
            allowed_use: &[],
        };
        assert_eq!(
            KeySet::parse(b"{\"keys\":[],\"x\":\"\xff\"}", rules),
            Err(FetchError::NotJson)
        );
        for document in [
            "",
            "<html>",
            "{\"keys\":[",
            "{\"keys\":[]} x",
            "\u{feff}{\"keys\":[]}",
        ] {
            assert_eq!(parse(document), Err(FetchError::NotJson), "{document}");
        }
        for document in [
            "{}",
            "[]",
            "[[]]",
            "7",
            r#"{"keys":{}}"#,
            r#"{"keys":[],"keys":[]}"#,
            r#"{"keys":null}"#,
        ] {
            assert_eq!(parse(document), Err(FetchError::NoKeysArray), "{document}");
        }
    }
}
