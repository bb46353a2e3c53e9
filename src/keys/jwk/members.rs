//! Member names of a JWK must be unique (RFC 7517 §4): readers that disagree on which one counts disagree on the
//! key.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

/// Whether the text is a JSON object in which no name occurs twice.
pub(super) fn has_unique_members(jwk: &str) -> bool {
    serde_json::from_str::<UniqueMembers>(jwk).is_ok()
}

/// Succeeds on an object in which no member name occurs twice.
struct UniqueMembers;

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some((name, IgnoredAny)) = members.next_entry::<String, IgnoredAny>()? {
            if !seen.insert(name) {
                return Err(A::Error::custom("repeated member"));
            }
        }
        Ok(Self)
    }
}
