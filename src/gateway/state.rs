//! What every listener decides with: one authorizer, one bound on requests in flight, one on bodies.

use super::{Misread, Place, in_flight::InFlight};
use crate::{
    authorize::{Authorizer, CheckRequest, Checked},
    domain::{Dialect, Reason, Silent},
    policy::Denial,
};

/// What the handlers need, one for all listeners and workers.
#[derive(Debug)]
pub struct DecisionState {
    authorizer: Authorizer,
    in_flight: InFlight,
    max_body_bytes: usize,
}

impl DecisionState {
    /// Decides with `authorizer` about at most `max_in_flight` requests at a time, reading bodies of at most
    /// `max_body_bytes`.
    #[must_use]
    pub fn new(authorizer: Authorizer, max_in_flight: usize, max_body_bytes: usize) -> Self {
        Self { authorizer, in_flight: InFlight::new(max_in_flight), max_body_bytes }
    }

    /// What decides.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// The longest body that is read, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// A place among the requests in flight.
    ///
    /// # Errors
    /// The denial of a request for which there is none.
    pub fn enter(&self, dialect: Dialect) -> Result<Place<'_>, Checked<'static>> {
        self.in_flight.enter().ok_or_else(|| self.authorizer.refuse(dialect, Denial::of(Reason::Overloaded)))
    }

    /// Decides about a request as its dialect has read it.
    pub async fn check<'a>(&self, dialect: Dialect, read: &Result<CheckRequest<'a>, Misread>) -> Checked<'a> {
        match read {
            Ok(request) => self.authorizer.check(request, &mut Silent).await,
            Err(misread) => self.authorizer.refuse(dialect, (*misread).into()),
        }
    }
}
