//! A decision in HTTP's words, for whichever listener sends it.

use bytes::Bytes;
use serde::Serialize;
use smallvec::SmallVec;

use crate::{
    authorize::{CheckRequest, Checked},
    domain::Reason,
    policy::{Decision, Denial, Permit},
    token::IdentityHeaders,
};

/// Status, headers and body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Of a permit: the five identity headers, always, so that a gateway that copies them overwrites what a client
    /// forged.
    pub identity: Option<IdentityHeaders>,
    /// The others. Names in lower case; no name twice.
    pub others: SmallVec<[(&'static str, Bytes); 5]>,
    /// A JSON-RPC error, or nothing. A permit never has a body: gateways drop pooled connections for one.
    pub body: Option<String>,
}

impl Reply {
    /// The 200 of a permit.
    pub(super) fn of_permit(permit: &Permit) -> Self {
        Self { status: 200, identity: Some(permit.headers().clone()), others: SmallVec::new(), body: None }
    }

    /// A denial with its true status.
    pub(super) fn of_denial(denial: &Denial, request: Option<&CheckRequest<'_>>) -> Self {
        let mut reply =
            Self { status: denial.reason().status(), identity: None, others: SmallVec::new(), body: None };
        if let Some(challenge) = denial.challenge() {
            reply.add("www-authenticate", challenge.as_bytes().clone());
        }
        reply.add("cache-control", Bytes::from_static(b"no-store"));
        if request.is_some_and(|request| request.origin.is_present()) {
            reply.add("access-control-allow-origin", Bytes::from_static(b"*"));
            reply.add("access-control-expose-headers", Bytes::from_static(b"WWW-Authenticate"));
        }
        reply
    }

    /// True statuses, and a JSON-RPC error body with a 400: what Envoy, Traefik and Caddy relay as it is.
    pub(super) fn plain(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Self {
        match &checked.decision {
            Decision::Permit(permit) => Self::of_permit(permit),
            Decision::Deny(denial) => Self::plain_denial(denial, request),
        }
    }

    /// The denial of [`Reply::plain`].
    pub(super) fn plain_denial(denial: &Denial, request: Option<&CheckRequest<'_>>) -> Self {
        let mut reply = Self::of_denial(denial, request);
        if reply.status == 400 {
            reply.add("content-type", Bytes::from_static(b"application/json"));
            reply.body = Some(json_rpc_error(denial));
        }
        reply
    }

    pub(super) fn add(&mut self, name: &'static str, value: Bytes) {
        self.others.push((name, value));
    }

    /// All headers.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &Bytes)> {
        let identity = self.identity.iter().flat_map(IdentityHeaders::iter);
        identity.chain(self.others.iter().map(|(name, value)| (*name, value)))
    }

    /// The value of a header; for tests and logs.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }
}

/// The JSON-RPC error of a request that could not be read. Its `id` is unknown or not to be trusted.
pub(super) fn json_rpc_error(denial: &Denial) -> String {
    let refusal = denial.refusal();
    let error = JsonRpcErrorObject { code: refusal.json_rpc_code, message: refusal.message() };
    serde_json::to_string(&JsonRpcError { jsonrpc: "2.0", id: (), error }).unwrap_or_default()
}

/// JSON-RPC 2.0 §5, in the order of the specification.
#[derive(Serialize)]
struct JsonRpcError<'a> {
    jsonrpc: &'static str,
    id: (),
    error: JsonRpcErrorObject<'a>,
}

#[derive(Serialize)]
struct JsonRpcErrorObject<'a> {
    code: i32,
    message: &'a str,
}

/// Whether a denial may be turned into "allow" by gateways that are told to: only "cannot decide" is.
pub(super) fn is_cannot_decide(reason: Reason) -> bool {
    reason.status() >= 500
}
