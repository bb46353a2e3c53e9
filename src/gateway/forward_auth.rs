//! Forward auth as Traefik and Caddy ask: `/forward-auth`, the original request in `X-Forwarded-*`.

use super::{Incoming, Reply, incoming::request_malformed};
use crate::{
    authorize::Checked,
    domain::{CheckRequest, Dialect, Refusal, Selector},
};

/// The original request: `X-Forwarded-Method`, `-Uri`, `-Host` and `-Proto`, each exactly once.
///
/// # Errors
/// When one of them is missing, repeated or unreadable.
pub fn read<'a>(incoming: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let method = incoming
        .required("x-forwarded-method", request_malformed("X-Forwarded-Method must be there exactly once"))?;
    let target = incoming
        .required("x-forwarded-uri", request_malformed("X-Forwarded-Uri must be there exactly once"))?;
    let host = incoming
        .required("x-forwarded-host", request_malformed("X-Forwarded-Host must be there exactly once"))?;
    let proto = incoming
        .required("x-forwarded-proto", request_malformed("X-Forwarded-Proto must be there exactly once"))?;
    if !matches!(proto, "http" | "https") {
        return Err(request_malformed("X-Forwarded-Proto must be http or https"));
    }
    let selector = incoming.resource_id()?.map_or(Selector::Host(host), Selector::Id);
    let request = incoming.check_request(Dialect::ForwardAuth, selector);
    Ok(CheckRequest { http_method: method, target, ..request })
}

/// True statuses.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Reply {
    Reply::plain(checked, request)
}
