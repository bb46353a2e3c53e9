//! Tokens that were verified, so that the next request with the same token costs a lookup.
//!
//! A hit needs the rules' number and every byte of the token; whether what was found still holds is asked each
//! time by the verifier.

use std::{fmt, sync::Arc};

use ahash::RandomState;
use quick_cache::{Equivalent, Weighter, sync::Cache};

use super::{Identity, validate::Validity};

/// A token's identity, and what it rests on.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) identity: Arc<Identity>,
    pub(super) validity: Validity,
    /// The index of the source whose key signed the token.
    pub(super) source: usize,
    /// The generation of the key set that the key was in.
    pub(super) generation: u64,
}

/// Verified tokens, at most 32 MiB and 32 768 of them.
pub(super) struct TokenCache(Cache<Key, Verified, ByBytes, RandomState>);

impl Default for TokenCache {
    fn default() -> Self {
        Self(Cache::with(MAX_ENTRIES, MAX_BYTES, ByBytes, RandomState::new(), Default::default()))
    }
}

impl TokenCache {
    pub(super) fn get(&self, rules: u64, token: &str) -> Option<Verified> {
        self.0.get(&Lookup { rules, token })
    }

    pub(super) fn insert(&self, rules: u64, token: &str, verified: Verified) {
        self.0.insert(Key { rules, token: token.into() }, verified);
    }

    pub(super) fn remove(&self, rules: u64, token: &str) {
        self.0.remove(&Lookup { rules, token });
    }
}

/// Tells the size, never the tokens.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    rules: u64,
    token: Box<str>,
}

/// A key that borrows. It hashes as [`Key`] does: same fields, same order.
#[derive(Hash)]
struct Lookup<'a> {
    rules: u64,
    token: &'a str,
}

impl Equivalent<Key> for Lookup<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.rules == key.rules && *self.token == *key.token
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Verified> for ByBytes {
    /// The floor makes the bound on bytes one on entries, too.
    fn weight(&self, key: &Key, verified: &Verified) -> u64 {
        let bytes = key.token.len() + verified.identity.byte_len() + OVERHEAD_BYTES;
        u64::try_from(bytes).unwrap_or(u64::MAX).max(MIN_WEIGHT)
    }
}

const MAX_BYTES: u64 = 32 * 1024 * 1024;
const MAX_ENTRIES: usize = 32 * 1024;
const MIN_WEIGHT: u64 = MAX_BYTES / MAX_ENTRIES as u64;
/// Structures, allocations' headers and the cache's own table.
const OVERHEAD_BYTES: usize = 640;

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(generation: u64) -> Verified {
        let identity = Arc::new(Identity::granted("mcp", "a b"));
        Verified { identity, validity: Validity::forever(), source: 0, generation }
    }

    #[test]
    fn rules_and_token_are_both_compared() {
        let cache = TokenCache::default();
        cache.insert(1, "token", verified(7));
        assert_eq!(cache.get(1, "token").unwrap().generation, 7);
        for (rules, token) in [(2, "token"), (1, "toke"), (1, "Token"), (1, "token "), (1, "")] {
            assert!(cache.get(rules, token).is_none(), "{rules} {token}");
        }
        cache.insert(1, "token", verified(8));
        assert_eq!(cache.get(1, "token").unwrap().generation, 8);
        cache.remove(1, "token");
        assert!(cache.get(1, "token").is_none());
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        let verified = verified(1);
        for length in [20, 16 * 1024] {
            let cache = TokenCache::default();
            for index in 0..MAX_ENTRIES + 2000 {
                cache.insert(1, &format!("{index:0length$}"), verified.clone());
            }
            assert!(cache.0.len() <= MAX_ENTRIES, "{}", cache.0.len());
            assert!(cache.0.len() as u64 * length as u64 <= MAX_BYTES, "{}", cache.0.len());
            assert!(cache.0.len() > 1000);
        }
    }

    #[test]
    fn tokens_are_not_shown() {
        let cache = TokenCache::default();
        cache.insert(1, "secret", verified(1));
        assert_eq!(format!("{cache:?}"), "TokenCache { len: 1, .. }");
    }
}
