//! The refusal of a token that cannot be parsed.

use crate::domain::{Reason, Refusal};

/// `token-malformed` with a detail.
pub(super) const fn malformed(detail: &'static str) -> Refusal {
    Refusal::new(Reason::TokenMalformed, detail)
}
