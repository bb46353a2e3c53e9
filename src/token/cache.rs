//! Tokens that were verified, so that the next request with the same token costs a lookup.
//!
//! A hit needs the rules' number and every byte of the token; whether what was found still holds is asked each
//! time by the verifier. Two levels: what a worker met last it finds without a write to shared memory.

use std::{
    fmt,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ahash::RandomState;
use quick_cache::{Equivalent, Weighter, sync::Cache};

use super::{CacheSettings, Identity, near, validate::Validity};

/// A token's identity, and what it rests on.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) identity: Arc<Identity>,
    pub(super) validity: Validity,
    /// The index of the source whose key signed the token.
    pub(super) source: usize,
    /// The serial of that key.
    pub(super) key: u64,
}

/// A token that was verified under the rules of this number.
pub(super) struct Entry {
    pub(super) hash: u64,
    rules: u64,
    token: Box<str>,
    pub(super) verified: Verified,
}

/// What the cache knows of a token.
#[derive(Debug)]
pub(super) enum Recalled {
    /// Verified before, and still good.
    Known(Arc<Identity>),
    /// Verified before, and no longer good; it is forgotten now.
    Outdated,
    Unknown,
}

/// Verified tokens, bounded in number and bytes.
pub(super) struct TokenCache {
    id: u64,
    hashing: RandomState,
    shared: Cache<Key, Arc<Entry>, ByBytes, BuildHasherDefault<CarriedHash>>,
}

impl TokenCache {
    pub(super) fn new(settings: CacheSettings) -> Self {
        let CacheSettings { max_entries, max_bytes } = settings;
        // The floor makes the bound on bytes one on entries, too.
        let by_bytes = ByBytes { floor: max_bytes / u64::try_from(max_entries.max(1)).unwrap_or(u64::MAX) };
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            hashing: RandomState::new(),
            shared: Cache::with(
                max_entries,
                max_bytes,
                by_bytes,
                BuildHasherDefault::default(),
                Default::default(),
            ),
        }
    }

    /// The key of a token under the rules of this number, hashed once.
    pub(super) fn lookup<'a>(&self, rules: u64, token: &'a str) -> Lookup<'a> {
        Lookup { hash: self.hashing.hash_one((rules, token)), rules, token }
    }

    /// Finds a token. What it finds must hold now, or counts for nothing.
    pub(super) fn recall(&self, lookup: Lookup<'_>, holds: impl Fn(&Verified) -> bool) -> Recalled {
        let is_it = |entry: &Entry| (lookup.is_key_of(entry) && holds(&entry.verified)).then_some(());
        if let Some((identity, ())) = near::find(self.id, lookup.hash, is_it) {
            return Recalled::Known(identity);
        }
        let Some(entry) = self.shared.get(&lookup) else { return Recalled::Unknown };
        if holds(&entry.verified) {
            near::keep(self.id, &entry);
            return Recalled::Known(Arc::clone(&entry.verified.identity));
        }
        self.shared.remove_if(&lookup, |known| Arc::ptr_eq(known, &entry));
        Recalled::Outdated
    }

    pub(super) fn insert(&self, Lookup { hash, rules, token }: Lookup<'_>, verified: Verified) {
        let entry = Arc::new(Entry { hash, rules, token: token.into(), verified });
        self.shared.insert(Key(Arc::clone(&entry)), entry);
    }

    /// How many tokens it holds.
    pub(super) fn len(&self) -> usize {
        self.shared.len()
    }

    /// The bytes that they are taken to need.
    pub(super) fn bytes(&self) -> u64 {
        self.shared.weight()
    }
}

/// Tells the size, never the tokens.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("len", &self.shared.len()).finish_non_exhaustive()
    }
}

/// A key that borrows, and carries its hash.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) hash: u64,
    rules: u64,
    token: &'a str,
}

impl Lookup<'_> {
    fn is_key_of(&self, entry: &Entry) -> bool {
        self.hash == entry.hash && self.rules == entry.rules && *self.token == *entry.token
    }
}

impl Hash for Lookup<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// The entry itself: the token is in memory once.
struct Key(Arc<Entry>);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let Entry { hash, rules, token, .. } = &*self.0;
        Lookup { hash: *hash, rules: *rules, token }.is_key_of(&other.0)
    }
}

impl Eq for Key {}

impl Equivalent<Key> for Lookup<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.is_key_of(&key.0)
    }
}

/// Takes the hash that a key carries.
#[derive(Default)]
struct CarriedHash(u64);

impl Hasher for CarriedHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[derive(Clone)]
struct ByBytes {
    floor: u64,
}

