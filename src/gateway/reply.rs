//! A decision as an HTTP answer: status, headers and body. The listener converts it to its own
//! types.

use bytes::Bytes;
use serde::Serialize;
use smallvec::SmallVec;

use crate::{
    authorize::Checked,
    domain::{CheckRequest, Reason},
    policy::{Decision, Denial, Permit},
    token::IdentityHeaders,
};

/// Status, headers and body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The five identity headers of a permit. A permit always has all of them: a gateway that
    /// copies them then overwrites headers that a client forged.
    pub identity: Option<IdentityHeaders>,
    /// The other headers. Names are in lower case and do not repeat.
    pub others: SmallVec<[(&'static str, Bytes); 5]>,
    /// A JSON-RPC error, if there is one. A permit never has a body, because gateways close the
    /// pooled connection of an answer with a body.
    pub body: Option<String>,
}

impl Reply {
    /// The 200 of a permit.
    pub(super) fn of_permit(permit: &Permit) -> Self {
        Self {
            status: 200,
            identity: Some(permit.headers().clone()),
            others: SmallVec::new(),
            body: None,
        }
    }

    /// A denial with its true status.
    pub(super) fn of_denial(denial: &Denial, request: Option<&CheckRequest<'_>>) -> Self {
        let mut reply = Self {
            status: denial.reason().status(),
            identity: None,
            others: SmallVec::new(),
            body: None,
        };
        if let Some(challenge) = denial.challenge() {
            reply.add("www-authenticate", challenge.as_bytes().clone());
        }
        reply.add("cache-control", Bytes::from_static(b"no-store"));
        if request.is_some_and(|request| request.origin.is_present()) {
            reply.add("access-control-allow-origin", Bytes::from_static(b"*"));
            reply.add(
                "access-control-expose-headers",
                Bytes::from_static(b"WWW-Authenticate"),
            );
        }
        reply
    }

    /// The answer that Envoy, Traefik and Caddy relay unchanged: the true status, and for a 400 a
    /// JSON-RPC error as its body.
    pub(super) fn plain(checked: &Checked<'_>, request: Option<&CheckRequest<'_>>) -> Self {
        match &checked.decision {
            Decision::Permit(permit) => Self::of_permit(permit),
            Decision::Deny(denial) => Self::plain_denial(denial, request),
        }
    }

    /// A denial as in [`Reply::plain`].
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
        self.fields()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_ref())
    }
}

/// The JSON-RPC error for a request that could not be read. Its `id` is null, because the request's
/// own is unknown or cannot be trusted.
pub(super) fn json_rpc_error(denial: &Denial) -> String {
    let refusal = denial.refusal();
    let error = JsonRpcErrorObject {
        code: refusal.json_rpc_code,
        message: refusal.message(),
    };
    serde_json::to_string(&JsonRpcError {
        jsonrpc: "2.0",
        id: (),
        error,
    })
    .unwrap_or_default()
}

/// A response with an error (JSON-RPC 2.0 §5), its members in the order of the specification.
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

/// Whether scopegate could not decide. Only then may a gateway that is configured to fail open let
/// the request pass.
pub(super) fn is_undecided(reason: Reason) -> bool {
    reason.status() >= 500
}
