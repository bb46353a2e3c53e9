//! Why a token is refused: a stable reason, and a line for operators that holds nothing of the token.

use crate::domain::Reason;

/// A refused token, or a request whose credentials cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// What exactly was wrong. Fixed texts only, so that it may be logged.
    pub detail: &'static str,
}

impl Refusal {
    pub(super) const fn new(reason: Reason, detail: &'static str) -> Self {
        Self { reason, detail }
    }

    pub(super) const fn malformed(detail: &'static str) -> Self {
        Self::new(Reason::TokenMalformed, detail)
    }
}
