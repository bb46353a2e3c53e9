//! An immutable snapshot of a source's keys and of its last fetches. Every thread that verifies
//! shares it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{KeySet, RemoteSettings, SkippedKey, freshness::Freshness};
use crate::{clock::Uptime, domain::Issuer};

/// The keys of one source, with the state of its fetches.
#[derive(Clone, Debug)]
pub struct KeySnapshot {
    /// The last good keys.
    pub keys: Arc<KeySet>,
    /// A number that is unique among the key sets of this process. It changes only when the usable
    /// keys or their issuer change.
    pub generation: u64,
    /// The issuer in the discovery document.
    pub issuer: Option<Issuer>,
    /// When the last successful fetch ended.
    pub last_success: Option<Uptime>,
    /// When that fetch began. Its answer lacks keys that the provider published later.
    pub asked_at: Option<Uptime>,
    /// The number of fetches that have ended.
    pub round: u64,
    /// Why the last fetch failed, with its URL, safe to show; `None` if it succeeded.
    pub last_failure: Option<String>,
    /// The keys of the last good set that scopegate does not use.
    pub skipped: Vec<SkippedKey>,
    freshness: Freshness,
}

/// The result of a successful fetch.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// The usable keys.
    pub(super) keys: KeySet,
    /// The keys that scopegate does not use, with the causes.
    pub(super) skipped: Vec<SkippedKey>,
    /// The issuer in the discovery document, if there was one.
    pub(super) issuer: Option<Issuer>,
}

impl KeySnapshot {
    /// Keys that are not fetched and never age.
    #[must_use]
    pub fn fixed(keys: KeySet) -> Self {
        Self::new(keys, Freshness::Fixed)
    }

    /// The snapshot before the first fetch: no keys.
    #[must_use]
    pub fn unknown(settings: &RemoteSettings) -> Self {
        let (max_stale, fresh_for) = (settings.max_stale, settings.unknown_kid.interval);
        Self::new(
            KeySet::default(),
            Freshness::Limited {
                max_stale,
                fresh_for,
            },
        )
    }

    fn new(keys: KeySet, freshness: Freshness) -> Self {
        Self {
            keys: Arc::new(keys),
            generation: next_generation(),
            issuer: None,
            last_success: None,
            asked_at: None,
            round: 0,
            last_failure: None,
            skipped: Vec::new(),
            freshness,
        }
    }

    /// Whether these keys may verify tokens: the last successful fetch is at most `max_stale` old.
    #[must_use]
    pub fn is_usable(&self, now: Uptime) -> bool {
        self.freshness.is_usable(self.age(now))
    }

    /// Whether a key that is missing here is missing at the provider too: a fetch succeeded after
    /// the request `arrived`, or within `refresh_unknown_kid.interval` before `now` and no later
    /// fetch has failed. If a provider publishes a new key and then fails, its tokens are not
    /// refused as having an unknown key.
    #[must_use]
    pub fn is_fresh(&self, arrived: Uptime, now: Uptime) -> bool {
        let is_after_arrival = self.last_success.is_some_and(|success| success >= arrived);
        let is_recent = self.freshness.is_fresh(self.age(now)) && self.last_failure.is_none();
        self.freshness.is_fixed() || is_after_arrival || is_recent
    }

    /// Whether the first fetch has succeeded or failed.
    #[must_use]
    pub const fn has_answered(&self) -> bool {
        self.freshness.is_fixed() || self.last_success.is_some() || self.last_failure.is_some()
    }

    /// The snapshot after a fetch that began at `asked_at` and succeeded.
    #[must_use]
    pub(super) fn succeed(&self, fetched: Fetched, asked_at: Uptime, now: Uptime) -> Self {
        let is_same_issuer = self.issuer == fetched.issuer;
        let is_same = is_same_issuer && *self.keys == fetched.keys;
        let keys = if is_same {
            Arc::clone(&self.keys)
        } else if is_same_issuer {
            Arc::new(fetched.keys.continuing(&self.keys))
        } else {
            Arc::new(fetched.keys)
        };
        Self {
            keys,
            generation: if is_same {
                self.generation
            } else {
                next_generation()
            },
            issuer: fetched.issuer,
            last_success: Some(now),
            asked_at: Some(asked_at),
            round: self.round + 1,
            last_failure: None,
            skipped: fetched.skipped,
            freshness: self.freshness,
        }
    }

    /// The snapshot after a fetch that failed. It has the same keys as before.
    #[must_use]
    pub(super) fn fail(&self, cause: String) -> Self {
        Self {
            last_failure: Some(cause),
            round: self.round + 1,
            ..self.clone()
        }
    }

    fn age(&self, now: Uptime) -> Option<Duration> {
        self.last_success.map(|success| now.saturating_sub(success))
    }
}

fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, SecretKey, SecretSettings, VerifyingKey, tests::test_settings};

    const SECOND: Duration = Duration::from_secs(1);

    fn unknown() -> KeySnapshot {
        let mut settings = test_settings("https://auth.example.com/keys");
        settings.max_stale = SECOND * 100;
        settings.unknown_kid.interval = SECOND * 10;
        KeySnapshot::unknown(&settings)
    }

    fn fetched(secret: &[u8]) -> Fetched {
        let (secret, algorithm) = (SecretKey::new(secret), Algorithm::Hs256);
        let key = VerifyingKey::of_secret(&SecretSettings {
            secret,
            algorithm,
            key_id: "a".to_owned(),
        });
        Fetched {
            keys: [key].into_iter().collect(),
            skipped: Vec::new(),
            issuer: None,
        }
    }

    #[test]
    fn before_any_success_nothing_is_usable_or_fresh() {
        let start = unknown();
        assert!(
            !start.has_answered() && !start.is_usable(SECOND) && !start.is_fresh(SECOND, SECOND)
        );
        let failed = start.fail("status 500".to_owned());
        assert!(
            failed.has_answered() && !failed.is_usable(SECOND) && !failed.is_fresh(SECOND, SECOND)
        );
    }

    #[test]
    fn the_last_good_keys_are_usable_until_max_stale() {
        let good = unknown().succeed(fetched(b"1"), SECOND, SECOND);
        let failed = good.fail("status 500".to_owned());
        assert_eq!((failed.generation, failed.keys.len()), (good.generation, 1));
        assert!(failed.is_usable(SECOND * 101));
        assert!(!failed.is_usable(SECOND * 102));
        assert_eq!(
            failed
                .succeed(fetched(b"1"), SECOND, SECOND * 103)
                .last_failure,
            None
        );
    }

    #[test]
    fn keys_are_fresh_only_after_a_recent_success() {
        let good = unknown().succeed(fetched(b"1"), SECOND, SECOND * 50);
        assert!(good.is_fresh(SECOND * 55, SECOND * 60));
        assert!(!good.is_fresh(SECOND * 55, SECOND * 61));
        assert!(
            good.is_fresh(SECOND * 49, SECOND * 90),
            "it succeeded after the request arrived"
        );
        let failed = good.fail("status 500".to_owned());
        assert!(
            !failed.is_fresh(SECOND * 55, SECOND * 56),
            "the provider may have a new key that could not be fetched"
        );
        assert!(
            failed.is_fresh(SECOND * 49, SECOND * 56),
            "it succeeded after the request arrived"
        );
    }

    #[test]
    fn the_generation_changes_only_with_the_keys_or_their_issuer() {
        let first = unknown().succeed(fetched(b"1"), SECOND, SECOND);
        let same = first.succeed(fetched(b"1"), SECOND, SECOND * 2);
        let other = same.succeed(fetched(b"2"), SECOND, SECOND * 3);
        let issuer = Some(Issuer::parse("https://auth.example.com").unwrap());
        let owned = other.succeed(
            Fetched {
                issuer,
                ..fetched(b"2")
            },
            SECOND,
            SECOND * 4,
        );
        assert_eq!(first.generation, same.generation);
        assert_eq!(same.last_success, Some(SECOND * 2));
        assert!(same.generation < other.generation && other.generation < owned.generation);
    }

    #[test]
    fn a_key_keeps_its_serial_while_it_and_its_issuer_stay() {
        let serials = |snapshot: &KeySnapshot| -> Vec<u64> {
            let keys = snapshot.keys.iter();
            keys.inspect(|key| assert!(snapshot.keys.holds(key.serial())))
                .map(VerifyingKey::serial)
                .collect()
        };
        let both = || Fetched {
            keys: fetched(b"1")
                .keys
                .iter()
                .chain(&fetched(b"2").keys)
                .cloned()
                .collect(),
            ..fetched(b"")
        };
        let first = unknown().succeed(fetched(b"1"), SECOND, SECOND);
        let more = first.succeed(both(), SECOND, SECOND);
        let less = more.succeed(fetched(b"2"), SECOND, SECOND);
        let back = less.succeed(both(), SECOND, SECOND);
        let [one, two] = serials(&more)[..] else {
            panic!()
        };
        assert_eq!((serials(&first), serials(&less)), (vec![one], vec![two]));
        assert!(!first.keys.holds(two) && !less.keys.holds(one));
        assert!(
            back.keys.holds(two) && !back.keys.holds(one),
            "a key that comes back is a new key"
        );
        let issuer = Some(Issuer::parse("https://auth.example.com").unwrap());
        let owned = back.succeed(Fetched { issuer, ..both() }, SECOND, SECOND);
        assert!(
            serials(&back)
                .iter()
                .all(|serial| !owned.keys.holds(*serial))
        );
        assert_eq!(owned.keys, back.keys);
    }

    #[test]
    fn fixed_keys_never_age() {
        let fixed = KeySnapshot::fixed(KeySet::default());
        assert!(
            fixed.has_answered()
                && fixed.is_usable(Duration::MAX)
                && fixed.is_fresh(SECOND, SECOND)
        );
    }
}
