//! Scopes as a configuration or a schema writes them: alternatives, each a list of scopes.

use super::Scope;

/// A requirement as written: a token needs every scope of at least one group. If empty, no scope is required.
pub type ScopeGroups = Vec<Vec<Scope>>;

/// Names or globs, each with the scopes that it requires, in the order of the file.
pub type NamedScopes = Vec<(String, ScopeGroups)>;
