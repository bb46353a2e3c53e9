//! The name of an object's member, and the check that a streaming reader has not met it before.

use std::{borrow::Cow, collections::HashSet};

use serde::Deserialize;
use smallvec::SmallVec;

/// A JSON string after decoding: `"\u006dethod"` is `method`. It borrows where the text has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The names that one object has used so far. The first few are compared one by one. The rest go into a hash set with
/// a random seed, so that a body of a million keys does not cost a million squared comparisons.
#[derive(Default)]
pub(super) struct KeysSeen<'a> {
    few: SmallVec<[Cow<'a, str>; FEW_KEYS]>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> KeysSeen<'a> {
    /// Returns false if the object has used the name before.
    pub(super) fn insert(&mut self, key: Cow<'a, str>) -> bool {
        if self.few.contains(&key) {
            return false;
        }
        if self.few.len() < FEW_KEYS {
            self.few.push(key);
            return true;
        }
        self.many.insert(key)
    }
}

const FEW_KEYS: usize = 16;
