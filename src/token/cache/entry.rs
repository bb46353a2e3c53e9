//! An entry of the shared cache and its key. The key carries its hash, so that a lookup hashes the token once.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use quick_cache::{Equivalent, Weighter};

use crate::token::{CacheSettings, verify::Verified};

/// A token that was verified under the rules of this number.
pub(super) struct Entry {
    pub(super) hash: u64,
    rules: u64,
    token: Box<str>,
    pub(super) verified: Verified,
}

/// The key of a lookup. It borrows the token and carries its hash.
#[derive(Clone, Copy)]
pub(super) struct CacheKey<'a> {
    pub(super) hash: u64,
    rules: u64,
    token: &'a str,
}

impl<'a> CacheKey<'a> {
    /// The key of a token under the rules of this number. `hash` is the hash of both.
    pub(super) fn new(hash: u64, rules: u64, token: &'a str) -> Self {
        Self { hash, rules, token }
    }

    /// The entry of this key.
    pub(super) fn entry(self, verified: Verified) -> Entry {
        let Self { hash, rules, token } = self;
        Entry {
            hash,
            rules,
            token: token.into(),
            verified,
        }
    }

    /// Whether the entry is of this token, under the same rules. Compares every byte.
    pub(super) fn is_key_of(&self, entry: &Entry) -> bool {
        self.hash == entry.hash && self.rules == entry.rules && *self.token == *entry.token
    }
}

impl Hash for CacheKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// The key of an entry is the entry itself, so that the token is in memory once.
pub(super) struct StoredKey(pub(super) Arc<Entry>);

impl Hash for StoredKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialEq for StoredKey {
    fn eq(&self, other: &Self) -> bool {
        let Entry {
            hash, rules, token, ..
        } = &*self.0;
        CacheKey {
            hash: *hash,
            rules: *rules,
            token,
        }
        .is_key_of(&other.0)
    }
}

impl Eq for StoredKey {}

impl Equivalent<StoredKey> for CacheKey<'_> {
    fn equivalent(&self, key: &StoredKey) -> bool {
        self.is_key_of(&key.0)
    }
}

/// Returns the hash that a key carries instead of computing one.
#[derive(Default)]
pub(super) struct CarriedHash(u64);

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

/// Weighs an entry by its estimated size in bytes.
#[derive(Clone)]
pub(super) struct ByBytes {
    floor: u64,
}

impl ByBytes {
    /// Each entry weighs at least its share of the bytes, so that the bound on bytes also bounds the number of entries.
    pub(super) fn of(settings: CacheSettings) -> Self {
        let max_entries = u64::try_from(settings.max_entries.max(1)).unwrap_or(u64::MAX);
        Self {
            floor: settings.max_bytes / max_entries,
        }
    }
}

impl Weighter<StoredKey, Arc<Entry>> for ByBytes {
    fn weight(&self, _key: &StoredKey, entry: &Arc<Entry>) -> u64 {
        let bytes = entry.token.len() + entry.verified.identity.byte_len() + OVERHEAD_BYTES;
        u64::try_from(bytes).unwrap_or(u64::MAX).max(self.floor)
    }
}

/// Structures, headers of allocations and the table of the cache, for each entry.
const OVERHEAD_BYTES: usize = 896;
