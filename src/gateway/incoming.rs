//! What arrived at a listener, before a dialect has read it.

use crate::{
    authorize::CheckRequest,
    domain::{Dialect, Field, Reason, Refusal},
    mcp::{Body, ShownRequest},
    policy::Selector,
};

/// Header fields by name, whatever the listener keeps them in.
pub trait HeaderSource {
    /// The field of this name (in lower case).
    fn field(&self, name: &'static str) -> Field<'_>;
}

/// One request of a gateway.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// Its own method.
    pub method: &'a str,
    /// Its own raw target: path and query.
    pub target: &'a str,
    /// Its headers.
    pub headers: &'a (dyn HeaderSource + 'a),
    /// Its body.
    pub body: Body<'a>,
}

/// The refusal of a request that is not as its dialect demands: always 400, never decided.
pub(crate) const fn request_malformed(detail: &'static str) -> Refusal {
    Refusal::new(Reason::RequestMalformed, detail)
}

/// The original request's method, target and resource, from a dialect's own place.
pub(super) struct Original<'a> {
    pub(super) dialect: Dialect,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) selector: Selector<'a>,
    pub(super) body: Body<'a>,
}

impl<'a> Incoming<'a> {
    /// The request to check: what the dialect says, and the headers that keep their own names in every dialect.
    pub(super) fn check_request(&self, original: &Original<'a>) -> CheckRequest<'a> {
        let headers = self.headers;
        let traceparent = headers.field("traceparent");
        CheckRequest {
            dialect: original.dialect,
            selector: original.selector,
            target: original.target,
            authorization: headers.field("authorization"),
            origin: headers.field("origin"),
            access_control_request_method: headers.field("access-control-request-method"),
            traceparent,
            tracestate: if may_be_sampled(traceparent) { headers.field("tracestate") } else { Field::Absent },
            asked_by: (self.method, self.target),
            shown: ShownRequest {
                http_method: original.method,
                content_type: headers.field("content-type"),
                content_encoding: headers.field("content-encoding"),
                protocol_version: headers.field("mcp-protocol-version"),
                mcp_method: headers.field("mcp-method"),
                mcp_name: headers.field("mcp-name"),
                body: original.body,
            },
        }
    }

    /// The one value of a header that the dialect demands.
    ///
    /// # Errors
    /// When the header is absent, repeated or not printable ASCII.
    pub(super) fn required(&self, name: &'static str, fault: Refusal) -> Result<&'a str, Refusal> {
        let Field::One(value) = self.headers.field(name) else { return Err(fault) };
        visible(value, fault)
    }

    /// The `resource` of the request's own query; `None` where there is no query.
    ///
    /// # Errors
    /// When the query is anything but one `resource=ID`.
    pub(super) fn resource_id(&self) -> Result<Option<&'a str>, Refusal> {
        match self.target.split_once('?') {
            None | Some((_, "")) => Ok(None),
            Some((_, query)) => match query.strip_prefix("resource=") {
                Some(id) if !id.contains('&') => Ok(Some(id)),
                Some(_) | None => Err(request_malformed("the query must be one `resource=ID`")),
            },
        }
    }
}

/// Whether a `traceparent` says, if it is well-formed, that the caller keeps the trace. A look at one byte: most
/// do not.
pub(super) fn may_be_sampled(traceparent: Field<'_>) -> bool {
    let flags = if let Field::One(value) = traceparent { value.get(54) } else { None };
    flags.is_some_and(|digit| matches!(digit, b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f'))
}

/// A value that must be there, of visible ASCII alone.
///
/// # Errors
/// When it is empty or has other bytes.
pub(super) fn visible(value: &[u8], fault: Refusal) -> Result<&str, Refusal> {
    let is_visible = !value.is_empty() && value.iter().all(|byte| matches!(byte, b'!'..=b'~'));
    std::str::from_utf8(value).ok().filter(|_| is_visible).ok_or(fault)
}
