//! Decodes a token for a person to look at. It verifies nothing and leaves the signature out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::json::Members;

/// The header and claims of a token. The signature is not in it, so a decoded token cannot be used as a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodedToken {
    /// The members of the header, sorted by name; `None` if it is not a JSON object with unique names.
    pub header: Option<Vec<DecodedMember>>,
    /// The claims in the same form.
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
    /// The value of a claim that is a NumericDate (RFC 7519 §2), in seconds since 1970.
    pub seconds: Option<i64>,
}

impl DecodedToken {
    /// Decodes a compact JWS. Returns `None` for a token without three parts, such as an opaque one.
    #[must_use]
    pub fn decode(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        Some(Self {
            header: members(header),
            claims: members(claims),
            signature_chars: signature.len(),
        })
    }

    /// Header and claims with their names.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Option<&[DecodedMember]>); 2] {
        [
            ("Header", self.header.as_deref()),
            ("Claims", self.claims.as_deref()),
        ]
    }
}

fn members(part: &str) -> Option<Vec<DecodedMember>> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    let members = Members::parse(&json)?;
    let decoded = members.iter().map(|(name, value)| DecodedMember {
        name: name.to_owned(),
        value: value.as_json().to_owned(),
        seconds: value
            .as_number()
            .filter(|_| TIMES.contains(&name))
            .map(whole_seconds),
    });
    Some(decoded.collect())
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "`Member::as_number` is within the exact range"
)]
fn whole_seconds(number: f64) -> i64 {
    number.floor() as i64
}

/// RFC 7519 §4.1.4 to §4.1.6, and OpenID Connect Core §2.
const TIMES: [&str; 4] = ["auth_time", "exp", "iat", "nbf"];

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.c2lnbmF0dXJl",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    #[test]
    fn header_and_claims_are_decoded_and_the_signature_is_not() {
        let decoded =
            DecodedToken::decode(&token(r#"{"alg":"none"}"#, r#"{"sub":"a","exp":1.5}"#)).unwrap();
        let member = |name: &str, value: &str, seconds| DecodedMember {
            name: name.to_owned(),
            value: value.to_owned(),
            seconds,
        };
        assert_eq!(decoded.header, Some(vec![member("alg", "\"none\"", None)]));
        assert_eq!(
            decoded.claims,
            Some(vec![
                member("exp", "1.5", Some(1)),
                member("sub", "\"a\"", None)
            ])
        );
        assert_eq!(decoded.signature_chars, 12);
        assert!(!format!("{decoded:?}").contains("c2lnbmF0dXJl"));
    }

    #[test]
    fn a_part_that_is_not_an_object_with_unique_names_is_not_decoded() {
        let decoded = DecodedToken::decode(&token("secret", r#"{"a":1,"a":2}"#)).unwrap();
        assert_eq!((decoded.header, decoded.claims), (None, None));
        for opaque in ["", "opaque", "a.b", "a.b.c.d", "a.b.c.d.e"] {
            assert_eq!(DecodedToken::decode(opaque), None, "{opaque}");
        }
    }
}
