//! Parses the claims of a token (RFC 7519 §4.1), each as the type that it must have. `validation` compares them with
//! the rules.

use std::borrow::Cow;

use crate::{
    clock::UnixSeconds,
    domain::Refusal,
    json::{Member, Members},
    token::refusal::malformed,
};

/// The claims set of a token.
#[derive(Debug)]
pub struct Claims<'a> {
    members: Members<'a>,
    issuer: Option<Cow<'a, str>>,
}

impl<'a> Claims<'a> {
    /// Parses a claims set.
    ///
    /// # Errors
    /// `token-malformed` if it is not a JSON object, has a claim twice, or has an `iss` that is not a string.
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, Refusal> {
        let members = Members::parse(json).ok_or(malformed(
            "the claims are not a JSON object with each member once",
        ))?;
        let issuer = text(&members, "iss", "`iss` is not a string")?;
        Ok(Self { members, issuer })
    }

    /// The value of a claim as the token writes it, in JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&str> {
        self.members.get(name).map(Member::as_json)
    }

    pub(super) fn members(&self) -> &Members<'a> {
        &self.members
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    pub(super) fn subject(&self) -> Result<Option<Cow<'a, str>>, Refusal> {
        text(&self.members, "sub", "`sub` is not a string")
    }

    /// The client that the token was issued to: `client_id` (RFC 9068 §2.2), or `azp` (OpenID Connect Core §2) if the
    /// token has no `client_id`. A `client_id` that is not a string names no client.
    pub(super) fn client_id(&self) -> Option<Cow<'a, str>> {
        self.members
            .get("client_id")
            .or_else(|| self.members.get("azp"))
            .and_then(Member::as_text)
    }

    /// Every string in the token that names the client.
    pub(super) fn client_names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        ["azp", "client_id"]
            .into_iter()
            .filter_map(|name| self.members.get(name))
            .filter_map(Member::as_text)
    }

    /// `exp`: the first second in which the token is expired.
    pub(super) fn expires_at(&self) -> Result<Option<UnixSeconds>, Refusal> {
        let exp = number(&self.members, "exp", "`exp` is not a number in range")?;
        Ok(exp.map(|exp| whole_seconds(exp.floor())))
    }

    /// `nbf`: the first second in which the token is valid.
    pub(super) fn not_before(&self) -> Result<Option<UnixSeconds>, Refusal> {
        let nbf = number(&self.members, "nbf", "`nbf` is not a number in range")?;
        Ok(nbf.map(|nbf| whole_seconds(nbf.ceil())))
    }

    /// `aud`; empty if the claim is absent.
    pub(super) fn audiences(&self) -> Result<Vec<Cow<'a, str>>, Refusal> {
        let Some(aud) = self.members.get("aud") else {
            return Ok(Vec::new());
        };
        aud.as_text()
            .map(|one| vec![one])
            .or_else(|| aud.as_texts())
            .ok_or(malformed(
                "`aud` is neither a string nor an array of strings",
            ))
    }
}

fn text<'a>(
    members: &Members<'a>,
    name: &str,
    detail: &'static str,
) -> Result<Option<Cow<'a, str>>, Refusal> {
    members
        .get(name)
        .map(|claim| claim.as_text().ok_or(malformed(detail)))
        .transpose()
}

fn number(members: &Members<'_>, name: &str, detail: &'static str) -> Result<Option<f64>, Refusal> {
    members
        .get(name)
        .map(|claim| claim.as_number().ok_or(malformed(detail)))
        .transpose()
}

/// A NumericDate may have a fraction (RFC 7519 §2), and the caller has rounded it. `Member::as_number` bounds it, so
/// the conversion is exact.
fn whole_seconds(number: f64) -> UnixSeconds {
    number as UnixSeconds
}
