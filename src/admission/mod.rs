//! Admission control: the limits on requests in flight and on the bytes of their bodies. Every
//! listener admits a request here before the authorizer decides about it.
//!
//! Design: `docs/design/request-path.md#requests-and-bodies-in-flight`.

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
    authorize::{Authorizer, Checked},
    domain::{CheckRequest, Dialect, Reason, Refusal, Silent},
};

/// The authorizer behind the limits. All listeners and workers share one.
#[derive(Debug)]
pub struct Admission {
    authorizer: Authorizer,
    in_flight: InFlightLimit,
    body_bytes: InFlightLimit,
    max_body_bytes: usize,
    is_draining: Arc<AtomicBool>,
}

impl Admission {
    /// Admits at most `max_in_flight` requests at a time to `authorizer`, with bodies of at most
    /// `max_body_bytes` each. Another task sets `is_draining` when the service is about to stop.
    #[must_use]
    pub fn new(
        authorizer: Authorizer,
        max_in_flight: usize,
        max_body_bytes: usize,
        is_draining: Arc<AtomicBool>,
    ) -> Self {
        Self {
            authorizer,
            in_flight: InFlightLimit::new(max_in_flight, REQUEST_BATCH),
            body_bytes: InFlightLimit::new(
                max_body_bytes.saturating_mul(FULL_SIZE_BODIES),
                BODY_BYTES_BATCH,
            ),
            max_body_bytes,
            is_draining,
        }
    }

    /// The authorizer.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// Whether the service is about to stop, so that gateways should close their connections.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// The length of the longest body that a listener reads, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// Counts a request as in flight until the guard is dropped.
    ///
    /// # Errors
    /// The denial `overloaded`, counted and logged, if the limit is reached.
    pub fn enter(
        &self,
        dialect: Dialect,
    ) -> Result<InFlightGuard<&InFlightLimit>, Box<Checked<'static>>> {
        self.in_flight
            .enter()
            .ok_or_else(|| Box::new(self.refuse(dialect, Reason::Overloaded)))
    }

    /// An empty guard for the bytes of one body. The listener grows it as the body arrives.
    #[must_use]
    pub fn body_guard(&self) -> InFlightGuard<&InFlightLimit> {
        InFlightGuard::empty(&self.body_bytes)
    }

    /// The denial of a request that was not admitted, counted and logged.
    #[must_use]
    pub fn refuse(&self, dialect: Dialect, reason: Reason) -> Checked<'static> {
        self.authorizer.refuse(dialect, Refusal::of(reason))
    }

    /// Decides about the request that the dialect has read, or refuses it if the dialect could not
    /// read it.
    pub async fn check<'a>(
        &self,
        dialect: Dialect,
        read: &Result<CheckRequest<'a>, Refusal>,
    ) -> Checked<'a> {
        match read {
            Ok(request) => self.authorizer.check(request, &mut Silent).await,
            Err(refusal) => self.authorizer.refuse(dialect, *refusal),
        }
    }
}

/// The handle of one worker. The worker's clones change only its own reference count, so that
/// workers do not contend for one cache line.
#[derive(Clone, Debug)]
#[expect(clippy::redundant_allocation, reason = "the outer count is the point")]
pub struct WorkerAdmission(Arc<Arc<Admission>>);

impl WorkerAdmission {
    /// A handle for one more worker.
    #[must_use]
    pub fn of(admission: &Arc<Admission>) -> Self {
        Self(Arc::new(Arc::clone(admission)))
    }

    /// [`Admission::body_guard`] without a lifetime, for a body that outlives the call.
    #[must_use]
    pub fn owned_body_guard(&self) -> InFlightGuard<BodyBytes> {
        InFlightGuard::empty(BodyBytes(self.clone()))
    }
}

impl Deref for WorkerAdmission {
    type Target = Admission;

    fn deref(&self) -> &Admission {
        &self.0
    }
}

/// The limit on the bytes of all bodies, reached through a worker's handle.
#[derive(Clone, Debug)]
pub struct BodyBytes(WorkerAdmission);

impl AsRef<InFlightLimit> for BodyBytes {
    fn as_ref(&self) -> &InFlightLimit {
        &self.0.body_bytes
    }
}

/// Registers gauges of what is in flight, and of the limits.
///
/// # Errors
/// If one of the names is already registered.
pub fn register_in_flight(
    admission: &Arc<Admission>,
    registry: &Registry,
) -> Result<(), prometheus::Error> {
    for (name, help, read) in GAUGES {
        let admission = Arc::clone(admission);
        let gauge = PullingGauge::new(name, help, Box::new(move || read(&admission) as f64))?;
        registry.register(Box::new(gauge))?;
    }
    Ok(())
}

/// Name, help text and value of a gauge.
type Gauge = (&'static str, &'static str, fn(&Admission) -> usize);

const GAUGES: [Gauge; 4] = [
    (
        "scopegate_requests_in_flight",
        "Requests that are being decided.",
        |it| it.in_flight.in_flight(),
    ),
    (
        "scopegate_requests_in_flight_max",
        "Limit of requests in flight; further requests are overloaded.",
        |it| it.in_flight.max(),
    ),
    (
        "scopegate_body_bytes_in_flight",
        "Bytes of bodies in memory.",
        |it| it.body_bytes.in_flight(),
    ),
    (
        "scopegate_body_bytes_in_flight_max",
        "Limit of bytes of bodies in memory; further requests are overloaded.",
        |it| it.body_bytes.max(),
    ),
];

/// How many requests a worker acquires at a time for its reserve.
const REQUEST_BATCH: usize = 64;

/// How many bytes of bodies a worker acquires at a time for its reserve.
const BODY_BYTES_BATCH: usize = 256 * 1024;

/// How many bodies of the greatest allowed length may be in memory at once. There may be more
/// bodies if they are shorter.
const FULL_SIZE_BODIES: usize = 64;
