//! Forward auth as Traefik and Caddy ask: `/forward-auth`, the original request in `X-Forwarded-*`.

use super::{Incoming, Reply, incoming::Original, incoming::request_malformed};
use crate::{
    authorize::{CheckRequest, Checked},
    domain::{Dialect, Refusal},
    policy::Selector,
};

/// The original request: `X-Forwarded-Method`, `-Uri`, `-Host` and `-Proto`, each exactly once.
///
/// # Errors
/// When one of them is missing, repeated or unreadable.
pub fn read<'a>(asked: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let method = asked
        .required("x-forwarded-method", request_malformed("X-Forwarded-Method must be there exactly once"))?;
    let target =
        asked.required("x-forwarded-uri", request_malformed("X-Forwarded-Uri must be there exactly once"))?;
    let host = asked
        .required("x-forwarded-host", request_malformed("X-Forwarded-Host must be there exactly once"))?;
    let proto = asked
        .required("x-forwarded-proto", request_malformed("X-Forwarded-Proto must be there exactly once"))?;
    if !matches!(proto, "http" | "https") {
        return Err(request_malformed("X-Forwarded-Proto must be http or https"));
    }
    let selector = asked.resource_id()?.map_or(Selector::Host(host), Selector::Id);
    let body = asked.body;
    Ok(asked.check_request(&Original { dialect: Dialect::ForwardAuth, method, target, selector, body }))
}

/// True statuses.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Reply {
    Reply::plain(checked, request)
}
