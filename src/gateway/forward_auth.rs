//! The dialect of Traefik and Caddy, forward auth: `/forward-auth`, with the original request in
//! `X-Forwarded-*` headers.

use super::{Incoming, Reply, incoming::request_malformed};
use crate::{
    authorize::Checked,
    domain::{CheckRequest, Dialect, Refusal, Selector},
};

/// Reads the original request. `X-Forwarded-Method`, `-Uri`, `-Host` and `-Proto` must each occur
/// exactly once.
///
/// # Errors
/// If one of them is missing, repeated or unreadable, or if the protocol is neither `http` nor
/// `https`.
pub fn read<'a>(incoming: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let method = incoming.required(
        "x-forwarded-method",
        request_malformed("the request must have exactly one X-Forwarded-Method header"),
    )?;
    let target = incoming.required(
        "x-forwarded-uri",
        request_malformed("the request must have exactly one X-Forwarded-Uri header"),
    )?;
    let host = incoming.required(
        "x-forwarded-host",
        request_malformed("the request must have exactly one X-Forwarded-Host header"),
    )?;
    let proto = incoming.required(
        "x-forwarded-proto",
        request_malformed("the request must have exactly one X-Forwarded-Proto header"),
    )?;
    if !matches!(proto, "http" | "https") {
        return Err(request_malformed("X-Forwarded-Proto must be http or https"));
    }
    let selector = incoming
        .resource_id()?
        .map_or(Selector::Host(host), Selector::Id);
    let request = incoming.check_request(Dialect::ForwardAuth, selector);
    Ok(CheckRequest {
        http_method: method,
        target,
        ..request
    })
}

/// Writes the true status.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Reply {
    Reply::plain(checked, request)
}