impl Weighter<Key, Arc<Entry>> for ByBytes {
    fn weight(&self, _key: &Key, entry: &Arc<Entry>) -> u64 {
        let bytes = entry.token.len() + entry.verified.identity.byte_len() + OVERHEAD_BYTES;
        u64::try_from(bytes).unwrap_or(u64::MAX).max(self.floor)
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// Structures, allocations' headers and the cache's own table.
const OVERHEAD_BYTES: usize = 896;

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: CacheSettings = CacheSettings { max_entries: 1 << 15, max_bytes: 32 << 20 };

    fn verified(key: u64) -> Verified {
        let identity = Arc::new(Identity::granted("mcp", "a b"));
        Verified { identity, validity: Validity::forever(), source: 0, key }
    }

    fn cache() -> TokenCache {
        TokenCache::new(SETTINGS)
    }

    /// Whether a token is known, signed by whatever key `holds` likes.
    fn recall(cache: &TokenCache, rules: u64, token: &str, holds: impl Fn(u64) -> bool) -> &'static str {
        match cache.recall(cache.lookup(rules, token), |verified| holds(verified.key)) {
            Recalled::Known(_) => "known",
            Recalled::Outdated => "outdated",
            Recalled::Unknown => "unknown",
        }
    }

    #[test]
    fn rules_and_token_are_both_compared_at_both_levels() {
        let cache = cache();
        cache.insert(cache.lookup(1, "token"), verified(7));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |key| key == 7), "known");
            for (rules, token) in [(2, "token"), (1, "toke"), (1, "Token"), (1, "token "), (1, "")] {
                assert_eq!(recall(&cache, rules, token, |_| true), "unknown", "{rules} {token}");
            }
        }
    }

    #[test]
    fn two_caches_of_one_thread_know_nothing_of_each_other() {
        let (one, other) = (cache(), cache());
        one.insert(one.lookup(1, "token"), verified(7));
        for _ in 0..3 {
            assert_eq!(recall(&one, 1, "token", |_| true), "known");
        }
        assert_eq!(recall(&other, 1, "token", |_| true), "unknown");
    }

    #[test]
    fn what_no_longer_holds_is_forgotten_at_both_levels() {
        let cache = cache();
        cache.insert(cache.lookup(1, "token"), verified(7));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |_| true), "known");
        }
        assert_eq!(recall(&cache, 1, "token", |_| false), "outdated");
        assert_eq!(recall(&cache, 1, "token", |_| false), "unknown");
    }

    #[test]
    fn what_another_worker_has_verified_anew_counts_before_what_this_one_kept() {
        let cache = cache();
        cache.insert(cache.lookup(1, "token"), verified(7));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |_| true), "known");
        }
        cache.insert(cache.lookup(1, "token"), verified(8));
        for _ in 0..3 {
            assert_eq!(recall(&cache, 1, "token", |key| key == 8), "known");
        }
    }

    #[test]
    fn a_key_that_leaves_takes_what_every_worker_has_kept_along() {
        let cache = cache();
        cache.insert(cache.lookup(1, "token"), verified(7));
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
    fn a_place_is_not_taken_from_a_token_in_use_at_once() {
        let cache = cache();
        let tokens: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
        let slot = |token: &str| cache.lookup(1, token).hash % near::SLOT_COUNT;
        let rivals: Vec<_> = tokens.iter().filter(|token| slot(token) == slot("0")).take(2).collect();
        for token in &rivals {
            cache.insert(cache.lookup(1, token), verified(7));
        }
        let is_near = |token: &str| {
            let lookup = cache.lookup(1, token);
            near::find(cache.id, lookup.hash, |entry| lookup.is_key_of(entry).then_some(())).is_some()
        };
        let meet = |token: &str| assert_eq!(recall(&cache, 1, token, |_| true), "known");
        meet(rivals[0]);
        assert!(is_near(rivals[0]), "the place was empty, and this look was a use");
        meet(rivals[1]);
        assert!(!is_near(rivals[1]), "the first one was used");
        meet(rivals[0]);
        meet(rivals[1]);
        assert!(!is_near(rivals[1]), "it was used again");
        meet(rivals[1]);
        assert!(is_near(rivals[1]));
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        let verified = verified(1);
        for (length, settings) in
            [(20, SETTINGS), (16 * 1024, SETTINGS), (20, CacheSettings { max_entries: 1000, ..SETTINGS })]
        {
            let cache = TokenCache::new(settings);
            for index in 0..settings.max_entries + 2000 {
                cache.insert(cache.lookup(1, &format!("{index:0length$}")), verified.clone());
            }
            assert!(cache.len() <= settings.max_entries, "{}", cache.len());
            assert!(cache.len() as u64 * length as u64 <= settings.max_bytes, "{}", cache.len());
            assert!(cache.bytes() <= settings.max_bytes);
            assert!(cache.len() > 900, "{}", cache.len());
        }
    }

    #[test]
    fn tokens_are_not_shown() {
        let cache = cache();
        cache.insert(cache.lookup(1, "secret"), verified(1));
        assert_eq!(format!("{cache:?}"), "TokenCache { len: 1, .. }");
    }
}
