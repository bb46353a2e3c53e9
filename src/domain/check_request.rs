//! One original request, as the gateway showed it: the input of a decision's steps.

use std::fmt;

use super::{Dialect, Field, TraceParent};

/// The data of one request that a decision needs. It borrows from the gateway's request.
#[derive(Clone, Copy, Debug)]
pub struct CheckRequest<'a> {
    /// The dialect in which the gateway asked.
    pub dialect: Dialect,
    /// How the gateway named the resource.
    pub selector: Selector<'a>,
    /// The HTTP method, case-sensitive (RFC 9110 §9.1).
    pub http_method: &'a str,
    /// The raw request target: path and query, as the client sent them.
    pub target: &'a str,
    /// `Authorization`.
    pub authorization: Field<'a>,
    /// `Origin`.
    pub origin: Field<'a>,
    /// `Access-Control-Request-Method`. An OPTIONS with this header and `Origin` is a CORS preflight.
    pub access_control_request_method: Field<'a>,
    /// `traceparent` of W3C Trace Context.
    pub traceparent: Field<'a>,
    /// `tracestate`; it is read only if the gateway samples the trace.
    pub tracestate: Field<'a>,
    /// `Content-Type`.
    pub content_type: Field<'a>,
    /// `Content-Encoding`.
    pub content_encoding: Field<'a>,
    /// `MCP-Protocol-Version`.
    pub protocol_version: Field<'a>,
    /// `Mcp-Method`.
    pub mcp_method: Field<'a>,
    /// `Mcp-Name`.
    pub mcp_name: Field<'a>,
    /// The body.
    pub body: Body<'a>,
    /// The gateway's own request, which asks about this one.
    pub asked_by: GatewayRequest<'a>,
}

/// The request line of the gateway's own request.
#[derive(Clone, Copy, Debug)]
pub struct GatewayRequest<'a> {
    /// Its HTTP method.
    pub method: &'a str,
    /// Its raw target.
    pub target: &'a str,
}

/// How a gateway names the resource that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector<'a> {
    /// By the resource's id.
    Id(&'a str),
    /// By the host that the client addressed.
    Host(&'a str),
    /// Not at all: the policy must have only one resource.
    Sole,
}

/// How much of a request's body the gateway shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// No body.
    Absent,
    /// The whole body; without bytes it means the same as [`Body::Absent`].
    Whole(&'a [u8]),
    /// The whole body as text, in which the gateway may have replaced bytes that are not UTF-8. The operation is
    /// read from it only with [`Trust::string_body`].
    Text(&'a [u8]),
    /// A part of the body.
    Cut,
    /// The body is longer than `server.max_body_bytes`.
    TooLarge,
}

/// How far a policy trusts the gateway and the MCP server. Everything else is untrusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// `oauth.trust_mcp_headers`: headers may name the operation if the gateway does not show the body. The
    /// operator asserts that the server refuses headers that disagree with the body, and batches under a revision
    /// that demands headers.
    pub mcp_headers: bool,
    /// `oauth.trust_string_body`: a [`Body::Text`] is the original body.
    pub string_body: bool,
}

impl<'a> CheckRequest<'a> {
    /// The target's path, without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.target
            .split_once('?')
            .map_or(self.target, |(path, _)| path)
    }

    /// Whether it is a CORS preflight (Fetch standard, "CORS-preflight request"). A preflight has no body. A
    /// request with a body could otherwise carry an operation past the token check.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.http_method == "OPTIONS"
            && self.origin.is_present()
            && self.access_control_request_method.is_present()
            && self.body.is_absent()
    }

    /// The trace id, if there is a well-formed `traceparent`.
    #[must_use]
    pub fn trace_id(&self) -> Option<&'a str> {
        TraceParent::read(self.traceparent).map(|parent| parent.trace_id())
    }
}

#[cfg(test)]
impl CheckRequest<'static> {
    /// A POST to `/mcp` without a body and without headers, for tests to complete.
    pub(crate) const BARE: Self = Self {
        dialect: Dialect::AuthRequest,
        selector: Selector::Sole,
        http_method: "POST",
        target: "/mcp",
        authorization: Field::Absent,
        origin: Field::Absent,
        access_control_request_method: Field::Absent,
        traceparent: Field::Absent,
        tracestate: Field::Absent,
        content_type: Field::Absent,
        content_encoding: Field::Absent,
        protocol_version: Field::Absent,
        mcp_method: Field::Absent,
        mcp_name: Field::Absent,
        body: Body::Absent,
        asked_by: GatewayRequest {
            method: "GET",
            target: "/authorize",
        },
    };
}

impl Body<'_> {
    /// Whether the request has no body, or an empty one.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent | Self::Whole([]) | Self::Text([]))
    }
}

/// Prints a body's length, never its content: it contains a tool's arguments.
impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Text(bytes) => write!(f, "Text({} bytes)", bytes.len()),
            Self::Cut => f.write_str("Cut"),
            Self::TooLarge => f.write_str("TooLarge"),
        }
    }
}
