//! Envoy's `ext_authz` HTTP service with `path_prefix: /authorize`: the original request, under a prefix.

use bytes::Bytes;

use super::{Incoming, Reply, incoming::Original, incoming::request_malformed};
use crate::{
    authorize::{CheckRequest, Checked},
    domain::{Dialect, Field, Refusal},
    mcp::Body,
    policy::{Decision, Selector},
};

/// The prefix that Envoy puts before the original path.
pub const PATH_PREFIX: &str = "/authorize";

/// What follows the prefix, which is the original target; `None` where no path follows.
#[must_use]
pub fn original_target(target: &str) -> Option<&str> {
    target.strip_prefix(PATH_PREFIX).filter(|rest| rest.starts_with('/'))
}

/// The original request: its own method, target after the prefix, host and body.
///
/// # Errors
/// When there is no path after the prefix, or not exactly one `Host`.
pub fn read<'a>(asked: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let target = original_target(asked.target)
        .ok_or(request_malformed("the target must be /authorize and the original path"))?;
    let host = asked.required("host", request_malformed("Host must be there exactly once"))?;
    let original = Original {
        dialect: Dialect::ExtAuthzHttp,
        method: asked.method,
        target,
        selector: Selector::Host(host),
        body: body_of(asked),
    };
    Ok(asked.check_request(&original))
}

/// True statuses; where the token is not to be forwarded, the header that has Envoy remove it.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Reply {
    let mut reply = Reply::plain(checked, request);
    if matches!(checked.decision, Decision::Permit(_)) && checked.removes_token {
        reply.add("x-envoy-auth-headers-to-remove", Bytes::from_static(b"authorization"));
    }
    reply
}

/// A body that Envoy cut is no body that can be read, whatever is in it.
fn body_of<'a>(asked: &Incoming<'a>) -> Body<'a> {
    match asked.headers.field("x-envoy-auth-partial-body") {
        Field::Absent | Field::One(b"false") => asked.body,
        Field::One(_) | Field::Repeated => Body::Cut,
    }
}
