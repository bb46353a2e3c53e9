//! Why a request could not be read: a reason for the decision, a safe phrase and a JSON-RPC error code for
//! the client.

use crate::domain::Reason;

/// A request that has no single clear reading. The phrase is fixed text and never holds what the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Unreadable {
    /// One of `OperationMalformed`, `OperationMismatch`, `BodyTooLarge`, `BodyTruncated`, `OperationUnknown`.
    pub reason: Reason,
    /// What is wrong, lower case, without a full stop.
    pub detail: &'static str,
    code: i32,
}

impl Unreadable {
    /// The body is no JSON text.
    pub(super) const fn not_json(detail: &'static str) -> Self {
        Self { reason: Reason::OperationMalformed, detail, code: PARSE_ERROR }
    }

    /// The body is JSON, but not a message that can be passed on.
    pub(super) const fn malformed(detail: &'static str) -> Self {
        Self { reason: Reason::OperationMalformed, detail, code: INVALID_REQUEST }
    }

    /// A mirrored header is repeated, joined or has illegal characters.
    pub(super) const fn bad_header(detail: &'static str) -> Self {
        Self { reason: Reason::OperationMalformed, detail, code: HEADER_MISMATCH }
    }

    /// Headers and body do not say the same.
    pub(super) const fn mismatch(detail: &'static str) -> Self {
        Self { reason: Reason::OperationMismatch, detail, code: HEADER_MISMATCH }
    }

    /// Another reason, which says nothing of the message itself.
    pub(super) const fn other(reason: Reason, detail: &'static str) -> Self {
        Self { reason, detail, code: INVALID_REQUEST }
    }

    /// The `code` of the JSON-RPC error that may answer the request (JSON-RPC 2.0 §5.1, MCP 2026-07-28
    /// "Server Validation").
    #[must_use]
    pub const fn json_rpc_code(&self) -> i32 {
        self.code
    }
}

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const HEADER_MISMATCH: i32 = -32020;
