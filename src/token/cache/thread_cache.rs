//! The first level of the token cache: tokens that one thread has met lately. A hit here writes no memory that another
//! thread reads or writes.

use std::{cell::RefCell, sync::Arc};

use super::entry::Entry;
use crate::token::Identity;

/// Finds an entry that this thread has kept, if `is_match` accepts it.
pub(super) fn find(
    cache: u64,
    hash: u64,
    is_match: impl FnOnce(&Entry) -> bool,
) -> Option<Arc<Identity>> {
    with_slot(cache, hash, |slot| {
        let kept = slot
            .kept
            .as_mut()
            .filter(|kept| kept.cache == cache && kept.hash == hash)?;
        if !is_match(&kept.entry) {
            return None;
        }
        kept.was_hit = true;
        Some(Arc::clone(&kept.identity))
    })?
}

/// Admission policy. An empty slot takes the entry. An occupied slot is replaced only when the same token misses twice
/// in a row, and not if its entry was hit since the last attempt (second chance). A scan over many distinct tokens
/// therefore evicts nothing.
pub(super) fn admit(cache: u64, entry: &Arc<Entry>) {
    with_slot(cache, entry.hash, |slot| {
        let is_second_miss = slot.last_miss == entry.hash;
        slot.last_miss = entry.hash;
        match &mut slot.kept {
            Some(kept) if kept.was_hit && kept.hash != entry.hash => kept.was_hit = false,
            Some(_) if !is_second_miss => {}
            Some(_) | None => {
                let identity = Arc::new(entry.verified.identity.for_thread());
                let entry = Arc::clone(entry);
                slot.kept = Some(Kept {
                    cache,
                    hash: entry.hash,
                    entry,
                    identity,
                    was_hit: false,
                });
            }
        }
    });
}

/// Room for one token.
#[derive(Default)]
struct Slot {
    /// The hash of the last token that was looked for here and not found.
    last_miss: u64,
    kept: Option<Kept>,
}

/// A token that this thread keeps.
struct Kept {
    /// The cache that the entry belongs to: a process may have several.
    cache: u64,
    hash: u64,
    entry: Arc<Entry>,
    /// A copy of the entry's identity whose reference counts only this thread writes.
    identity: Arc<Identity>,
    /// Whether the entry was hit since another token last tried to replace it.
    was_hit: bool,
}

/// Runs `then` on the slot of a token. Does nothing while the thread ends and its slots are gone.
fn with_slot<R>(cache: u64, hash: u64, then: impl FnOnce(&mut Slot) -> R) -> Option<R> {
    SLOTS
        .try_with(|slots| {
            let mut slots = slots.try_borrow_mut().ok()?;
            let index = usize::try_from((hash ^ cache) % SLOT_COUNT).ok()?;
            slots.get_mut(index).map(then)
        })
        .ok()?
}

thread_local! {
    static SLOTS: RefCell<Box<[Slot]>> = RefCell::new((0..SLOT_COUNT).map(|_| Slot::default()).collect());
}

/// A power of two. A thread keeps at most this many tokens beyond the bounds of the shared cache.
pub(super) const SLOT_COUNT: u64 = 2048;
