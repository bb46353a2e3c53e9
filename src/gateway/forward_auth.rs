//! Forward auth as Traefik and Caddy ask: `/forward-auth`, the original request in `X-Forwarded-*`.

use super::{Asked, Misread, Reply, asked::Original};
use crate::{
    authorize::{CheckRequest, Checked},
    domain::Dialect,
    policy::Selector,
};

/// The original request: `X-Forwarded-Method`, `-Uri`, `-Host` and `-Proto`, each exactly once.
///
/// # Errors
/// When one of them is missing, repeated or unreadable.
pub fn read<'a>(asked: &Asked<'a>) -> Result<CheckRequest<'a>, Misread> {
    let method =
        asked.required("x-forwarded-method", Misread("X-Forwarded-Method must be there exactly once"))?;
    let target = asked.required("x-forwarded-uri", Misread("X-Forwarded-Uri must be there exactly once"))?;
    let host = asked.required("x-forwarded-host", Misread("X-Forwarded-Host must be there exactly once"))?;
    let proto =
        asked.required("x-forwarded-proto", Misread("X-Forwarded-Proto must be there exactly once"))?;
    if !matches!(proto, "http" | "https") {
        return Err(Misread("X-Forwarded-Proto must be http or https"));
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
