//! The handle of a key source for the request path. Reading the snapshot never waits. Only a
//! request whose key is missing may wait, for a bounded time.

use std::{convert::Infallible, fmt, sync::Arc};

use arc_swap::{ArcSwap, Guard};
use tokio::{
    sync::{Semaphore, oneshot, watch},
    time::timeout,
};

use super::{
    KeySet, KeySnapshot, KeysError, SecretSettings, UnknownKidSettings, VerifyingKey,
    actor::Mailbox, metrics::SourceMetrics,
};

/// A source of keys, fetched or fixed. Clones are handles of the same source.
#[derive(Clone)]
pub struct KeysHandle {
    snapshot: Arc<ArcSwap<KeySnapshot>>,
    remote: Option<Arc<Remote>>,
}

/// Why a token needs a refresh. Each variant has its own token bucket, so that forged signatures
/// cannot use up the fetches that a rotation of keys needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No key has the token's `kid`.
    Kid,
    /// A key has the `kid`, but does not verify the signature. The provider may have a new key with
    /// the old `kid`.
    Signature,
}

impl KeysHandle {
    /// The source of a shared secret.
    #[must_use]
    pub fn of_secret(settings: &SecretSettings) -> Self {
        Self::fixed([VerifyingKey::of_secret(settings)].into_iter().collect())
    }

    /// A source of keys that never change.
    #[must_use]
    pub fn fixed(keys: KeySet) -> Self {
        Self {
            snapshot: Arc::new(ArcSwap::from_pointee(KeySnapshot::fixed(keys))),
            remote: None,
        }
    }

    pub(super) fn remote(snapshot: Arc<ArcSwap<KeySnapshot>>, remote: Remote) -> Self {
        Self {
            snapshot,
            remote: Some(Arc::new(remote)),
        }
    }

    /// The present snapshot, without a lock. Do not hold the guard across an `await`.
    #[must_use]
    pub fn snapshot(&self) -> Guard<Arc<KeySnapshot>> {
        self.snapshot.load()
    }

    /// Asks for a refresh because of a token, and waits until the round ends, at most
    /// `refresh_unknown_kid.max_wait`. It returns at once if such refreshes are switched off, if
    /// the bucket is empty, if [`MAX_WAITING`] tokens already wait, or if a round has ended since
    /// the snapshot with this `round`. The caller reads a new snapshot afterwards.
    pub async fn refresh_for(&self, missing: Missing, round: u64) {
        if let Some(remote) = &self.remote {
            remote.refresh_for(missing, round).await;
        }
    }

    /// Waits until the first fetch has succeeded or failed. There is no time limit; the caller sets
    /// one.
    pub async fn first_answer(&self) {
        let Some(remote) = &self.remote else { return };
        let mut rounds = remote.rounds.clone();
        while !self.snapshot.load().has_answered() {
            if rounds.changed().await.is_err() {
                return;
            }
        }
    }

    /// Fetches now, or joins the present fetch, and waits until it ends.
    ///
    /// # Errors
    /// If the fetch failed, or the actor has ended.
    pub async fn refresh(&self) -> Result<(), KeysError> {
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        remote
            .mailbox
            .refresh()
            .await
            .map_err(|_| KeysError::ActorGone)?;
        self.snapshot
            .load()
            .last_failure
            .clone()
            .map_or(Ok(()), |cause| Err(KeysError::Fetch(cause)))
    }

    /// Whether the actor of the source answers within two seconds. A source without an actor is
    /// always alive.
    pub async fn is_alive(&self) -> bool {
        match &self.remote {
            Some(remote) => remote.mailbox.is_alive().await,
            None => true,
        }
    }
}

impl fmt::Debug for KeysHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysHandle")
            .field("snapshot", &self.snapshot.load())
            .finish_non_exhaustive()
    }
}

/// The part of a fetched source besides its snapshot.
pub(super) struct Remote {
    mailbox: Mailbox,
    settings: UnknownKidSettings,
    waiting: Semaphore,
    rounds: watch::Receiver<u64>,
    metrics: Arc<SourceMetrics>,
    /// The actor ends when this is dropped with the last handle.
    _alive: oneshot::Sender<Infallible>,
}

impl Remote {
    pub(super) fn new(
        mailbox: Mailbox,
        settings: UnknownKidSettings,
        rounds: watch::Receiver<u64>,
        metrics: Arc<SourceMetrics>,
        alive: oneshot::Sender<Infallible>,
    ) -> Self {
        Self {
            mailbox,
            settings,
            waiting: Semaphore::new(MAX_WAITING),
            rounds,
            metrics,
            _alive: alive,
        }
    }

    async fn refresh_for(&self, missing: Missing, round: u64) {
        if missing == Missing::Kid {
            self.metrics.record_unknown_kid();
        }
        if !self.settings.enabled {
            return;
        }
        let Ok(_waiting_guard) = self.waiting.try_acquire() else {
            return;
        };
        // After a timeout, or if the actor has ended, the caller does the same: it reads the
        // snapshot again.
        let _ = timeout(self.settings.max_wait, self.mailbox.report(missing, round)).await;
    }
}

/// How many tokens may wait for the refresh of one source at once.
pub const MAX_WAITING: usize = 64;
