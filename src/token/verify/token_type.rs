//! Whether a token is an access token: ID tokens, refresh tokens and logout tokens are refused (RFC 9068 §4, RFC 8725
//! §3.12).

use super::Claims;
use crate::{
    domain::{Reason, Refusal},
    token::TokenType,
};

/// `typ` is a media type: its case does not matter, and `application/` may be left out (RFC 7515 §4.1.9, RFC 9068 §4).
pub(super) fn check(typ: Option<&str>, accepted: TokenType) -> Result<(), Refusal> {
    let is = |name: &str| {
        typ.is_some_and(|typ| {
            typ.eq_ignore_ascii_case(name) || strip_application(typ).eq_ignore_ascii_case(name)
        })
    };
    let is_accepted = match accepted {
        TokenType::AtJwt => is("at+jwt"),
        TokenType::Any => typ.is_none() || is("at+jwt") || is("JWT"),
    };
    if is_accepted {
        Ok(())
    } else {
        Err(Refusal::new(
            Reason::TokenTypeRefused,
            "`typ` is not that of an access token",
        ))
    }
}

fn strip_application(typ: &str) -> &str {
    match typ.split_once('/') {
        Some((tree, subtype)) if tree.eq_ignore_ascii_case("application") => subtype,
        Some(_) | None => typ,
    }
}

/// Refuses ID tokens, refresh tokens and logout tokens. They have the signature and issuer of an access token, and
/// often its audience (RFC 8725 §3.12).
pub(super) fn refuse_other_kinds(claims: &Claims<'_>) -> Result<(), Refusal> {
    let members = claims.members();
    if ["at_hash", "c_hash", "s_hash"]
        .into_iter()
        .any(|name| members.contains(name))
    {
        return Err(Refusal::new(
            Reason::TokenTypeRefused,
            "an ID token (a hash of another token)",
        ));
    }
    if members.contains("events") {
        return Err(Refusal::new(
            Reason::TokenTypeRefused,
            "a logout token or a security event (`events`)",
        ));
    }
    let typ = members.get("typ").and_then(|typ| typ.as_text());
    if typ.is_some_and(|typ| {
        OTHER_KINDS
            .iter()
            .any(|kind| typ.eq_ignore_ascii_case(kind))
    }) {
        return Err(Refusal::new(
            Reason::TokenTypeRefused,
            "the claim `typ` names another kind of token",
        ));
    }
    if let [audience] = claims.audiences()?.as_slice()
        && claims.client_names().any(|client| client == *audience)
    {
        return Err(Refusal::new(
            Reason::TokenTypeRefused,
            "an ID token (its audience is its client)",
        ));
    }
    Ok(())
}

const OTHER_KINDS: [&str; 3] = ["ID", "Refresh", "Logout"];
