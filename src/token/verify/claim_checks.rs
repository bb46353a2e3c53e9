//! Validates signed claims: the token must be an access token, for this resource, now (RFC 9068 §4, RFC 8725 §3). The
//! order of the checks is the order of the reasons.

use std::time::Duration;

use super::{Claims, token_type};
use crate::{
    clock::UnixSeconds,
    domain::{Reason, Refusal},
    token::{Audience, TokenSettings},
};

/// The time in which a token is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    /// `nbf`: the first second in which the token is valid.
    not_before: UnixSeconds,
    /// `exp`: the first second in which it is no longer valid.
    pub(super) expires_at: UnixSeconds,
    /// The tolerance on both, in seconds.
    leeway: i64,
}

impl Validity {
    fn read(claims: &Claims<'_>, leeway: Duration) -> Result<Self, Refusal> {
        let expires_at = claims
            .expires_at()?
            .ok_or(Refusal::new(Reason::TokenExpired, "the token has no `exp`"))?;
        let not_before = claims.not_before()?.unwrap_or(UnixSeconds::MIN);
        let leeway = i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            not_before,
            expires_at,
            leeway,
        })
    }

    /// Compares the time with `exp` and `nbf`.
    ///
    /// # Errors
    /// `token-expired` and `token-not-yet-valid`.
    pub(super) fn check(self, now: UnixSeconds) -> Result<(), Refusal> {
        if now >= self.expires_at.saturating_add(self.leeway) {
            return Err(Refusal::new(Reason::TokenExpired, "`exp` has passed"));
        }
        if now < self.not_before.saturating_sub(self.leeway) {
            return Err(Refusal::new(Reason::TokenNotYetValid, "`nbf` is ahead"));
        }
        Ok(())
    }
}

#[cfg(test)]
impl Validity {
    pub(super) fn forever() -> Self {
        Self {
            not_before: UnixSeconds::MIN,
            expires_at: UnixSeconds::MAX,
            leeway: 0,
        }
    }
}

/// What the validation needs beside the claims.
pub(super) struct Context<'a> {
    /// `typ` of the JOSE header.
    pub(super) typ: Option<&'a str>,
    /// Whether the key source may sign for `iss`.
    pub(super) is_issuer_accepted: bool,
    pub(super) settings: &'a TokenSettings,
    pub(super) now: UnixSeconds,
}

/// Validates every claim but the scopes.
///
/// # Errors
/// Any reason from `token-expired` to `binding-unsupported`, or `token-malformed` for a claim of the wrong type.
pub(super) fn validate(claims: &Claims<'_>, context: &Context<'_>) -> Result<Validity, Refusal> {
    let validity = Validity::read(claims, context.settings.leeway)?;
    validity.check(context.now)?;
    if !context.is_issuer_accepted {
        return Err(Refusal::new(
            Reason::IssuerRefused,
            "`iss` is none of the accepted issuers",
        ));
    }
    check_audience(claims, &context.settings.audience)?;
    token_type::check(context.typ, context.settings.token_type)?;
    token_type::refuse_other_kinds(claims)?;
    if claims.members().contains("cnf") {
        return Err(Refusal::new(
            Reason::BindingUnsupported,
            "the token is bound to a key (`cnf`)",
        ));
    }
    Ok(validity)
}

fn check_audience(claims: &Claims<'_>, accepted: &Audience) -> Result<(), Refusal> {
    let audiences = claims.audiences()?;
    let is_accepted = match accepted {
        Audience::Any => true,
        Audience::OneOf(names) => audiences
            .iter()
            .any(|aud| names.iter().any(|name| name == aud)),
    };
    if is_accepted {
        Ok(())
    } else {
        Err(Refusal::new(
            Reason::AudienceRefused,
            "`aud` has none of the accepted audiences",
        ))
    }
}
