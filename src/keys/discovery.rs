//! Reads the discovery document of an authorization server (RFC 8414, OpenID Connect Discovery 1.0): its issuer and the
//! URL of its keys.

use serde::Deserialize;
use url::Url;

use super::{FetchError, error::printable};
use crate::{
    domain::Issuer,
    json::{DocumentError, parse_document},
};

/// The members of a discovery document that concern keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Discovery {
    pub(super) issuer: Issuer,
    pub(super) jwks_uri: Url,
}

impl Discovery {
    /// Reads the document from `url`. Its issuer must be `expected`; without a configured issuer, it must be the one
    /// whose document belongs at `url`.
    pub(super) fn parse(
        document: &[u8],
        url: &Url,
        expected: Option<&Issuer>,
    ) -> Result<Self, FetchError> {
        let wire: Wire = parse_document(document).map_err(|error| match error {
            DocumentError::NotJson => FetchError::NotJson,
            DocumentError::OtherShape => FetchError::Discovery("issuer` and `jwks_uri"),
        })?;
        let issuer = Issuer::parse(&wire.issuer).map_err(|_| FetchError::Discovery("issuer"))?;
        match expected {
            Some(expected) if *expected != issuer => {
                return Err(FetchError::IssuerConfigured(printable(issuer.as_str())));
            }
            None if !is_home_of(url, &issuer) => {
                return Err(FetchError::IssuerElsewhere(printable(issuer.as_str())));
            }
            Some(_) | None => {}
        }
        let jwks_uri = Url::parse(&wire.jwks_uri).map_err(|_| FetchError::Discovery("jwks_uri"))?;
        Ok(Self { issuer, jwks_uri })
    }
}

/// Whether `url` is read as a discovery document rather than as a JWK Set.
pub(super) fn is_discovery(url: &Url) -> bool {
    WELL_KNOWN.iter().any(|suffix| url.path().ends_with(suffix))
}

/// Whether an issuer's document belongs at `url`: the issuer with one of the well-known paths appended.
fn is_home_of(url: &Url, issuer: &Issuer) -> bool {
    let base = issuer.as_str().strip_suffix('/').unwrap_or(issuer.as_str());
    WELL_KNOWN
        .iter()
        .any(|path| Url::parse(&format!("{base}{path}")).is_ok_and(|home| home == *url))
}

#[derive(Deserialize)]
struct Wire {
    issuer: String,
    jwks_uri: String,
}

const WELL_KNOWN: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://auth.example.com/tenant/.well-known/openid-configuration";

    fn read(document: &str, expected: Option<&str>) -> Result<Discovery, FetchError> {
        let expected = expected.map(|text| Issuer::parse(text).unwrap());
        Discovery::parse(
            document.as_bytes(),
            &Url::parse(URL).unwrap(),
            expected.as_ref(),
        )
    }

    fn document(issuer: &str) -> String {
        format!(
            r#"{{"issuer":"{issuer}","jwks_uri":"https://keys.example.net/jwks?v=1","more":[]}}"#
        )
    }

    #[test]
    fn an_issuer_is_accepted_if_its_document_belongs_at_the_url() {
        for issuer in [
            "https://auth.example.com/tenant",
            "https://auth.example.com/tenant/",
        ] {
            let discovery = read(&document(issuer), None).unwrap();
            assert_eq!(discovery.issuer.as_str(), issuer);
            assert_eq!(discovery.jwks_uri.host_str(), Some("keys.example.net"));
        }
    }

    #[test]
    fn an_issuer_of_another_url_is_refused_unless_it_is_configured() {
        for issuer in [
            "https://auth.example.com",
            "https://auth.example.com/other",
            "https://evil.example",
        ] {
            let error = read(&document(issuer), None).unwrap_err();
            assert_eq!(error, FetchError::IssuerElsewhere(issuer.to_owned()));
            assert!(read(&document(issuer), Some(issuer)).is_ok());
        }
    }

    #[test]
    fn a_configured_issuer_must_match_exactly() {
        let expected = Some("https://auth.example.com/tenant");
        assert!(read(&document("https://auth.example.com/tenant"), expected).is_ok());
        let error = read(&document("https://auth.example.com/tenant/"), expected).unwrap_err();
        assert_eq!(
            error,
            FetchError::IssuerConfigured("https://auth.example.com/tenant/".to_owned())
        );
    }

    #[test]
    fn a_document_that_cannot_be_read_says_why() {
        for (document, cause) in [
            ("<html>", "the body is not JSON"),
            (
                "[]",
                "the discovery document has no well-formed `issuer` and `jwks_uri`",
            ),
            (
                r#"["x","y"]"#,
                "the discovery document has no well-formed `issuer` and `jwks_uri`",
            ),
            (
                r#"{"issuer":"x"}"#,
                "the discovery document has no well-formed `issuer` and `jwks_uri`",
            ),
            (
                r#"{"issuer":"x","jwks_uri":"y"}"#,
                "the discovery document has no well-formed `issuer`",
            ),
            (
                r#"{"issuer":"https://auth.example.com/tenant","jwks_uri":"/keys"}"#,
                "the discovery document has no well-formed `jwks_uri`",
            ),
        ] {
            assert_eq!(
                read(document, None).unwrap_err().to_string(),
                cause,
                "{document}"
            );
        }
    }

    #[test]
    fn only_the_two_well_known_suffixes_are_discovery() {
        let is_discovery =
            |path: &str| is_discovery(&Url::parse("https://a").unwrap().join(path).unwrap());
        assert!(is_discovery("/.well-known/openid-configuration"));
        assert!(is_discovery("/t/.well-known/oauth-authorization-server"));
        assert!(!is_discovery("/.well-known/jwks.json"));
        assert!(!is_discovery(
            "/.well-known/oauth-authorization-server/tenant"
        ));
    }
}
