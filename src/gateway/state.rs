//! What every listener decides with: one authorizer, and the bounds on what is in flight.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use prometheus::{PullingGauge, Registry};

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
    body_bytes: InFlight,
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
            in_flight: InFlight::new(max_in_flight, PLACES_AT_HAND),
            body_bytes: InFlight::new(max_body_bytes.saturating_mul(WHOLE_BODIES), BYTES_AT_HAND),
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

/// The state as one worker holds it. Its clones are counted where no other worker counts.
#[derive(Clone, Debug)]
#[expect(clippy::redundant_allocation, reason = "the outer count is the point")]
pub struct WorkerState(Arc<Arc<DecisionState>>);

impl WorkerState {
    /// For one more worker.
    #[must_use]
    pub fn of(state: &Arc<DecisionState>) -> Self {
        Self(Arc::new(Arc::clone(state)))
    }

    /// [`DecisionState::room`], for whoever cannot borrow.
    #[must_use]
    pub fn owned_room(&self) -> Place<BodyRoom> {
        Place::nothing(BodyRoom(self.clone()))
    }
}

impl Deref for WorkerState {
    type Target = DecisionState;

    fn deref(&self) -> &DecisionState {
        &self.0
    }
}

/// The room of all bodies, as one worker holds it.
#[derive(Clone, Debug)]
pub struct BodyRoom(WorkerState);

impl AsRef<InFlight> for BodyRoom {
    fn as_ref(&self) -> &InFlight {
        &self.0.body_bytes
    }
}

/// Registers what is in flight, and its bounds.
///
/// # Errors
/// When one of the names is taken.
pub fn register_in_flight(state: &Arc<DecisionState>, registry: &Registry) -> Result<(), prometheus::Error> {
    type Read = fn(&DecisionState) -> usize;
    let gauges: [(&str, &str, Read); 4] = [
        ("scopegate_requests_in_flight", "Requests that are being decided.", |state| state.in_flight.taken()),
        ("scopegate_requests_in_flight_max", "How many may be; more are overloaded.", |state| {
            state.in_flight.max()
        }),
        ("scopegate_body_bytes_in_flight", "Bytes of bodies in memory.", |state| state.body_bytes.taken()),
        ("scopegate_body_bytes_in_flight_max", "How many may be; more are overloaded.", |state| {
            state.body_bytes.max()
        }),
    ];
    for (name, help, read) in gauges {
        let state = Arc::clone(state);
        registry.register(Box::new(PullingGauge::new(name, help, Box::new(move || read(&state) as f64))?))?;
    }
    Ok(())
}

/// Places that a worker takes for later.
const PLACES_AT_HAND: usize = 64;

/// Bytes that a worker takes for later.
const BYTES_AT_HAND: usize = 256 * 1024;

/// How many bodies of the greatest length may be in memory at once; shorter ones are many more.
const WHOLE_BODIES: usize = 64;
