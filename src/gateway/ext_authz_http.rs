//! The dialect of Envoy's `ext_authz` HTTP service with `path_prefix: /authorize`: Envoy repeats
//! the original request and puts the prefix before its path.

use bytes::Bytes;

use super::{Incoming, Reply, incoming::request_malformed};
use crate::{
    authorize::Checked,
    domain::{Body, CheckRequest, Dialect, Field, Refusal, Selector},
    policy::Decision,
};

/// The prefix that Envoy puts before the original path; the value of its `path_prefix`.
pub const PATH_PREFIX: &str = "/authorize";

/// The original target: the part after the prefix. `None` if no path follows the prefix.
#[must_use]
pub fn original_target(target: &str) -> Option<&str> {
    target
        .strip_prefix(PATH_PREFIX)
        .filter(|rest| rest.starts_with('/'))
}

/// Reads the original request: the method, the target after the prefix, the host and the body.
///
/// # Errors
/// If no path follows the prefix, or if there is not exactly one `Host`.
pub fn read<'a>(incoming: &Incoming<'a>) -> Result<CheckRequest<'a>, Refusal> {
    let target = original_target(incoming.target).ok_or(request_malformed(
        "the target must be /authorize followed by the original path",
    ))?;
    let host = incoming.required(
        "host",
        request_malformed("the request must have exactly one Host header"),
    )?;
    let request = incoming.check_request(Dialect::ExtAuthzHttp, Selector::Host(host));
    Ok(CheckRequest {
        target,
        body: body_of(incoming),
        ..request
    })
}

/// Writes the true status. If the resource does not forward tokens, a header tells Envoy to remove
/// the token.
#[must_use]
pub fn write(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Reply {
    let mut reply = Reply::plain(checked, request);
    if matches!(checked.decision, Decision::Permit(_)) && checked.removes_token {
        reply.add(
            "x-envoy-auth-headers-to-remove",
            Bytes::from_static(b"authorization"),
        );
    }
    reply
}

/// The body. If Envoy marks it as partial, it counts as cut, even if its JSON happens to be
/// complete.
fn body_of<'a>(incoming: &Incoming<'a>) -> Body<'a> {
    match incoming.headers.field("x-envoy-auth-partial-body") {
        Field::Absent | Field::One(b"false") => incoming.body,
        Field::One(_) | Field::Repeated => Body::Cut,
    }
}
