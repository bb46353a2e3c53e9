//! The bounds on what is in flight: requests, and the bytes of their bodies.

use std::{
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Counts what is being decided: requests or bytes.
#[derive(Debug)]
pub struct InFlight {
    count: AtomicUsize,
    max: usize,
}

impl InFlight {
    pub(super) fn new(max: usize) -> Self {
        Self { count: AtomicUsize::new(0), max }
    }

    /// A place among the requests in flight, given back when it is dropped; `None` if all are taken.
    pub(super) fn enter(&self) -> Option<Place<&Self>> {
        let mut place = Place::nothing(self);
        place.grow(1).then_some(place)
    }
}

/// A place among what is in flight, given back when it is dropped.
#[derive(Debug)]
pub struct Place<P: Deref<Target = InFlight>> {
    of: P,
    size: usize,
}

impl<P: Deref<Target = InFlight>> Place<P> {
    /// A place that takes nothing yet.
    pub(super) fn nothing(of: P) -> Self {
        Self { of, size: 0 }
    }

    /// Takes `more`; whether there was room for it.
    pub fn grow(&mut self, more: usize) -> bool {
        self.size += more;
        self.of.count.fetch_add(more, Ordering::Relaxed).saturating_add(more) <= self.of.max
    }
}

impl<P: Deref<Target = InFlight>> Drop for Place<P> {
    fn drop(&mut self) {
        self.of.count.fetch_sub(self.size, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{InFlight, Place};

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
        let (mut one, mut other) = (Place::nothing(&bytes), Place::nothing(&bytes));
        assert!(one.grow(4) && other.grow(6) && one.grow(0));
        assert!(!one.grow(1));
        drop(one);
        assert!(other.grow(4) && !other.grow(1));
        drop(other);
        assert!(Place::nothing(&bytes).grow(10));
    }
}
