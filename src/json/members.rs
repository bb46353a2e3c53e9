//! A JSON object whose member names are unique. Each value stays text until a caller asks for its type.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::member_name::Text;

/// The members of an object, sorted by name: a hostile object may have thousands, and each lookup is a binary search.
#[derive(Debug)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads an object. Returns `None` if the text is not a JSON object, or repeats a member name.
    #[must_use]
    pub fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Member<'a>> {
        let found = self
            .0
            .binary_search_by(|(known, _)| known.as_ref().cmp(name))
            .ok()?;
        self.0.get(found).map(|(_, value)| Member(value.get()))
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Member<'a>)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_ref(), Member(value.get())))
    }

    /// Whether the object has a member of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The value of one member: well-formed JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a>(&'a str);

impl<'a> Member<'a> {
    /// A string, decoded.
    #[must_use]
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        serde_json::from_str::<Text<'a>>(self.0)
            .ok()
            .map(|text| text.0)
    }

    /// An array with only strings in it, decoded.
    #[must_use]
    pub fn as_texts(self) -> Option<Vec<Cow<'a, str>>> {
        let texts = serde_json::from_str::<Vec<Text<'a>>>(self.0).ok()?;
        Some(texts.into_iter().map(|text| text.0).collect())
    }

    /// A number within the range in which every integer is exact (RFC 7493 §2.2).
    #[must_use]
    pub fn as_number(self) -> Option<f64> {
        serde_json::from_str::<f64>(self.0)
            .ok()
            .filter(|number| number.abs() <= MAX_EXACT)
    }

    /// The value as the document writes it.
    #[must_use]
    pub const fn as_json(self) -> &'a str {
        self.0
    }

    /// Whether the value is the literal `true`.
    #[must_use]
    pub fn is_true(self) -> bool {
        self.0 == "true"
    }

    /// Whether the value is an object, with repeated names or without.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// An object whose member names are unique.
    #[must_use]
    pub fn as_object(self) -> Option<Members<'a>> {
        Members::parse(self.0.as_bytes())
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with unique member names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(TYPICAL_MEMBERS);
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            members.push((name, map.next_value::<&'de RawValue>()?));
        }
        // Sorted for lookups, so that equal names are neighbors: no second structure finds them.
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let is_repeated = members
            .iter()
            .zip(members.iter().skip(1))
            .any(|(one, next)| one.0 == next.0);
        if is_repeated {
            Err(A::Error::custom("a member occurs twice"))
        } else {
            Ok(Members(members))
        }
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Most claims sets have fewer.
const TYPICAL_MEMBERS: usize = 16;

const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_by_its_decoded_name() {
        let members =
            Members::parse(br#" {"b": 1.5, "\u0061": "x\n", "c": ["y"], "d": {"e": 1}} "#).unwrap();
        assert_eq!(members.get("a").unwrap().as_text().unwrap(), "x\n");
        assert_eq!(members.get("b").unwrap().as_number(), Some(1.5));
        assert_eq!(members.get("c").unwrap().as_texts().unwrap(), ["y"]);
        assert!(members.get("d").unwrap().as_object().unwrap().contains("e"));
        assert!(!members.contains("e"));
    }

    #[test]
    fn a_member_that_occurs_twice_spoils_the_object() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":3}"#,
            r#"{"":1,"":1}"#,
        ] {
            assert!(Members::parse(json.as_bytes()).is_none(), "{json}");
        }
        assert!(Members::parse(br#"{"a":1,"A":1}"#).is_some());
    }

    #[test]
    fn only_one_whole_object_in_utf_8_is_read() {
        for json in [
            "",
            "[]",
            "null",
            "\"a\"",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            "{\"a\":}",
            "{'a':1}",
            "{\"a\":1,}",
        ] {
            assert!(Members::parse(json.as_bytes()).is_none(), "{json}");
        }
        assert!(Members::parse(b"{\"a\":\"\xff\"}").is_none());
        assert!(Members::parse(b"{\"\\ud800\":1}").is_none());
    }

    #[test]
    fn a_hostile_object_is_read_in_bounded_time_and_depth() {
        let many: Vec<String> = (0..5000).map(|index| format!("\"{index}\":0")).collect();
        assert!(Members::parse(format!("{{{}}}", many.join(",")).as_bytes()).is_some());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(8000), "]".repeat(8000));
        assert!(Members::parse(deep.as_bytes()).is_some());
    }

    #[test]
    fn numbers_beyond_the_exact_range_are_none() {
        for json in [
            r#"{"a":"1"}"#,
            r#"{"a":null}"#,
            r#"{"a":1e400}"#,
            r#"{"a":1e30}"#,
            r#"{"a":[1]}"#,
        ] {
            assert!(
                Members::parse(json.as_bytes())
                    .unwrap()
                    .get("a")
                    .unwrap()
                    .as_number()
                    .is_none(),
                "{json}"
            );
        }
    }
}
