//! The steps of one decision, told to whoever asks: `explain` listens, the request path does not.

/// One check on the way to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Which protected resource the request is for.
    Resource,
    /// The `Authorization` header.
    Bearer,
    /// Header, key and signature of the token.
    Signature,
    /// The token's claims.
    Claims,
    /// The scopes that the token grants.
    Scopes,
    /// What the request asks for.
    Operation,
    /// What that needs.
    Requirement,
    /// The outcome.
    Decision,
}

impl Step {
    /// Every step, in the order of a decision.
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

/// Listens to a decision being made. The texts never hold a token, a secret or a tool's arguments.
pub trait Trace {
    /// Takes note of what a step looked at and concluded. `text` runs only if somebody listens.
    fn note(&mut self, step: Step, text: impl FnOnce() -> String);

    /// Whether each step shall be gone through, also one whose outcome is known from an earlier request. Such a
    /// decision is made for whoever listens alone: no cache is read for it, filled by it, or counts it.
    fn is_thorough(&self) -> bool {
        false
    }
}

/// Nobody listens; compiles to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Trace for Silent {
    fn note(&mut self, _step: Step, _text: impl FnOnce() -> String) {}
}

impl Trace for Vec<(Step, String)> {
    fn note(&mut self, step: Step, text: impl FnOnce() -> String) {
        self.push((step, text()));
    }
}
