//! The tokens that one worker has met last: the first level before the cache that all workers share. A hit here
//! writes no memory that another thread reads or writes.

use std::{cell::RefCell, sync::Arc};

use super::{Identity, cache::Entry};

/// Looks an entry up among those that this thread has kept.
pub(super) fn find<R>(
    cache: u64,
    hash: u64,
    is_it: impl FnOnce(&Entry) -> Option<R>,
) -> Option<(Arc<Identity>, R)> {
    with_slot(cache, hash, |slot| {
        let kept = slot.kept.as_mut().filter(|kept| kept.cache == cache && kept.hash == hash)?;
        let found = is_it(&kept.entry)?;
        kept.is_wanted = true;
        Some((Arc::clone(&kept.identity), found))
    })?
}

/// Keeps an entry in an empty place, and at the second meeting in a row in the place of another, unless that one was
/// used since it was last contested. Among a million tokens hardly any is met twice in a row, and no copies are made.
pub(super) fn keep(cache: u64, entry: &Arc<Entry>) {
    with_slot(cache, entry.hash, |slot| {
        let is_second = slot.met_last == entry.hash;
        slot.met_last = entry.hash;
        match &mut slot.kept {
            Some(kept) if kept.is_wanted && kept.hash != entry.hash => kept.is_wanted = false,
            Some(_) if !is_second => {}
            Some(_) | None => {
                let identity = Arc::new(entry.verified.identity.for_worker());
                let entry = Arc::clone(entry);
                slot.kept = Some(Kept { cache, hash: entry.hash, entry, identity, is_wanted: false });
            }
        }
    });
}

/// A place for one token.
#[derive(Default)]
struct Slot {
    /// The hash of the token that was last looked for here in vain.
    met_last: u64,
    kept: Option<Kept>,
}

/// One token of this worker.
struct Kept {
    /// Which cache it is of: a process may have several.
    cache: u64,
    hash: u64,
    entry: Arc<Entry>,
    /// The entry's, with counts that this thread alone writes.
    identity: Arc<Identity>,
    is_wanted: bool,
}

/// No slots where the thread is about to end.
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

/// A power of two. What a worker keeps is at most this many tokens beyond the bounds of the shared cache.
pub(super) const SLOT_COUNT: u64 = 2048;
