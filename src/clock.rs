//! Time as a value. Code that needs the time takes a [`Clock`], so that tests can set it.
#![allow(
    clippy::disallowed_methods,
    reason = "the one home of the system's clocks"
)]

use std::{
    fmt::{self, Debug},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

/// Seconds since 1970-01-01T00:00:00Z: RFC 7519's NumericDate, rounded down to whole seconds.
pub type UnixSeconds = i64;

/// Time since the clock was created. It is monotonic, and meaningless in other processes.
pub type Uptime = Duration;

/// A source of calendar time and of monotonic time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The calendar time in seconds, for claims such as `exp`.
    fn unix_seconds(&self) -> UnixSeconds;
    /// The calendar time since 1970-01-01T00:00:00Z, to the microsecond, for timestamps.
    fn unix_time(&self) -> Duration;
    /// The monotonic time, for ages and intervals.
    fn uptime(&self) -> Uptime;
}

/// A time since 1970-01-01T00:00:00Z, written as RFC 3339 with microseconds. A time after the year 9999 is written
/// as the last second of that year.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub Duration);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(
            &humantime::format_rfc3339_micros(UNIX_EPOCH + self.0.min(LAST)),
            f,
        )
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// 9999-12-31T23:59:59Z.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// A clock with many owners.
pub type SharedClock = Arc<dyn Clock>;

/// The system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn unix_seconds(&self) -> UnixSeconds {
        // If the system's calendar is before 1970, the time is 0: then no token is expired, and a token with `nbf`
        // is not valid yet.
        i64::try_from(self.unix_time().as_secs()).unwrap_or(0)
    }

    fn unix_time(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn uptime(&self) -> Uptime {
        self.started.elapsed()
    }
}

/// A clock that only a test moves.
#[derive(Debug)]
pub struct ManualClock {
    unix_seconds: AtomicI64,
    uptime_ms: AtomicU64,
}

impl ManualClock {
    /// A clock at `unix_seconds`, with an uptime of zero.
    #[must_use]
    pub fn at(unix_seconds: UnixSeconds) -> Self {
        Self {
            unix_seconds: AtomicI64::new(unix_seconds),
            uptime_ms: AtomicU64::new(0),
        }
    }

    /// Advances both times: the calendar by whole seconds, the uptime by milliseconds.
    pub fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.unix_seconds.fetch_add(seconds, Ordering::SeqCst);
        self.uptime_ms.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn unix_seconds(&self) -> UnixSeconds {
        self.unix_seconds.load(Ordering::SeqCst)
    }

    fn unix_time(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.unix_seconds()).unwrap_or(0))
    }

    fn uptime(&self) -> Uptime {
        Duration::from_millis(self.uptime_ms.load(Ordering::SeqCst))
    }
}
