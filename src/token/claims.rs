//! The claims of a token (RFC 7519 §4.1), each read as the type that it must have. What they say is judged in
//! `validate`.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use super::refusal::malformed;
use crate::{
    clock::UnixSeconds,
    domain::Refusal,
    json::{Member, Members},
};

/// A token's claims set.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    members: Members<'a>,
    issuer: Option<Cow<'a, str>>,
}

impl<'a> Claims<'a> {
    /// Reads a claims set.
    ///
    /// # Errors
    /// `token-malformed` where it is no JSON object, has a claim twice, or an `iss` that is no string.
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, Refusal> {
        let members = Members::parse(json)
            .ok_or(malformed("the claims are not a JSON object with each member once"))?;
        let issuer = text(&members, "iss", "`iss` is not a string")?;
        Ok(Self { members, issuer })
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

    /// The client that the token was issued to: `client_id` (RFC 9068 §2.2), or `azp` as OpenID Connect names
    /// it. A `client_id` that is no string names nobody.
    pub(super) fn client_id(&self) -> Option<Cow<'a, str>> {
        self.members.get("client_id").or_else(|| self.members.get("azp")).and_then(Member::as_text)
    }

    /// Every text that names the client.
    pub(super) fn client_names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        ["azp", "client_id"].into_iter().filter_map(|name| self.members.get(name)).filter_map(Member::as_text)
    }

    /// The first second at which the token has expired.
    pub(super) fn expires_at(&self) -> Result<Option<UnixSeconds>, Refusal> {
        let exp = number(&self.members, "exp", "`exp` is not a number in range")?;
        Ok(exp.map(|exp| whole_seconds(exp.floor())))
    }

    /// The first second at which the token is valid.
    pub(super) fn not_before(&self) -> Result<Option<UnixSeconds>, Refusal> {
        let nbf = number(&self.members, "nbf", "`nbf` is not a number in range")?;
        Ok(nbf.map(|nbf| whole_seconds(nbf.ceil())))
    }

    /// The audiences; none where the claim is absent.
    pub(super) fn audiences(&self) -> Result<Vec<Cow<'a, str>>, Refusal> {
        let Some(aud) = self.members.get("aud") else { return Ok(Vec::new()) };
        aud.as_text()
            .map(|one| vec![one])
            .or_else(|| aud.as_texts())
            .ok_or(malformed("`aud` is neither a string nor an array of strings"))
    }
}

/// The claims that decide, for `explain`; quoted, and cut where they are long.
impl fmt::Display for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in ["iss", "aud", "exp", "nbf", "typ", "azp", "client_id"].into_iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            let value = self.members.get(name).map_or("absent", Member::as_json);
            write!(f, "{separator}{name} ")?;
            value
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_SHOWN_CHARS)
                .try_for_each(|c| f.write_char(c))?;
        }
        Ok(())
    }
}

fn text<'a>(
    members: &Members<'a>,
    name: &str,
    detail: &'static str,
) -> Result<Option<Cow<'a, str>>, Refusal> {
    members.get(name).map(|claim| claim.as_text().ok_or(malformed(detail))).transpose()
}

fn number(members: &Members<'_>, name: &str, detail: &'static str) -> Result<Option<f64>, Refusal> {
    members.get(name).map(|claim| claim.as_number().ok_or(malformed(detail))).transpose()
}

/// A NumericDate may have a fraction (RFC 7519 §2); `Member::as_number` has bounded it, so nothing is lost here.
fn whole_seconds(number: f64) -> UnixSeconds {
    number as UnixSeconds
}

const MAX_SHOWN_CHARS: usize = 200;
