//! How long the keys of a fetch may be used (`max_stale`), and how long they count as fresh
//! (`refresh_unknown_kid.interval`). Pure: ages are passed in.

use std::time::Duration;

/// The limits on the age of a source's keys. The age is the time since the last successful fetch,
/// `None` before one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Freshness {
    /// Keys that are not fetched, such as a shared secret. They never age.
    Fixed,
    /// Fetched keys.
    Limited {
        /// How long the keys may be used.
        max_stale: Duration,
        /// How long a key that is missing in them counts as missing at the provider.
        fresh_for: Duration,
    },
}

impl Freshness {
    /// Whether the keys are not fetched.
    pub(super) const fn is_fixed(self) -> bool {
        matches!(self, Self::Fixed)
    }

    /// Whether keys of this age may verify tokens.
    pub(super) fn is_usable(self, age: Option<Duration>) -> bool {
        match self {
            Self::Fixed => true,
            Self::Limited { max_stale, .. } => age.is_some_and(|age| age <= max_stale),
        }
    }

    /// Whether keys of this age are fresh.
    pub(super) fn is_fresh(self, age: Option<Duration>) -> bool {
        match self {
            Self::Fixed => true,
            Self::Limited { fresh_for, .. } => age.is_some_and(|age| age <= fresh_for),
        }
    }
}
