//! The second level of the token cache: verified tokens that all threads share, bounded in number and bytes.
//!
//! A hit needs the number of the rules and every byte of the token. Whether the entry still holds is the caller's
//! question at each hit.

use std::{
    fmt,
    hash::BuildHasherDefault,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ahash::RandomState;
use quick_cache::sync::Cache;

use super::{
    entry::{ByBytes, CacheKey, CarriedHash, Entry, StoredKey},
    thread_cache,
};
use crate::token::{CacheSettings, Identity, verify::Verified};

/// What the cache knows of a token.
#[derive(Debug)]
pub(super) enum Recalled {
    /// The token was verified before, and the result still holds.
    Known(Arc<Identity>),
    /// The token was verified before, and the result no longer holds. The entry is removed.
    Outdated,
    /// The cache does not have the token.
    Unknown,
}

/// Verified tokens of all threads, behind the tokens that each thread keeps.
pub(super) struct SharedCache {
    /// Tells the caches of a process apart in the slots of a thread.
    id: u64,
    hashing: RandomState,
    entries: Cache<StoredKey, Arc<Entry>, ByBytes, BuildHasherDefault<CarriedHash>>,
}

impl SharedCache {
    pub(super) fn new(settings: CacheSettings) -> Self {
        let CacheSettings {
            max_entries,
            max_bytes,
        } = settings;
        let by_bytes = ByBytes::of(settings);
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            hashing: RandomState::new(),
            entries: Cache::with(
                max_entries,
                max_bytes,
                by_bytes,
                BuildHasherDefault::default(),
                Default::default(),
            ),
        }
    }

    /// The key of a token under the rules of this number. It is hashed here, once.
    pub(super) fn key<'a>(&self, rules: u64, token: &'a str) -> CacheKey<'a> {
        CacheKey::new(self.hashing.hash_one((rules, token)), rules, token)
    }

    /// Looks a token up in the thread cache, then in this one. An entry counts only if `holds` returns true for it.
    pub(super) fn recall(&self, key: CacheKey<'_>, holds: impl Fn(&Verified) -> bool) -> Recalled {
        let is_match = |entry: &Entry| key.is_key_of(entry) && holds(&entry.verified);
        if let Some(identity) = thread_cache::find(self.id, key.hash, is_match) {
            return Recalled::Known(identity);
        }
        let Some(entry) = self.entries.get(&key) else {
            return Recalled::Unknown;
        };
        if holds(&entry.verified) {
            thread_cache::admit(self.id, &entry);
            return Recalled::Known(Arc::clone(&entry.verified.identity));
        }
        self.entries
            .remove_if(&key, |known| Arc::ptr_eq(known, &entry));
        Recalled::Outdated
    }

    /// Adds a token, or replaces its entry.
    pub(super) fn insert(&self, key: CacheKey<'_>, verified: Verified) {
        let entry = Arc::new(key.entry(verified));
        self.entries.insert(StoredKey(Arc::clone(&entry)), entry);
    }

    /// How many tokens it holds.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The estimated size of all entries in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.entries.weight()
    }
}

