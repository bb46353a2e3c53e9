//! Admission control: the bounds on requests in flight and on the bytes of their bodies. Every listener admits a request
//! here before the authorizer decides about it.

mod in_flight;

pub use in_flight::{InFlightGuard, InFlightLimit};

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use prometheus::{PullingGauge, Registry};

use crate::{
    authorize::{Authorizer, CheckRequest, Checked},
    domain::{Dialect, Reason, Refusal, Silent},
    policy::Denial,
};

/// What the handlers need, one for all listeners and workers.
#[derive(Debug)]
pub struct Admission {
    authorizer: Authorizer,
    in_flight: InFlightLimit,
    body_bytes: InFlightLimit,
    max_body_bytes: usize,
    is_draining: Arc<AtomicBool>,
}

impl Admission {
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
            in_flight: InFlightLimit::new(max_in_flight, PLACES_AT_HAND),
            body_bytes: InFlightLimit::new(max_body_bytes.saturating_mul(WHOLE_BODIES), BYTES_AT_HAND),
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
    pub fn enter(&self, dialect: Dialect) -> Result<InFlightGuard<&InFlightLimit>, Box<Checked<'static>>> {
        self.in_flight.enter().ok_or_else(|| Box::new(self.refuse(dialect, Reason::Overloaded)))
    }

    /// Room for a body, to be grown as it arrives.
    #[must_use]
    pub fn room(&self) -> InFlightGuard<&InFlightLimit> {
        InFlightGuard::nothing(&self.body_bytes)
    }

    /// The denial of a request that was not taken in, counted and logged.
    #[must_use]
    pub fn refuse(&self, dialect: Dialect, reason: Reason) -> Checked<'static> {
        self.authorizer.refuse(dialect, Denial::of(reason))
    }

    /// Decides about a request as its dialect has read it.
    pub async fn check<'a>(&self, dialect: Dialect, read: &Result<CheckRequest<'a>, Refusal>) -> Checked<'a> {
        match read {
            Ok(request) => self.authorizer.check(request, &mut Silent).await,
            Err(misread) => self.authorizer.refuse(dialect, (*misread).into()),
        }
    }
}

/// The state as one worker holds it. Its clones are counted where no other worker counts.
#[derive(Clone, Debug)]
#[expect(clippy::redundant_allocation, reason = "the outer count is the point")]
pub struct WorkerAdmission(Arc<Arc<Admission>>);

impl WorkerAdmission {
    /// For one more worker.
    #[must_use]
    pub fn of(state: &Arc<Admission>) -> Self {
        Self(Arc::new(Arc::clone(state)))
    }

    /// [`Admission::room`], for whoever cannot borrow.
    #[must_use]
    pub fn owned_room(&self) -> InFlightGuard<BodyRoom> {
        InFlightGuard::nothing(BodyRoom(self.clone()))
    }
}

impl Deref for WorkerAdmission {
    type Target = Admission;

    fn deref(&self) -> &Admission {
        &self.0
    }
}

/// The room of all bodies, as one worker holds it.
#[derive(Clone, Debug)]
pub struct BodyRoom(WorkerAdmission);

impl AsRef<InFlightLimit> for BodyRoom {
    fn as_ref(&self) -> &InFlightLimit {
        &self.0.body_bytes
    }
}

/// Registers what is in flight, and its bounds.
///
/// # Errors
/// When one of the names is taken.
pub fn register_in_flight(state: &Arc<Admission>, registry: &Registry) -> Result<(), prometheus::Error> {
    type Read = fn(&Admission) -> usize;
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
