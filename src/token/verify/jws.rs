//! Parses the compact serialization of a signed JWT (RFC 7515 §7.1), strictly and once. It verifies nothing.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::{Reason, Refusal},
    json::Members,
    keys::Algorithm,
    token::refusal::malformed,
};

/// The parts of a JWS. Header members that name or carry a key (`jku`, `x5u`, `jwk`, `x5c`) are ignored: keys come only
/// from the configured sources (RFC 8725 §3.10).
pub(in crate::token) struct Jws<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    /// The claims' JSON, decoded.
    pub(super) payload: Vec<u8>,
    /// Header and payload in the form that was signed.
    pub(super) signing_input: &'a str,
    /// The signature in base64url; it is known to decode.
    pub(super) signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Splits and decodes a token.
    ///
    /// # Errors
    /// `token-malformed`, or `algorithm-refused` for an `alg` that this build does not verify.
    pub(super) fn parse(token: &'a str) -> Result<Self, Refusal> {
        let (signing_input, header, payload, signature) = split(token)?;
        let header = decode(header)?;
        let header = Members::parse(&header).ok_or(malformed(
            "the header is not a JSON object with each member once",
        ))?;
        refuse_extensions(&header)?;
        let kid = text(&header, "kid", "`kid` is not a string")?;
        let typ = text(&header, "typ", "`typ` is not a string")?;
        let algorithm = algorithm(&header)?;
        let payload = decode(payload)?;
        decode(signature)?;
        Ok(Self {
            algorithm,
            kid,
            typ,
            payload,
            signing_input,
            signature,
        })
    }
}

/// Shows only the header.
impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .field("typ", &self.typ)
            .finish_non_exhaustive()
    }
}

fn split(token: &str) -> Result<(&str, &str, &str, &str), Refusal> {
    if let Some((signing_input, signature)) = token.rsplit_once('.')
        && let Some((header, payload)) = signing_input.split_once('.')
        && !payload.contains('.')
    {
        return Ok((signing_input, header, payload, signature));
    }
    let is_encrypted = token.split('.').count() == 5;
    Err(malformed(if is_encrypted {
        "the token is encrypted (JWE)"
    } else {
        "the token is not a JWT of three parts"
    }))
}

/// RFC 7515 §2: base64url without padding or other characters, and with one spelling for the same bytes.
fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| malformed("a part of the token is not base64url"))
}

/// `crit` lists extensions that the recipient must support (RFC 7515 §4.1.11). This service supports none.
fn refuse_extensions(header: &Members<'_>) -> Result<(), Refusal> {
    if header.contains("crit") {
        return Err(malformed("the header demands extensions (`crit`)"));
    }
    if header.get("b64").is_some_and(|b64| !b64.is_true()) {
        return Err(malformed("the payload is not base64url (`b64`)"));
    }
    Ok(())
}

fn algorithm(header: &Members<'_>) -> Result<Algorithm, Refusal> {
    let alg = header
        .get("alg")
        .and_then(|alg| alg.as_text())
        .ok_or(malformed("`alg` is absent or not a string"))?;
    Algorithm::parse(&alg).ok_or(Refusal::new(
        Reason::AlgorithmRefused,
        "`alg` is none of the algorithms that are verified",
    ))
}

fn text(header: &Members<'_>, name: &str, detail: &'static str) -> Result<Option<String>, Refusal> {
    header
        .get(name)
        .map(|member| member.as_text().ok_or(malformed(detail)))
        .transpose()
        .map(|text| text.map(Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Result<(Algorithm, Option<String>), Reason> {
        let token = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header));
        Jws::parse(&token)
            .map(|jws| (jws.algorithm, jws.kid))
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn a_header_names_algorithm_and_key() {
        let header =
            r#"{"alg":"RS256","kid":"k","typ":"JWT","jku":"https://evil","jwk":{},"x5u":"u"}"#;
        assert_eq!(parse(header), Ok((Algorithm::Rs256, Some("k".into()))));
        assert_eq!(parse(r#"{"alg":"Ed25519"}"#), Ok((Algorithm::EdDsa, None)));
        assert_eq!(
            parse(r#"{"alg":"ES256","b64":true}"#),
            Ok((Algorithm::Es256, None))
        );
    }

    #[test]
    fn none_and_unknown_algorithms_are_refused() {
        for alg in [
            "none", "None", "NONE", "", "rs256", "RSA1_5", "RSA-OAEP", "dir", "ES256K", "HS1",
            "RS256 ",
        ] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
            assert_eq!(parse(&header), Err(Reason::AlgorithmRefused), "{alg:?}");
        }
        assert_eq!(
            Jws::parse("eyJhbGciOiJub25lIn0.e30.").unwrap_err().reason,
            Reason::AlgorithmRefused
        );
    }

    #[test]
    fn a_header_with_wrong_types_repeated_members_or_extensions_is_malformed() {
        for header in [
            "",
            "[]",
            r#"{}"#,
            r#"{"alg":5}"#,
            r#"{"alg":null}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":"RS256","alg":"HS256"}"#,
            r#"{"alg":"RS256","\u0061lg":"none"}"#,
            r#"{"alg":"RS256","kid":"a","kid":"b"}"#,
            r#"{"alg":"RS256","kid":5}"#,
            r#"{"alg":"RS256","kid":null}"#,
            r#"{"alg":"RS256","typ":5}"#,
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","crit":[]}"#,
            r#"{"alg":"RS256","crit":null}"#,
            r#"{"alg":"none","crit":["b64"],"b64":false}"#,
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"alg":"RS256"} x"#,
        ] {
            assert_eq!(parse(header), Err(Reason::TokenMalformed), "{header}");
        }
    }

    #[test]
    fn only_three_parts_of_strict_base64url_are_a_token() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        assert!(Jws::parse(&format!("{header}.e30.AAAA")).is_ok());
        for token in [
            "opaque-token".to_owned(),
            format!("{header}.e30"),
            format!("{header}.e30.AAAA."),
            format!("{header}.e30.AAAA.AAAA.AAAA"),
            format!("{header}=.e30.AAAA"),
            format!("{header}.e30=.AAAA"),
            format!("{header}.e31.AAAA"),
            format!("{header}.e30.AAA="),
            format!("{header}.e30.AA+/"),
            format!("{header}.e30.A"),
            "..".to_owned(),
        ] {
            assert_eq!(
                Jws::parse(&token).unwrap_err().reason,
                Reason::TokenMalformed,
                "{token}"
            );
        }
    }

    #[test]
    fn the_signing_input_is_what_was_sent() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let token = format!("{header}.e30.AAAA");
        let jws = Jws::parse(&token).unwrap();
        assert_eq!(
            (jws.signing_input, jws.signature, jws.payload.as_slice()),
            (format!("{header}.e30").as_str(), "AAAA", b"{}".as_slice())
        );
    }
}
