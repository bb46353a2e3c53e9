//! A value with one shard per worker. If every worker wrote the same value on each request, its
//! cache line would move from core to core, which costs more than the rest of a decision. So each
//! worker writes its own cache line, and the reader adds the shards up.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crossbeam_utils::CachePadded;

/// One `T` per worker. If there are more threads than shards, some threads share one.
#[derive(Debug)]
pub struct Shards<T> {
    first: CachePadded<T>,
    others: Box<[CachePadded<T>]>,
}

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        let others = (1..*COUNT).map(|_| CachePadded::default()).collect();
        Self {
            first: CachePadded::default(),
            others,
        }
    }
}

impl<T> Shards<T> {
    /// The number of shards.
    #[must_use]
    pub fn count(&self) -> usize {
        self.others.len() + 1
    }

    /// The shard of the current thread.
    #[must_use]
    pub fn mine(&self) -> &T {
        let number = NUMBER.with(|number| *number) % self.count();
        number
            .checked_sub(1)
            .and_then(|index| self.others.get(index))
            .unwrap_or(&self.first)
    }

    /// All shards.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .map(|padded| &**padded)
    }
}

/// The number of shards: by default HTTP and gRPC each have a worker per processor. The few other
/// threads may share a shard with a worker.
static COUNT: LazyLock<usize> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    (2 * processors).next_power_of_two().min(MAX_COUNT)
});

thread_local! {
    static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

const MAX_COUNT: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn the_sum_has_what_every_thread_added() {
        let shards = Shards::<AtomicU64>::default();
        thread::scope(|scope| {
            for _ in 0..3 * shards.count() {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        shards.mine().fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let sum: u64 = shards
            .iter()
            .map(|shard| shard.load(Ordering::Relaxed))
            .sum();
        assert_eq!(sum, 3000 * shards.count() as u64);
        assert_eq!(shards.iter().count(), shards.count());
    }

    #[test]
    fn a_thread_keeps_its_shard() {
        let shards = Shards::<AtomicU64>::default();
        assert!(std::ptr::eq(shards.mine(), shards.mine()));
    }
}
