//! First uses of the same token take turns: one worker checks the signature, the others find its result.
//!
//! A turn is held while a worker computes and never while it waits, so that nobody can be lost with a caller who
//! goes away. Waiting for a turn lets the worker do other work.

use tokio::sync::{Mutex, MutexGuard};

/// The turns of all tokens; tokens that share one by chance wait for each other some microseconds.
#[derive(Debug)]
pub(super) struct Turns(Box<[Mutex<()>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..COUNT).map(|_| Mutex::default()).collect())
    }
}

impl Turns {
    /// Waits for the turn of a token with this hash.
    pub(super) async fn take(&self, hash: u64) -> Option<MutexGuard<'_, ()>> {
        // The lowest bits choose a worker's slot and the highest a shard of the cache.
        let index = usize::try_from((hash >> 24) % COUNT).unwrap_or_default();
        match self.0.get(index) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }
}

const COUNT: u64 = 256;
