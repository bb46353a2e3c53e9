//! What a token says of itself, for a person to look at: nothing of it is verified, and its signature is left out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::json::Members;

/// Header and claims of a token. It holds no more: what was decoded cannot be sent to anybody as a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodedToken {
    /// The header's members, by name; nothing where it is no JSON object with each member once.
    pub header: Option<Vec<DecodedMember>>,
    /// The same of the claims.
    pub claims: Option<Vec<DecodedMember>>,
    /// How many characters the signature has.
    pub signature_chars: usize,
}

/// One member of the header or of the claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedMember {
    /// Its name.
    pub name: String,
    /// Its value, as JSON.
    pub value: String,
    /// The value of a claim that is a time (RFC 7519 §4.1), in seconds since 1970.
    pub seconds: Option<i64>,
}

impl DecodedToken {
    /// Decodes a compact JWS; `None` for what has not three parts, such as an opaque token.
    #[must_use]
    pub fn decode(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        Some(Self { header: members(header), claims: members(claims), signature_chars: signature.len() })
    }

    /// Both parts that can be read, with their names.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Option<&[DecodedMember]>); 2] {
        [("Header", self.header.as_deref()), ("Claims", self.claims.as_deref())]
    }
}

fn members(part: &str) -> Option<Vec<DecodedMember>> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    let members = Members::parse(&json)?;
    let decoded = members.iter().map(|(name, value)| DecodedMember {
        name: name.to_owned(),
        value: value.as_json().to_owned(),
        seconds: value.as_number().filter(|_| TIMES.contains(&name)).map(whole_seconds),
    });
    Some(decoded.collect())
}

#[allow(clippy::cast_possible_truncation, reason = "numbers of members are within the exact range")]
fn whole_seconds(number: f64) -> i64 {
    number.floor() as i64
}

/// RFC 7519 §4.1.4 to §4.1.6, and OpenID Connect Core §2.
const TIMES: [&str; 4] = ["auth_time", "exp", "iat", "nbf"];

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn header_and_claims_are_told_and_the_signature_is_not() {
        let decoded = DecodedToken::decode(&token(r#"{"alg":"none"}"#, r#"{"sub":"a","exp":1.5}"#)).unwrap();
        let member = |name: &str, value: &str, seconds| DecodedMember {
            name: name.to_owned(),
            value: value.to_owned(),
            seconds,
        };
        assert_eq!(decoded.header, Some(vec![member("alg", "\"none\"", None)]));
        assert_eq!(decoded.claims, Some(vec![member("exp", "1.5", Some(1)), member("sub", "\"a\"", None)]));
        assert_eq!(decoded.signature_chars, 12);
        assert!(!format!("{decoded:?}").contains("c2lnbmF0dXJl"));
    }

    #[test]
    fn what_is_no_object_with_each_member_once_is_not_told() {
        let decoded = DecodedToken::decode(&token("secret", r#"{"a":1,"a":2}"#)).unwrap();
        assert_eq!((decoded.header, decoded.claims), (None, None));
        for opaque in ["", "opaque", "a.b", "a.b.c.d", "a.b.c.d.e"] {
            assert_eq!(DecodedToken::decode(opaque), None, "{opaque}");
        }
    }
}
