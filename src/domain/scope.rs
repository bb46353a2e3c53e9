//! OAuth scopes (RFC 6749 §3.3): single scopes, and the set that a token grants.

use std::{
    cmp::Ordering,
    collections::HashSet,
    fmt,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::{Arc, LazyLock},
};

use ahash::RandomState;

/// One scope-token: printable ASCII without space, `"` and `\`.
///
/// It stores its hash. A lookup therefore costs the same for every length, and two different scopes are told apart
/// without reading their texts.
#[derive(Clone)]
pub struct Scope {
    text: Arc<str>,
    hash: u64,
}

/// The text is not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope of printable ASCII without space, `\"` and `\\`")]
pub struct ScopeError;

impl Scope {
    /// Parses one scope-token.
    ///
    /// # Errors
    /// If `text` is empty or has a byte outside `%x21 / %x23-5B / %x5D-7E`.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let is_legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if text.is_empty() || !text.bytes().all(is_legal) {
            return Err(ScopeError);
        }
        Ok(Self {
            text: text.into(),
            hash: HASHING.hash_one(text),
        })
    }

    /// The scope as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for Scope {}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Orders by text.
impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.text).finish()
    }
}

/// Random for each process, so that a client cannot choose scopes that collide.
static HASHING: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hashing of tables of scopes: it uses the hash that each scope stores.
pub type ScopeHashing = BuildHasherDefault<CarriedHash>;

/// The hasher of [`ScopeHashing`].
#[derive(Default)]
pub struct CarriedHash(u64);

impl Hasher for CarriedHash {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Hashes values that store no hash.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = HASHING.hash_one((self.0, bytes));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Scopes without duplicates, in the order in which they were first added.
#[derive(Clone, Default)]
pub struct ScopeSet {
    scopes: Vec<Scope>,
    /// All scopes, as soon as there are more than [`FEW`]; empty before.
    index: HashSet<Scope, ScopeHashing>,
}

impl ScopeSet {
    /// Adds a scope, unless the set has it.
    pub fn insert(&mut self, scope: Scope) {
        if self.scopes.len() == FEW && self.index.is_empty() {
            self.index.reserve(self.scopes.capacity());
            self.index.extend(self.scopes.iter().cloned());
        }
        let is_new = if self.index.is_empty() {
            !self.scopes.contains(&scope)
        } else {
            self.index.insert(scope.clone())
        };
        if is_new {
            self.scopes.push(scope);
        }
    }

    /// Whether the set has exactly this scope.
    #[must_use]
    pub fn contains(&self, scope: &Scope) -> bool {
        if self.index.is_empty() {
            self.scopes.contains(scope)
        } else {
            self.index.contains(scope)
        }
    }

    /// The scopes, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.scopes.iter()
    }

    /// Whether the set has no scopes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The number of scopes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scopes.len()
    }
}

impl PartialEq for ScopeSet {
    fn eq(&self, other: &Self) -> bool {
        self.scopes == other.scopes
    }
}

impl Eq for ScopeSet {}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScopeSet").field(&self.scopes).finish()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let scopes = scopes.into_iter();
        let mut set = Self {
            scopes: Vec::with_capacity(scopes.size_hint().0),
            index: HashSet::default(),
        };
        scopes.for_each(|scope| set.insert(scope));
        set
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Separated by spaces, as RFC 6749 §3.3 writes a list.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.scopes.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

/// Up to this many scopes are compared one by one.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_printable_ascii_without_quote_backslash_and_space() {
        for text in ["a", "mcp:tools:read", "!", "~", "https://x/y?z=1"] {
            assert_eq!(Scope::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " ", "a b", "a\"", "a\\", "é", "a\n", "\u{7f}"] {
            assert_eq!(Scope::parse(text), Err(ScopeError), "{text:?}");
        }
    }

    #[test]
    fn a_set_keeps_the_first_order_and_drops_repetitions() {
        let set: ScopeSet = ["b", "a", "b"]
            .iter()
            .map(|s| Scope::parse(s).unwrap())
            .collect();
        assert_eq!(set.to_string(), "b a");
    }

    #[test]
    fn a_large_set_behaves_like_a_small_one() {
        let scope = |index: usize| Scope::parse(&format!("s{index}")).unwrap();
        let set: ScopeSet = (0..40).chain(10..30).map(scope).collect();
        assert_eq!(set.len(), 40);
        assert!((0..40).all(|index| set.contains(&scope(index))) && !set.contains(&scope(40)));
        assert_eq!(set, (0..40).map(scope).collect());
    }
}
