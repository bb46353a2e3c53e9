//! The bounds on what is in flight: requests, and the bytes of their bodies.
//!
//! One count for all workers would be written by each of them twice a request. So every worker keeps some free room
//! at hand and gives back what it has too much of; only when there is none left anywhere is a request refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

use crate::telemetry::metrics::Shards;

/// Counts what is being decided: requests or bytes.
#[derive(Debug)]
pub struct InFlightLimit {
    max: usize,
    /// How much a worker takes for later.
    batch: usize,
    /// The room that no worker has at hand.
    free: CachePadded<AtomicUsize>,
    at_hand: Shards<AtomicUsize>,
}

impl InFlightLimit {
    /// Room for `max`, of which a worker keeps at most twice `batch` at hand, and all of them never more than half.
    pub(super) fn new(max: usize, batch: usize) -> Self {
        let at_hand = Shards::<AtomicUsize>::default();
        let batch = batch.min(max / (4 * at_hand.count()));
        Self { max, batch, free: CachePadded::new(AtomicUsize::new(max)), at_hand }
    }

    /// A place among the requests in flight, given back when it is dropped; `None` if all are taken.
    pub(super) fn enter(&self) -> Option<InFlightGuard<&Self>> {
        let mut place = InFlightGuard::nothing(self);
        place.grow(1).then_some(place)
    }

    /// The bound.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// How much is in flight, as far as that can be said of a moment.
    pub(super) fn taken(&self) -> usize {
        let at_hand: usize = self.at_hand.iter().map(|room| room.load(Ordering::Relaxed)).sum();
        self.max.saturating_sub(self.free.load(Ordering::Relaxed)).saturating_sub(at_hand)
    }

    fn take(&self, size: usize) -> bool {
        let at_hand = self.at_hand.mine();
        if take_whole(at_hand, size) {
            return true;
        }
        let taken = take_up_to(&self.free, size.saturating_add(self.batch));
        if let Some(rest) = taken.checked_sub(size) {
            at_hand.fetch_add(rest, Ordering::Relaxed);
            return true;
        }
        self.take_from_all(taken, size)
    }

    /// Takes from the other workers what is missing.
    fn take_from_all(&self, mut taken: usize, size: usize) -> bool {
        for at_hand in self.at_hand.iter() {
            taken += take_up_to(at_hand, size - taken);
            if taken == size {
                return true;
            }
        }
        self.free.fetch_add(taken, Ordering::Relaxed);
        false
    }

    fn give(&self, size: usize) {
        if self.batch == 0 {
            self.free.fetch_add(size, Ordering::Relaxed);
            return;
        }
        let at_hand = self.at_hand.mine();
        let now = at_hand.fetch_add(size, Ordering::Relaxed) + size;
        if now > 2 * self.batch {
            let surplus = take_up_to(at_hand, now - self.batch);
            self.free.fetch_add(surplus, Ordering::Relaxed);
        }
    }
}

/// Takes all of `size` or nothing.
fn take_whole(room: &AtomicUsize, size: usize) -> bool {
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(size)).is_ok()
}

/// Takes what there is of `size`.
fn take_up_to(room: &AtomicUsize, size: usize) -> usize {
    let taken = |free: usize| free.min(size);
    let before = room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| Some(free - taken(free)));
    before.map_or(0, taken)
}

impl AsRef<Self> for InFlightLimit {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A place among what is in flight, given back when it is dropped.
#[derive(Debug)]
pub struct InFlightGuard<P: AsRef<InFlightLimit>> {
    of: P,
    size: usize,
}

impl<P: AsRef<InFlightLimit>> InFlightGuard<P> {
    /// A place that takes nothing yet.
    pub(super) fn nothing(of: P) -> Self {
        Self { of, size: 0 }
    }

    /// Takes `more`, if there is room for it; whether there was.
    pub fn grow(&mut self, more: usize) -> bool {
        let is_taken = more == 0 || self.of.as_ref().take(more);
        if is_taken {
            self.size += more;
        }
        is_taken
    }
}

impl<P: AsRef<InFlightLimit>> Drop for InFlightGuard<P> {
    fn drop(&mut self) {
        if self.size > 0 {
            self.of.as_ref().give(self.size);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{InFlightGuard, InFlightLimit};

    #[test]
    fn a_refused_request_takes_no_place() {
        let in_flight = InFlightLimit::new(1, 16);
        let first = in_flight.enter();
        assert!(first.is_some());
        assert!(in_flight.enter().is_none());
        assert_eq!(in_flight.taken(), 1);
        drop(first);
        assert!(in_flight.enter().is_some());
        assert_eq!(in_flight.taken(), 0);
    }

    #[test]
    fn what_a_place_has_grown_by_is_given_back() {
        let bytes = InFlightLimit::new(10, 4);
        let (mut one, mut other) = (InFlightGuard::nothing(&bytes), InFlightGuard::nothing(&bytes));
        assert!(one.grow(4) && other.grow(6) && one.grow(0));
        assert!(!one.grow(1));
        drop(one);
        assert!(other.grow(4) && !other.grow(1));
        drop(other);
        assert!(InFlightGuard::nothing(&bytes).grow(10));
    }

    #[test]
    fn the_last_place_is_found_wherever_it_is_at_hand() {
        let in_flight = InFlightLimit::new(1000, 16);
        for _ in 0..20 {
            thread::scope(|scope| {
                scope.spawn(|| drop((in_flight.enter(), in_flight.enter())));
            });
        }
        let places: Vec<_> = std::iter::from_fn(|| in_flight.enter()).collect();
        assert_eq!((places.len(), in_flight.taken()), (1000, 1000));
    }

    #[test]
    fn many_threads_never_have_more_than_the_bound_and_leave_nothing_taken() {
        let in_flight = InFlightLimit::new(64, 16);
        thread::scope(|scope| {
            for thread in 0..8 {
                let in_flight = &in_flight;
                scope.spawn(move || {
                    for round in 0..2000 {
                        let places: Vec<_> =
                            (0..(round + thread) % 20).filter_map(|_| in_flight.enter()).collect();
                        assert!(in_flight.taken() <= 64);
                        drop(places);
                    }
                });
            }
        });
        assert_eq!(in_flight.taken(), 0);
        assert!(InFlightGuard::nothing(&in_flight).grow(64));
    }
}
