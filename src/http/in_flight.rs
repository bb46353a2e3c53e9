//! The bounds on what is in flight: requests, and the bytes of their bodies.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is being decided: requests or bytes.
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
        let mut place = self.nothing();
        place.grow(1).then_some(place)
    }

    /// A place that takes nothing yet.
    pub(super) fn nothing(&self) -> Place<'_> {
        Place { of: self, size: 0 }
    }
}

/// A place among what is in flight.
#[derive(Debug)]
pub(super) struct Place<'a> {
    of: &'a InFlight,
    size: usize,
}

impl Place<'_> {
    /// Takes `more`; whether there was room for it.
    pub(super) fn grow(&mut self, more: usize) -> bool {
        self.size += more;
        self.of.count.fetch_add(more, Ordering::Relaxed).saturating_add(more) <= self.of.max
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.of.count.fetch_sub(self.size, Ordering::Relaxed);
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

    #[test]
    fn what_a_place_has_grown_by_is_given_back() {
        let bytes = InFlight::new(10);
        let (mut one, mut other) = (bytes.nothing(), bytes.nothing());
        assert!(one.grow(4) && other.grow(6) && one.grow(0));
        assert!(!one.grow(1));
        drop(one);
        assert!(other.grow(4) && !other.grow(1));
        drop(other);
        assert!(bytes.nothing().grow(10));
    }
}
