//! The dialect of nginx's `auth_request` and of scripts in nginx or HAProxy:
//! `/authorize?resource=ID`.
//!
//! nginx understands the statuses 200, 401 and 403, and turns every other one into a 500. Therefore
//! every other denial is a 403, and its headers carry the true status.

use bytes::Bytes;

use super::{Incoming, Reply, incoming::request_malformed, reply::json_rpc_error};
use crate::{
    authorize::Checked,
    domain::{Body, CheckRequest, Dialect, Refusal, Selector},
    policy::{Decision, Denial},
};

/// Reads the original request. `X-Original-Method` and `X-Original-URI` must each occur exactly
/// once. The MCP headers and the body, if there is one, are those of the gateway's own request.
///
/// # Errors
/// If one of the two headers is missing, repeated or unreadable, or if a method other than POST has
/// a body.
pub fn read<'a>(incoming: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let method = incoming.required(
        "x-original-method",
        request_malformed("the request must have exactly one X-Original-Method header"),
    )?;
    let target = incoming.required(
        "x-original-uri",
        request_malformed("the request must have exactly one X-Original-URI header"),
    )?;
    if method != "POST" && incoming.body != Body::Absent {
        return Err(request_malformed("only a POST may have a body"));
    }
    let selector = incoming.resource_id()?.map_or(Selector::Sole, Selector::Id);
    let request = incoming.check_request(Dialect::AuthRequest, selector);
    Ok(CheckRequest {
        http_method: method,
        target,
        ..request
    })
}

/// Writes a 200, 401, 403 or 503. The body is always empty.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Reply {
    match &checked.decision {
        Decision::Permit(permit) => Reply::of_permit(permit),
        Decision::Deny(denial) => write_denial(denial, request),
    }
}

fn write_denial(denial: &Denial, request: Option<&CheckRequest<'_>>) -> Reply {
    let mut reply = Reply::of_denial(denial, request);
    let true_status = reply.status;
    reply.status = Dialect::AuthRequest.status_of(denial.reason());
    reply.add(
        "x-scopegate-reason",
        Bytes::from_static(denial.reason().code().as_bytes()),
    );
    if reply.status != true_status {
        reply.add("x-scopegate-status", Bytes::from(true_status.to_string()));
        reply.add("x-scopegate-error", Bytes::from(json_rpc_error(denial)));
    }
    reply
}
