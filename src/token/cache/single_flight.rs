//! Lets one request at a time verify a token. Requests with the same token wait and then find its result in the cache.
//!
//! A flight is held while a thread computes and never while it waits for the network, so a caller that goes away holds
//! up no other request. A thread serves other requests while one of its requests waits for a flight.

use tokio::sync::{Mutex, MutexGuard};

/// A fixed number of locks; the hash of a token chooses one. Two tokens that share a lock by chance wait for each other
/// for some microseconds.
#[derive(Debug)]
pub(super) struct SingleFlight(Box<[Mutex<()>]>);

impl Default for SingleFlight {
    fn default() -> Self {
        Self((0..LOCK_COUNT).map(|_| Mutex::default()).collect())
    }
}

impl SingleFlight {
    /// Waits until no other request verifies a token with this hash.
    pub(super) async fn enter(&self, hash: u64) -> Option<MutexGuard<'_, ()>> {
        // The thread cache takes the lowest bits of the hash, the shared cache the highest.
        let index = usize::try_from((hash >> 24) % LOCK_COUNT).unwrap_or_default();
        match self.0.get(index) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}

const LOCK_COUNT: u64 = 256;
