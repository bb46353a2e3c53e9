//! The two kinds of decision. Both are made in this room alone; whoever holds a [`Permit`] was permitted.

use std::sync::Arc;

use bytestring::ByteString;

use crate::{
    domain::{Reason, Refusal},
    token::{Identity, IdentityHeaders},
};

/// Whether one request may pass.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It may.
    Permit(Permit),
    /// It may not.
    Deny(Denial),
}

/// The proof that a request may pass. It has no public constructor: `decide` makes it.
#[derive(Clone, Debug)]
pub struct Permit {
    pub(super) holder: Holder,
    pub(super) grounds: Grounds,
}

/// Who is permitted.
#[derive(Clone, Debug)]
pub(super) enum Holder {
    /// The token's.
    Known(Arc<Identity>),
    /// Whoever asks; what the server is told instead of an identity.
    Anybody(IdentityHeaders),
}

impl Permit {
    /// Whose token it was; `None` where none was looked at.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.holder {
            Holder::Known(identity) => Some(identity),
            Holder::Anybody(_) => None,
        }
    }

    /// The identity headers for the server; those of nobody where no token was looked at.
    #[must_use]
    pub fn headers(&self) -> &IdentityHeaders {
        match &self.holder {
            Holder::Known(identity) => &identity.headers,
            Holder::Anybody(headers) => headers,
        }
    }

    /// Why the request may pass.
    #[must_use]
    pub fn grounds(&self) -> Grounds {
        self.grounds
    }

    /// Takes the permit back before anybody has seen it.
    #[must_use]
    pub fn withdraw(self, reason: Reason) -> Denial {
        let identity = match self.holder {
            Holder::Known(identity) => Some(identity),
            Holder::Anybody(_) => None,
        };
        Denial { identity, ..Denial::of(reason) }
    }
}

/// Why a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// The token has every scope that the operation needs.
    Granted,
    /// The resource's own metadata, or a CORS preflight.
    Public,
    /// The resource has `oauth.enabled: false`.
    Unenforced,
    /// `oauth.mode: report`: it would have been denied for this reason.
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

/// The proof that a request may not pass, with what the client is told.
#[derive(Clone, Debug)]
pub struct Denial {
    pub(super) refusal: Refusal,
    pub(super) challenge: Option<ByteString>,
    pub(super) identity: Option<Arc<Identity>>,
}

impl Denial {
    /// A denial without a challenge, for a reason that says it all: nothing that the client could fetch helps.
    #[must_use]
    pub fn of(reason: Reason) -> Self {
        Refusal::of(reason).into()
    }

    /// With the `WWW-Authenticate` value, where there is one.
    #[must_use]
    pub fn with_challenge(self, challenge: Option<ByteString>) -> Self {
        Self { challenge, ..self }
    }

    /// With whose token it was.
    #[must_use]
    pub fn with_identity(self, identity: Arc<Identity>) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// Why, in words of the step that refused.
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

    /// Whose token it was, if it was verified.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, challenge: None, identity: None }
    }
}
