//! The request that a gateway sent to a listener. A dialect reads the original request of the
//! client from it.

use crate::domain::{
    Body, CheckRequest, Dialect, Field, GatewayRequest, Reason, Refusal, Selector,
};

/// Header fields by name. Each listener implements it for its own header type.
pub trait HeaderSource {
    /// The field of this name; `name` is in lower case.
    fn field(&self, name: &'static str) -> Field<'_>;
}

/// One request of a gateway.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The method of the gateway's own request.
    pub method: &'a str,
    /// The raw target of the gateway's own request: path and query.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a (dyn HeaderSource + 'a),
    /// The body.
    pub body: Body<'a>,
}

/// The refusal of a request that breaks the rules of its dialect. It is always a 400, and the
/// policy is not asked.
pub(crate) const fn request_malformed(detail: &'static str) -> Refusal {
    Refusal::new(Reason::RequestMalformed, detail)
}

impl<'a> Incoming<'a> {
    /// The request to check, if the gateway's own request repeats the original one. A dialect that
    /// has parts of the original elsewhere replaces `http_method`, `target` and `body`. The headers
    /// that are read here have the same names in every dialect.
    pub(super) fn check_request(
        &self,
        dialect: Dialect,
        selector: Selector<'a>,
    ) -> CheckRequest<'a> {
        let headers = self.headers;
        let traceparent = headers.field("traceparent");
        CheckRequest {
            dialect,
            selector,
            http_method: self.method,
            target: self.target,
            authorization: headers.field("authorization"),
            origin: headers.field("origin"),
            access_control_request_method: headers.field("access-control-request-method"),
            traceparent,
            tracestate: if may_be_sampled(traceparent) {
                headers.field("tracestate")
            } else {
                Field::Absent
            },
            content_type: headers.field("content-type"),
            content_encoding: headers.field("content-encoding"),
            protocol_version: headers.field("mcp-protocol-version"),
            mcp_method: headers.field("mcp-method"),
            mcp_name: headers.field("mcp-name"),
            body: self.body,
            asked_by: GatewayRequest {
                method: self.method,
                target: self.target,
            },
        }
    }

    /// The single value of a header that the dialect requires.
    ///
    /// # Errors
    /// `fault`, if the header is absent, repeated, empty or not visible ASCII.
    pub(super) fn required(&self, name: &'static str, fault: Refusal) -> Result<&'a str, Refusal> {
        let Field::One(value) = self.headers.field(name) else {
            return Err(fault);
        };
        visible_ascii(value, fault)
    }

    /// The `resource` in the query of the gateway's own request; `None` if there is no query.
    ///
    /// # Errors
    /// If the query is not exactly one `resource=ID`.
    pub(super) fn resource_id(&self) -> Result<Option<&'a str>, Refusal> {
        match self.target.split_once('?') {
            None | Some((_, "")) => Ok(None),
            Some((_, query)) => match query.strip_prefix("resource=") {
                Some(id) if !id.contains('&') => Ok(Some(id)),
                Some(_) | None => Err(request_malformed(
                    "the query must be exactly one `resource=ID`",
                )),
            },
        }
    }
}

/// Whether the last digit of a `traceparent` has the sampled flag (W3C Trace Context §3.2.2.5). It
/// does not check the rest of the value. Most requests are not sampled, and then `tracestate` need
/// not be read.
pub(super) fn may_be_sampled(traceparent: Field<'_>) -> bool {
    let flags = if let Field::One(value) = traceparent {
        value.get(54)
    } else {
        None
    };
    flags
        .is_some_and(|digit| matches!(digit, b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f'))
}

/// A required value, which may have only visible ASCII characters.
///
/// # Errors
/// `fault`, if it is empty or has other bytes.
pub(super) fn visible_ascii(value: &[u8], fault: Refusal) -> Result<&str, Refusal> {
    let is_visible = !value.is_empty() && value.iter().all(|byte| matches!(byte, b'!'..=b'~'));
    std::str::from_utf8(value)
        .ok()
        .filter(|_| is_visible)
        .ok_or(fault)
}
