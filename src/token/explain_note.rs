//! What the verification of a token looks at, as typed notes that borrow it. The text for people is made in `explain`.

use super::{Identity, verify::Claims};
use crate::domain::{Refusal, ScopeSet, Silent, Step};

/// Listens while a token is verified.
pub trait TokenTrace {
    /// Takes a note. An implementation that does not listen never calls `note`.
    fn note_token<'n>(&mut self, note: impl FnOnce() -> TokenNote<'n>);
}

/// One thing that the verification looked at or concluded. It never holds the token or a part of it.
#[derive(Debug)]
pub enum TokenNote<'n> {
    /// The request carries a bearer token of this length.
    Bearer {
        /// The token's length in bytes.
        bytes: usize,
    },
    /// The JOSE header (RFC 7515 §4.1).
    Header {
        /// `alg`.
        alg: &'static str,
        /// `kid`.
        kid: Option<&'n str>,
        /// `typ`.
        typ: Option<&'n str>,
    },
    /// A part of the token cannot be read.
    Malformed {
        /// The step that reads the part.
        step: Step,
        /// What is wrong.
        refusal: Refusal,
    },
    /// No key verifies the token. Its key sources are asked to fetch again.
    FetchingKeys,
    /// A key of this source signed the token.
    VerifiedBy {
        /// The source's name.
        source: &'n str,
    },
    /// The cache holds the token: a key of this source signed it.
    Cached {
        /// The source's name.
        source: &'n str,
    },
    /// The token is refused. The outcome at this source was the one that decided.
    Refused {
        /// The source's name.
        source: &'n str,
        /// The step that failed.
        step: Step,
        /// Why it failed.
        refusal: Refusal,
        /// What the token says.
        claims: &'n Claims<'n>,
    },
    /// Whom the token identifies.
    Identity(&'n Identity),
    /// What the token grants.
    Scopes(&'n ScopeSet),
}

impl TokenNote<'_> {
    /// The step of the decision that the note belongs to.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::Bearer { .. } => Step::Bearer,
            Self::Header { .. }
            | Self::FetchingKeys
            | Self::VerifiedBy { .. }
            | Self::Cached { .. } => Step::Signature,
            Self::Malformed { step, .. } | Self::Refused { step, .. } => *step,
            Self::Identity(_) => Step::Claims,
            Self::Scopes(_) => Step::Scopes,
        }
    }
}

impl TokenTrace for Silent {
    fn note_token<'n>(&mut self, _note: impl FnOnce() -> TokenNote<'n>) {}
}

/// Notes whom the token identifies and what it grants.
pub(super) fn note_identity<T: TokenTrace>(identity: &Identity, trace: &mut T) {
    trace.note_token(|| TokenNote::Identity(identity));
    trace.note_token(|| TokenNote::Scopes(&identity.scopes));
}
