//! The current time, and a wait for a condition.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The time in seconds since 1970, as claims write it.
#[must_use]
pub fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
}

/// Waits until another thread makes a condition true.
///
/// # Panics
/// After 30 seconds.
pub fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "nothing happened"
        );
        thread::sleep(Duration::from_millis(20));
    }
}
