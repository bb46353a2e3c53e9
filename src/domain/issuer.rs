//! An issuer identifier (RFC 8414 §2, RFC 7519 §4.1.1).

use std::{fmt, sync::Arc};

/// The `iss` of an authorization server: an http(s) URL without query and fragment, kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Issuer(Arc<str>);

/// The text is not an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an http(s) URL without query and fragment")]
pub struct IssuerError;

impl Issuer {
    /// Parses an issuer.
    ///
    /// # Errors
    /// If `text` is not an absolute http(s) URL, or has a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let url = url::Url::parse(text).map_err(|_| IssuerError)?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let is_plain = url.query().is_none() && url.fragment().is_none();
        if is_web && is_plain {
            Ok(Self(text.into()))
        } else {
            Err(IssuerError)
        }
    }

    /// The identifier as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `claim` is this issuer, if one trailing `/` is ignored. It is for authorization servers whose exact
    /// `issuer` is not configured.
    #[must_use]
    pub fn is_nearly(&self, claim: &str) -> bool {
        let plain = |text: &str| text.strip_suffix('/').unwrap_or(text).len();
        self.0.get(..plain(&self.0)) == claim.get(..plain(claim))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trailing_slash_is_ignored() {
        let issuer = Issuer::parse("https://auth.example.com/").unwrap();
        assert!(issuer.is_nearly("https://auth.example.com"));
        assert!(issuer.is_nearly("https://auth.example.com/"));
        assert!(!issuer.is_nearly("https://auth.example.com//"));
        assert!(!issuer.is_nearly("https://AUTH.example.com"));
    }

    #[test]
    fn only_web_urls_are_issuers() {
        for text in [
            "auth.example.com",
            "ftp://a",
            "https://a?x",
            "https://a#x",
            "",
        ] {
            assert_eq!(Issuer::parse(text), Err(IssuerError), "{text}");
        }
    }
}
