//! The scope hierarchy of `oauth.scopes.implies`: which broader scopes include a narrower one.

use std::collections::HashMap;

use crate::domain::{Scope, ScopeSet};

/// Each narrower scope with every scope that includes it, directly or through others.
#[derive(Clone, Debug, Default)]
pub struct Hierarchy {
    broader: HashMap<Scope, ScopeSet>,
}

impl Hierarchy {
    /// Follows `implies` through all levels. The configuration refuses cycles, but a cycle would do no harm: each
    /// scope is followed once.
    #[must_use]
    pub fn compile(implies: &[(Scope, Vec<Scope>)]) -> Self {
        let mut broader: HashMap<Scope, ScopeSet> = HashMap::new();
        for (scope, _) in implies {
            for narrower in included(scope, implies)
                .iter()
                .filter(|narrower| *narrower != scope)
            {
                broader
                    .entry(narrower.clone())
                    .or_default()
                    .insert(scope.clone());
            }
        }
        Self { broader }
    }

    /// The scopes that include `scope`, without `scope` itself.
    #[must_use]
    pub fn broader(&self, scope: &Scope) -> Vec<Scope> {
        self.broader
            .get(scope)
            .map(|set| set.iter().cloned().collect())
            .unwrap_or_default()
    }
}

/// `scope` and every scope that it includes.
fn included(scope: &Scope, implies: &[(Scope, Vec<Scope>)]) -> ScopeSet {
    let mut found: ScopeSet = std::iter::once(scope.clone()).collect();
    let mut pending = vec![scope];
    while let Some(next) = pending.pop() {
        for narrower in implies
            .iter()
            .filter(|(broad, _)| broad == next)
            .flat_map(|(_, narrower)| narrower)
        {
            if !found.contains(narrower) {
                found.insert(narrower.clone());
                pending.push(narrower);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn inclusion_is_transitive() {
        let hierarchy = Hierarchy::compile(&[
            (scope("admin"), vec![scope("write")]),
            (scope("write"), vec![scope("read"), scope("list")]),
        ]);
        assert_eq!(
            hierarchy.broader(&scope("read")),
            [scope("admin"), scope("write")]
        );
        assert_eq!(hierarchy.broader(&scope("write")), [scope("admin")]);
        assert!(hierarchy.broader(&scope("admin")).is_empty());
    }

    #[test]
    fn a_cycle_ends() {
        let hierarchy = Hierarchy::compile(&[
            (scope("a"), vec![scope("b")]),
            (scope("b"), vec![scope("a")]),
        ]);
        assert_eq!(hierarchy.broader(&scope("a")), [scope("b")]);
    }
}
