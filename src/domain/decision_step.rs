//! The steps of a decision, in order. `explain` reports the finding of each.

/// One check on the way to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Finding the protected resource that the request is for.
    Resource,
    /// Reading the `Authorization` header.
    Bearer,
    /// Verifying the header, key and signature of the token.
    Signature,
    /// Validating the token's claims.
    Claims,
    /// Reading the scopes that the token grants.
    Scopes,
    /// Reading the operation that the request asks for.
    Operation,
    /// Finding what the operation requires.
    Requirement,
    /// The decision itself.
    Decision,
}

impl Step {
    /// All steps in the order of a decision.
    pub const ALL: [Self; 8] = [
        Self::Resource,
        Self::Bearer,
        Self::Signature,
        Self::Claims,
        Self::Scopes,
        Self::Operation,
        Self::Requirement,
        Self::Decision,
    ];

    /// The step's name in the output of `explain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Bearer => "bearer",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Scopes => "scopes",
            Self::Operation => "operation",
            Self::Requirement => "requirement",
            Self::Decision => "decision",
        }
    }
}

/// The trace of a request that is not explained. It never builds a note, so it costs no instruction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;
