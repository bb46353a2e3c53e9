//! Refusals of requests whose operation cannot be read, each with its JSON-RPC error code. The detail is a fixed
//! text: it never contains data of the client.

use crate::{
    domain::{Reason, Refusal},
    json::{BodyError, KeyFault},
};

/// The body is not a JSON text.
const fn not_json(detail: &'static str) -> Refusal {
    malformed(detail).with_json_rpc_code(PARSE_ERROR)
}

/// The body is JSON, but not a valid message.
pub(super) const fn malformed(detail: &'static str) -> Refusal {
    Refusal::new(Reason::OperationMalformed, detail)
}

/// The body is not a JSON text, or is nested too deep.
pub(super) const fn of_body(error: BodyError) -> Refusal {
    match error {
        BodyError::NotUtf8 => not_json("the body is not UTF-8"),
        BodyError::ByteOrderMark => not_json("the body begins with a byte order mark"),
        BodyError::TooDeep => malformed("the body is nested deeper than 64"),
        BodyError::NotJson => not_json("the body is not exactly one JSON value"),
    }
}

/// A server could read an object of the body differently.
pub(super) const fn of_keys(fault: KeyFault) -> Refusal {
    match fault {
        KeyFault::Deceptive => {
            malformed("a key resembles another key (case or look-alike characters)")
        }
        KeyFault::Repeated => malformed("a key occurs twice"),
    }
}

/// A mirrored header is repeated, joined, or has illegal characters.
pub(super) const fn bad_header(detail: &'static str) -> Refusal {
    malformed(detail).with_json_rpc_code(HEADER_MISMATCH)
}

/// Headers and body name different operations.
pub(super) const fn mismatch(detail: &'static str) -> Refusal {
    Refusal::new(Reason::OperationMismatch, detail).with_json_rpc_code(HEADER_MISMATCH)
}

/// JSON-RPC 2.0 §5.1, "Parse error".
const PARSE_ERROR: i32 = -32700;

/// MCP 2026-07-28, "Server Validation".
const HEADER_MISMATCH: i32 = -32020;
