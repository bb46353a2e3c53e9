//! What every listener decides with: one authorizer, and the bounds on what is in flight.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{InFlight, Misread, Place};
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
    body_bytes: Arc<InFlight>,
    max_body_bytes: usize,
    is_draining: Arc<AtomicBool>,
}

impl DecisionState {
    /// Decides with `authorizer` about at most `max_in_flight` requests at a time, reading bodies of at most
    /// `max_body_bytes`. `is_draining` is set when gateways should go elsewhere.
    #[must_use]
    pub fn new(
        authorizer: Authorizer,
        max_in_flight: usize,
        max_body_bytes: usize,
        is_draining: Arc<AtomicBool>,
    ) -> Self {
        Self {
            authorizer,
            in_flight: InFlight::new(max_in_flight),
            body_bytes: Arc::new(InFlight::new(max_body_bytes.saturating_mul(WHOLE_BODIES))),
            max_body_bytes,
            is_draining,
        }
    }

    /// What decides.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// Whether gateways should take their connections elsewhere.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
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
    pub fn enter(&self, dialect: Dialect) -> Result<Place<&InFlight>, Box<Checked<'static>>> {
        self.in_flight.enter().ok_or_else(|| Box::new(self.refuse(dialect, Reason::Overloaded)))
    }

    /// Room for a body, to be grown as it arrives.
    #[must_use]
    pub fn room(&self) -> Place<&InFlight> {
        Place::nothing(&self.body_bytes)
    }

    /// The same, for whoever cannot borrow.
    #[must_use]
    pub fn owned_room(&self) -> Place<Arc<InFlight>> {
        Place::nothing(Arc::clone(&self.body_bytes))
    }

    /// The denial of a request that was not taken in, counted and logged.
    #[must_use]
    pub fn refuse(&self, dialect: Dialect, reason: Reason) -> Checked<'static> {
        self.authorizer.refuse(dialect, Denial::of(reason))
    }

    /// Decides about a request as its dialect has read it.
    pub async fn check<'a>(&self, dialect: Dialect, read: &Result<CheckRequest<'a>, Misread>) -> Checked<'a> {
        match read {
            Ok(request) => self.authorizer.check(request, &mut Silent).await,
            Err(misread) => self.authorizer.refuse(dialect, (*misread).into()),
        }
    }
}

/// How many bodies of the greatest length may be in memory at once; shorter ones are many more.
const WHOLE_BODIES: usize = 64;
