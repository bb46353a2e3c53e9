//! One original request, as a gateway showed it.

use crate::{
    domain::{Dialect, Field, TraceParent},
    mcp::ShownRequest,
    policy::Selector,
};

/// What is needed to decide about one request. It borrows everything.
#[derive(Clone, Copy, Debug)]
pub struct CheckRequest<'a> {
    /// How the gateway asked.
    pub dialect: Dialect,
    /// How it said which resource the request is for.
    pub selector: Selector<'a>,
    /// The raw request target: path and query, as the client sent them.
    pub target: &'a str,
    /// `Authorization`.
    pub authorization: Field<'a>,
    /// `Origin`.
    pub origin: Field<'a>,
    /// `Access-Control-Request-Method`, which with `Origin` makes an OPTIONS a CORS preflight.
    pub access_control_request_method: Field<'a>,
    /// The `traceparent` of W3C Trace Context.
    pub traceparent: Field<'a>,
    /// Its `tracestate`, looked up only where the gateway keeps the trace.
    pub tracestate: Field<'a>,
    /// The method of the gateway's own request, and its target.
    pub asked_by: (&'a str, &'a str),
    /// Method, MCP headers and body.
    pub shown: ShownRequest<'a>,
}

impl<'a> CheckRequest<'a> {
    /// The target's path, without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// Whether it is a CORS preflight (Fetch standard, "CORS-preflight request"). It never has a body: one that
    /// did would take what nobody has read past the token check.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.shown.http_method == "OPTIONS"
            && self.origin.is_present()
            && self.access_control_request_method.is_present()
            && self.shown.body.is_absent()
    }

    /// The trace id of a well-formed `traceparent`.
    #[must_use]
    pub fn trace_id(&self) -> Option<&'a str> {
        TraceParent::read(self.traceparent).map(|parent| parent.trace_id())
    }
}
