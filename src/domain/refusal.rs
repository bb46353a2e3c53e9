//! The refusal of a request: the one type with which every step refuses.

use super::Reason;

/// Why a step refuses a request. It contains only fixed texts, so it may be logged and sent to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", reason.code(), self.message())]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// The exact fault, in lower case and without a full stop; empty if the reason says everything.
    pub detail: &'static str,
    /// The `code` of the JSON-RPC error (JSON-RPC 2.0 §5.1), for an answer with a body.
    pub json_rpc_code: i32,
}

impl Refusal {
    /// A refusal for `reason`, with `detail` for the log and the client.
    #[must_use]
    pub const fn new(reason: Reason, detail: &'static str) -> Self {
        Self {
            reason,
            detail,
            json_rpc_code: INVALID_REQUEST,
        }
    }

    /// A refusal whose reason says everything.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        Self::new(reason, "")
    }

    /// Sets another JSON-RPC error code.
    #[must_use]
    pub const fn with_json_rpc_code(self, json_rpc_code: i32) -> Self {
        Self {
            json_rpc_code,
            ..self
        }
    }

    /// The detail; if it is empty, the description of the reason.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        if self.detail.is_empty() {
            self.reason.description()
        } else {
            self.detail
        }
    }
}

/// JSON-RPC 2.0 §5.1, "Invalid Request".
const INVALID_REQUEST: i32 = -32600;