/// Shows the number of tokens and never a token.
impl fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache")
            .field("len", &self.entries.len())
            .finish_non_exhaustive()
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: CacheSettings = CacheSettings {
        max_entries: 1 << 15,
        max_bytes: 32 << 20,
    };

    fn cache() -> SharedCache {
        SharedCache::new(SETTINGS)
    }

    /// What the cache knows of a token, if its entry holds whenever `holds` accepts the key.
    fn recall(
        cache: &SharedCache,
        rules: u64,
        token: &str,
        holds: impl Fn(u64) -> bool,
    ) -> &'static str {
        match cache.recall(cache.key(rules, token), |verified| holds(verified.key())) {
            Recalled::Known(_) => "known",
            Recalled::Outdated => "outdated",
            Recalled::Unknown => "unknown",
        }
    }

    #[test]
    fn rules_and_token_are_both_compared_at_both_levels() {
        let cache = cache();
        cache.insert(cache.key(1, "token"), Verified::signed_by(7));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |key| key == 7), "known");
            for (rules, token) in [
                (2, "token"),
                (1, "toke"),
                (1, "Token"),
                (1, "token "),
                (1, ""),
            ] {
                assert_eq!(
                    recall(&cache, rules, token, |_| true),
                    "unknown",
                    "{rules} {token}"
                );
            }
        }
    }

    #[test]
    fn two_caches_share_no_entry_of_a_thread() {
        let (one, other) = (cache(), cache());
        one.insert(one.key(1, "token"), Verified::signed_by(7));
        for _ in 0..3 {
            assert_eq!(recall(&one, 1, "token", |_| true), "known");
        }
        assert_eq!(recall(&other, 1, "token", |_| true), "unknown");
    }

    #[test]
    fn an_entry_that_no_longer_holds_is_removed_at_both_levels() {
        let cache = cache();
        cache.insert(cache.key(1, "token"), Verified::signed_by(7));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |_| true), "known");
        }
        assert_eq!(recall(&cache, 1, "token", |_| false), "outdated");
        assert_eq!(recall(&cache, 1, "token", |_| false), "unknown");
    }

    #[test]
    fn a_token_verified_again_by_another_thread_replaces_the_entry_of_this_one() {
        let cache = cache();
        cache.insert(cache.key(1, "token"), Verified::signed_by(7));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |_| true), "known");
        }
        cache.insert(cache.key(1, "token"), Verified::signed_by(8));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |key| key == 8), "known");
        }
    }

    #[test]
    fn a_removed_key_invalidates_the_entries_of_every_thread() {
        let cache = cache();
        cache.insert(cache.key(1, "token"), Verified::signed_by(7));
        let (keys, kept) = (AtomicU64::new(7), std::sync::Barrier::new(3));
        std::thread::scope(|scope| {
            let worker = || {
                let holds = |key| key == keys.load(Ordering::SeqCst);
                let again = || recall(&cache, 1, "token", holds);
                let before = [again(), again(), again()];
                kept.wait();
                kept.wait();
                (before, again() == "known")
            };
            let workers = [scope.spawn(worker), scope.spawn(worker)];
            kept.wait();
            keys.store(8, Ordering::SeqCst);
            kept.wait();
            for worker in workers {
                assert_eq!(worker.join().unwrap(), (["known", "known", "known"], false));
            }
        });
    }

    #[test]
    fn a_slot_is_not_taken_at_once_from_a_token_in_use() {
        let cache = cache();
        let tokens: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
        let slot = |token: &str| cache.key(1, token).hash % thread_cache::SLOT_COUNT;
        let rivals: Vec<_> = tokens
            .iter()
            .filter(|token| slot(token) == slot("0"))
            .take(2)
            .collect();
        for token in &rivals {
            cache.insert(cache.key(1, token), Verified::signed_by(7));
        }
        let is_kept = |token: &str| {
            let key = cache.key(1, token);
            thread_cache::find(cache.id, key.hash, |entry| key.is_key_of(entry)).is_some()
        };
        let meet = |token: &str| assert_eq!(recall(&cache, 1, token, |_| true), "known");
        meet(rivals[0]);
        assert!(
            is_kept(rivals[0]),
            "the slot was empty, and this look was a hit"
        );
        meet(rivals[1]);
        assert!(!is_kept(rivals[1]), "the first one was hit");
        meet(rivals[0]);
        meet(rivals[1]);
        assert!(!is_kept(rivals[1]), "it was hit again");
        meet(rivals[1]);
        assert!(is_kept(rivals[1]));
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        let verified = Verified::signed_by(1);
        for (length, settings) in [
            (20, SETTINGS),
            (16 * 1024, SETTINGS),
            (
                20,
                CacheSettings {
                    max_entries: 1000,
                    ..SETTINGS
                },
            ),
        ] {
            let cache = SharedCache::new(settings);
            for index in 0..settings.max_entries + 2000 {
                cache.insert(cache.key(1, &format!("{index:0length$}")), verified.clone());
            }
            assert!(cache.len() <= settings.max_entries, "{}", cache.len());
            assert!(
                cache.len() as u64 * length as u64 <= settings.max_bytes,
                "{}",
                cache.len()
            );
            assert!(cache.bytes() <= settings.max_bytes);
            assert!(cache.len() > 900, "{}", cache.len());
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let cache = cache();
        cache.insert(cache.key(1, "secret"), Verified::signed_by(1));
        assert_eq!(format!("{cache:?}"), "SharedCache { len: 1, .. }");
    }
}
