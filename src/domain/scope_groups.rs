//! Scopes as the configuration or a schema writes them: alternatives, each a list of scopes.

use super::Scope;

/// A requirement as it is written: one of these groups, and of that group every scope. Empty: nothing is needed.
pub type ScopeGroups = Vec<Vec<Scope>>;

/// Names or globs, each with the scopes that it needs, in the order of the file.
pub type NamedScopes = Vec<(String, ScopeGroups)>;
