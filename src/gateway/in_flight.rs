//! The bound on requests in flight.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the requests that are being decided.
#[derive(Debug)]
pub(super) struct InFlight {
    count: AtomicUsize,
    max: usize,
}

impl InFlight {
    pub(super) fn new(max: usize) -> Self {
        Self { count: AtomicUsize::new(0), max }
    }

    /// A place among the requests in flight, given back when it is dropped; `None` if all are taken.
    pub(super) fn enter(&self) -> Option<Place<'_>> {
        let place = Place(self);
        (self.count.fetch_add(1, Ordering::Relaxed) < self.max).then_some(place)
    }
}

/// A place among the requests in flight, given back when it is dropped.
#[derive(Debug)]
pub struct Place<'a>(&'a InFlight);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;

    #[test]
    fn a_refused_request_takes_no_place() {
        let in_flight = InFlight::new(1);
        let first = in_flight.enter();
        assert!(first.is_some());
        assert!(in_flight.enter().is_none());
        drop(first);
        assert!(in_flight.enter().is_some());
    }
}
