//! The limits on what is in flight: a number of requests, and the bytes of their bodies. Each limit
//! is a counting semaphore that fails at once instead of waiting.
//!
//! If all workers shared one counter, each of them would write it twice per request. So each worker
//! keeps a small reserve for its next requests and returns a surplus. A request is refused only if
//! the shared counter and the reserves of all workers are empty.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

use crate::telemetry::metrics::Shards;

/// A limit on what is in flight, counted in requests or in bytes.
#[derive(Debug)]
pub struct InFlightLimit {
    max: usize,
    /// How much a worker acquires at a time to refill its reserve.
    batch: usize,
    /// The part that is neither in flight nor in a reserve.
    free: CachePadded<AtomicUsize>,
    /// The reserve of each worker.
    reserves: Shards<AtomicUsize>,
}

impl InFlightLimit {
    /// A limit of `max`. A reserve holds at most twice `batch`, and all reserves together at most
    /// half of `max`.
    pub(super) fn new(max: usize, batch: usize) -> Self {
        let reserves = Shards::<AtomicUsize>::default();
        let batch = batch.min(max / (4 * reserves.count()));
        Self {
            max,
            batch,
            free: CachePadded::new(AtomicUsize::new(max)),
            reserves,
        }
    }

    /// Counts one request until the guard is dropped; `None` if the limit is reached.
    pub(super) fn enter(&self) -> Option<InFlightGuard<&Self>> {
        let mut guard = InFlightGuard::empty(self);
        guard.grow(1).then_some(guard)
    }

    /// The limit.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// How much is in flight. It is approximate while workers acquire and release.
    pub(super) fn in_flight(&self) -> usize {
        let reserved: usize = self
            .reserves
            .iter()
            .map(|reserve| reserve.load(Ordering::Relaxed))
            .sum();
        self.max
            .saturating_sub(self.free.load(Ordering::Relaxed))
            .saturating_sub(reserved)
    }

    /// Acquires all of `size` or nothing. Returns whether it did.
    fn acquire(&self, size: usize) -> bool {
        let reserve = self.reserves.mine();
        if take_all(reserve, size) {
            return true;
        }
        let taken = take_up_to(&self.free, size.saturating_add(self.batch));
        if let Some(rest) = taken.checked_sub(size) {
            reserve.fetch_add(rest, Ordering::Relaxed);
            return true;
        }
        self.acquire_from_reserves(taken, size)
    }

    /// Adds to `taken` from the reserves of all workers until it is `size`. If they hold too
    /// little, it releases everything.
    fn acquire_from_reserves(&self, mut taken: usize, size: usize) -> bool {
        for reserve in self.reserves.iter() {
            taken += take_up_to(reserve, size - taken);
            if taken == size {
                return true;
            }
        }
        self.free.fetch_add(taken, Ordering::Relaxed);
        false
    }

    /// Returns `size` to the worker's reserve, and a surplus of the reserve to the shared counter.
    fn release(&self, size: usize) {
        if self.batch == 0 {
            self.free.fetch_add(size, Ordering::Relaxed);
            return;
        }
        let reserve = self.reserves.mine();
        let now = reserve.fetch_add(size, Ordering::Relaxed) + size;
        if now > 2 * self.batch {
            let surplus = take_up_to(reserve, now - self.batch);
            self.free.fetch_add(surplus, Ordering::Relaxed);
        }
    }
}

/// Subtracts `size` from the counter if it holds that much. Returns whether it did.
fn take_all(counter: &AtomicUsize, size: usize) -> bool {
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
            free.checked_sub(size)
        })
        .is_ok()
}

/// Subtracts `size` from the counter, or all that it holds if that is less. Returns how much.
fn take_up_to(counter: &AtomicUsize, size: usize) -> usize {
    let taken = |free: usize| free.min(size);
    let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
        Some(free - taken(free))
    });
    before.map_or(0, taken)
}

impl AsRef<Self> for InFlightLimit {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A share of a limit. Dropping it releases the share.
#[derive(Debug)]
pub struct InFlightGuard<P: AsRef<InFlightLimit>> {
    limit: P,
    size: usize,
}

impl<P: AsRef<InFlightLimit>> InFlightGuard<P> {
    /// A guard of size 0.
    pub(super) fn empty(limit: P) -> Self {
        Self { limit, size: 0 }
    }

    /// Acquires `more` of the limit. Returns whether it did; if not, the guard is unchanged.
    pub fn grow(&mut self, more: usize) -> bool {
        let is_acquired = more == 0 || self.limit.as_ref().acquire(more);
        if is_acquired {
            self.size += more;
        }
        is_acquired
    }
}

impl<P: AsRef<InFlightLimit>> Drop for InFlightGuard<P> {
    fn drop(&mut self) {
        if self.size > 0 {
            self.limit.as_ref().release(self.size);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{InFlightGuard, InFlightLimit};

    #[test]
    fn a_refused_request_is_not_counted() {
        let in_flight = InFlightLimit::new(1, 16);
        let first = in_flight.enter();
        assert!(first.is_some());
        assert!(in_flight.enter().is_none());
        assert_eq!(in_flight.in_flight(), 1);
        drop(first);
        assert!(in_flight.enter().is_some());
        assert_eq!(in_flight.in_flight(), 0);
    }

    #[test]
    fn a_dropped_guard_releases_all_that_it_acquired() {
        let bytes = InFlightLimit::new(10, 4);
        let (mut one, mut other) = (InFlightGuard::empty(&bytes), InFlightGuard::empty(&bytes));
        assert!(one.grow(4) && other.grow(6) && one.grow(0));
        assert!(!one.grow(1));
        drop(one);
        assert!(other.grow(4) && !other.grow(1));
        drop(other);
        assert!(InFlightGuard::empty(&bytes).grow(10));
    }

    #[test]
    fn a_request_may_use_the_reserves_of_other_workers() {
        let in_flight = InFlightLimit::new(1000, 16);
        for _ in 0..20 {
            thread::scope(|scope| {
                scope.spawn(|| drop((in_flight.enter(), in_flight.enter())));
            });
        }
        let guards: Vec<_> = std::iter::from_fn(|| in_flight.enter()).collect();
        assert_eq!((guards.len(), in_flight.in_flight()), (1000, 1000));
    }

    #[test]
    fn many_threads_never_exceed_the_limit_and_release_everything() {
        let in_flight = InFlightLimit::new(64, 16);
        thread::scope(|scope| {
            for thread in 0..8 {
                let in_flight = &in_flight;
                scope.spawn(move || {
                    for round in 0..2000 {
                        let guards: Vec<_> = (0..(round + thread) % 20)
                            .filter_map(|_| in_flight.enter())
                            .collect();
                        assert!(in_flight.in_flight() <= 64);
                        drop(guards);
                    }
                });
            }
        });
        assert_eq!(in_flight.in_flight(), 0);
        assert!(InFlightGuard::empty(&in_flight).grow(64));
    }
}
