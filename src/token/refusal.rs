//! The refusal of a token that cannot be read.

use crate::domain::{Reason, Refusal};

/// `token-malformed`, with what exactly is wrong.
pub(super) const fn malformed(detail: &'static str) -> Refusal {
    Refusal::new(Reason::TokenMalformed, detail)
}
