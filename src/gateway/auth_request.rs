//! nginx's `auth_request`, and scripts in nginx, HAProxy or elsewhere: `/authorize?resource=ID`.
//!
//! nginx understands 200, 401 and 403; whatever else it gets becomes a 500. So every other denial is a 403 that
//! says in headers what it truly is.

use bytes::Bytes;

use super::{Incoming, Reply, incoming::Original, incoming::request_malformed, reply::json_rpc_error};
use crate::{
    authorize::{CheckRequest, Checked},
    domain::{Dialect, Refusal},
    mcp::Body,
    policy::{Decision, Denial, Selector},
};

/// The original request: `X-Original-Method` and `X-Original-URI`, each exactly once; MCP's headers and the
/// body, if one was sent, as they were.
///
/// # Errors
/// When one of the two is missing, repeated or unreadable, or a body comes with another method than POST.
pub fn read<'a>(asked: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let method = asked
        .required("x-original-method", request_malformed("X-Original-Method must be there exactly once"))?;
    let target =
        asked.required("x-original-uri", request_malformed("X-Original-URI must be there exactly once"))?;
    if method != "POST" && asked.body != Body::Absent {
        return Err(request_malformed("only a POST may come with a body"));
    }
    let selector = asked.resource_id()?.map_or(Selector::Sole, Selector::Id);
    let body = asked.body;
    Ok(asked.check_request(&Original { dialect: Dialect::AuthRequest, method, target, selector, body }))
}

/// 200, 401, 403 or 503, the body always empty.
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
    reply.add("x-scopegate-reason", Bytes::from_static(denial.reason().code().as_bytes()));
    if reply.status != true_status {
        reply.add("x-scopegate-status", Bytes::from(true_status.to_string()));
        reply.add("x-scopegate-error", Bytes::from(json_rpc_error(denial)));
    }
    reply
}
