//! Why a step refuses a request: the one type in which every step says "no, because".

use super::Reason;

/// A request that a step refuses. It holds fixed texts only, so that it may be logged and sent to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", reason.code(), self.message())]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// What exactly is wrong, in lower case and without a full stop; empty where the reason says it all.
    pub detail: &'static str,
    /// The `code` of the JSON-RPC error that answers the request where the answer has a body (JSON-RPC 2.0 §5.1).
    pub json_rpc_code: i32,
}

impl Refusal {
    /// A refusal for `reason`, with `detail` for the log and the client.
    #[must_use]
    pub const fn new(reason: Reason, detail: &'static str) -> Self {
        Self { reason, detail, json_rpc_code: INVALID_REQUEST }
    }

    /// A refusal whose reason says it all.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        Self::new(reason, "")
    }

    /// The same with another JSON-RPC error code.
    #[must_use]
    pub const fn with_json_rpc_code(self, json_rpc_code: i32) -> Self {
        Self { json_rpc_code, ..self }
    }

    /// The detail, or what the reason means where there is none.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        if self.detail.is_empty() { self.reason.description() } else { self.detail }
    }
}

/// JSON-RPC 2.0 §5.1, "Invalid Request".
const INVALID_REQUEST: i32 = -32600;
