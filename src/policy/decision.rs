//! The two kinds of decision. Only this room makes them, so code that has a [`Permit`] knows that the request was
//! permitted.

use std::sync::Arc;

use bytestring::ByteString;

use crate::{
    domain::{Reason, Refusal},
    token::{Identity, IdentityHeaders},
};

/// Whether one request may pass.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The request may pass.
    Permit(Permit),
    /// The request may not pass.
    Deny(Denial),
}

/// How a decision ended. Metrics, logs, spans and the audit log all read this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which of the three outcomes.
    pub kind: OutcomeKind,
    /// The stable code of the reason.
    pub code: &'static str,
    /// The refusal's detail; empty if the code says everything.
    pub detail: &'static str,
}

/// The kinds of outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// The request passes.
    Permit,
    /// The request passes, and `oauth.mode: report` gives the reason for which it would have been denied.
    Report,
    /// The request does not pass.
    Deny,
}

impl OutcomeKind {
    /// The outcome's name in logs, metrics and spans.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Report => "report",
            Self::Deny => "deny",
        }
    }
}

impl Decision {
    /// The outcome of the decision.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Deny(Denial { refusal, .. }) => Outcome {
                kind: OutcomeKind::Deny,
                code: refusal.reason.code(),
                detail: refusal.detail,
            },
            Self::Permit(Permit { grounds, .. }) => {
                let kind = match grounds {
                    Grounds::Reported(_) => OutcomeKind::Report,
                    Grounds::Granted | Grounds::Public | Grounds::Unenforced => OutcomeKind::Permit,
                };
                Outcome {
                    kind,
                    code: grounds.code(),
                    detail: "",
                }
            }
        }
    }

    /// The verified identity that sent the request.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Permit(permit) => permit.identity(),
            Self::Deny(denial) => denial.identity(),
        }
    }

    /// Why the request may not pass; `None` for a permit.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Permit(_) => None,
            Self::Deny(denial) => Some(denial.refusal),
        }
    }
}

/// The proof that a request may pass. It has no public constructor: only `decide.rs` makes it.
#[derive(Clone, Debug)]
pub struct Permit {
    pub(super) holder: Holder,
    pub(super) grounds: Grounds,
}

/// Who is permitted.
#[derive(Clone, Debug)]
pub(super) enum Holder {
    /// The identity of a verified token.
    Verified(Arc<Identity>),
    /// An anonymous caller, with the headers that tell the server so.
    Anonymous(IdentityHeaders),
}

impl Permit {
    /// The identity of the token; `None` if no token was checked.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.holder {
            Holder::Verified(identity) => Some(identity),
            Holder::Anonymous(_) => None,
        }
    }

    /// The identity headers for the server. Without a checked token they are those of an anonymous caller.
    #[must_use]
    pub fn headers(&self) -> &IdentityHeaders {
        match &self.holder {
            Holder::Verified(identity) => &identity.headers,
            Holder::Anonymous(headers) => headers,
        }
    }

    /// Why the request may pass.
    #[must_use]
    pub fn grounds(&self) -> Grounds {
        self.grounds
    }

    /// The denial that replaces this permit before the answer is sent.
    #[must_use]
    pub fn withdrawn(&self, reason: Reason) -> Denial {
        let identity = match &self.holder {
            Holder::Verified(identity) => Some(Arc::clone(identity)),
            Holder::Anonymous(_) => None,
        };
        Denial {
            identity,
            ..Denial::of(reason)
        }
    }
}

/// Why a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// The token has every scope that the operation requires.
    Granted,
    /// The request is for the resource's own metadata, or is a CORS preflight.
    Public,
    /// The resource has `oauth.enabled: false`.
    Unenforced,
    /// `oauth.mode: report`: without it, the request would have been denied for this reason.
    Reported(Reason),
}

impl Grounds {
    /// The `reason` of a permit in logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Public => "public",
            Self::Unenforced => "unenforced",
            Self::Reported(reason) => reason.code(),
        }
    }
}

/// A refusal of a request, with the challenge for the client.
#[derive(Clone, Debug)]
pub struct Denial {
    pub(super) refusal: Refusal,
    pub(super) challenge: Option<ByteString>,
    pub(super) identity: Option<Arc<Identity>>,
}

impl Denial {
    /// A denial without a challenge or a detail. The client cannot get anything that would help.
    #[must_use]
    pub fn of(reason: Reason) -> Self {
        Refusal::of(reason).into()
    }

    /// Sets the `WWW-Authenticate` value, if there is one.
    #[must_use]
    pub fn with_challenge(self, challenge: Option<ByteString>) -> Self {
        Self { challenge, ..self }
    }

    /// Sets the identity of the verified token.
    #[must_use]
    pub fn with_identity(self, identity: Arc<Identity>) -> Self {
        Self {
            identity: Some(identity),
            ..self
        }
    }

    /// The refusal of the step that denied the request.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// The stable code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.refusal.reason
    }

    /// The `WWW-Authenticate` value.
    #[must_use]
    pub fn challenge(&self) -> Option<&ByteString> {
        self.challenge.as_ref()
    }

    /// The identity of the token, if it was verified.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            challenge: None,
            identity: None,
        }
    }
}
