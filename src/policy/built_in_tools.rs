//! The tools that a GraphQL router builds in, and what its configuration says of all others.

use super::{GraphqlSettings, ScopeSettings, hierarchy::Hierarchy, requirement::Requirement};

/// The tools that a GraphQL router builds in, and what is known of its other tools.
#[derive(Clone, Debug)]
pub(super) struct BuiltInTools {
    execute_graphql: Requirement,
    get_operation_info: Requirement,
    get_schema: Requirement,
    graphql: GraphqlSettings,
}

/// What a tool's name says before the entries of `scopes.tools` are looked at.
pub(super) enum Standing<'t> {
    /// A built-in tool that exists.
    Open(&'t Requirement),
    /// A tool that the router does not build in, or not now: an operation or an entry opens it.
    Closed,
    /// Any other tool.
    Ordinary(Option<&'t Requirement>),
}

impl BuiltInTools {
    pub(super) fn compile(scopes: &ScopeSettings, graphql: &GraphqlSettings, hierarchy: &Hierarchy) -> Self {
        let plain = |groups| Requirement::compile(groups, hierarchy);
        Self {
            execute_graphql: plain(&scopes.execute_graphql),
            get_operation_info: plain(&scopes.get_operation_info),
            get_schema: plain(&scopes.get_schema),
            graphql: graphql.clone(),
        }
    }

    /// Those that exist, or that ask for scopes where no router was described.
    pub(super) fn existing(&self) -> Vec<(&'static str, &Requirement)> {
        ["execute_graphql", "get_operation_info", "get_schema"]
            .into_iter()
            .filter_map(|name| match self.standing(name) {
                Standing::Open(requirement) => Some((name, requirement)),
                Standing::Ordinary(Some(requirement)) if !requirement.is_nothing() => {
                    Some((name, requirement))
                }
                Standing::Ordinary(_) | Standing::Closed => None,
            })
            .collect()
    }

    /// What `name` is.
    pub(super) fn standing(&self, name: &str) -> Standing<'_> {
        let has_schema = self.graphql.graph.is_some();
        let is_router = has_schema || self.graphql.storage.is_some();
        let (exists, requirement) = match name {
            "execute_graphql" => (self.graphql.enable_arbitrary_operations, &self.execute_graphql),
            "get_operation_info" => (true, &self.get_operation_info),
            "get_schema" => (self.graphql.expose_schema, &self.get_schema),
            _ if has_schema => return Standing::Closed,
            _ => return Standing::Ordinary(None),
        };
        match (is_router, exists) {
            (true, true) => Standing::Open(requirement),
            (true, false) => Standing::Closed,
            (false, _) => Standing::Ordinary(Some(requirement)),
        }
    }
}
