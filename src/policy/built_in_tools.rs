//! The tools that a GraphQL router builds in, and what its configuration means for all other tools.

use super::{GraphqlSettings, ScopeSettings, hierarchy::Hierarchy, requirement::Requirement};

/// The scopes of the router's built-in tools, and which of these tools exist.
#[derive(Clone, Debug)]
pub(super) struct BuiltInTools {
    execute_graphql: Requirement,
    get_operation_info: Requirement,
    get_schema: Requirement,
    graphql: GraphqlSettings,
}

/// The class of a tool by its name, before the entries of `scopes.tools` are considered.
pub(super) enum ToolClass<'t> {
    /// A built-in tool that exists.
    BuiltIn(&'t Requirement),
    /// A tool that the router does not build in, or that is switched off. Only an operation or an entry permits it.
    Unavailable,
    /// Any other tool.
    Other(Option<&'t Requirement>),
}

impl BuiltInTools {
    pub(super) fn compile(
        scopes: &ScopeSettings,
        graphql: &GraphqlSettings,
        hierarchy: &Hierarchy,
    ) -> Self {
        let plain = |groups| Requirement::compile(groups, hierarchy);
        Self {
            execute_graphql: plain(&scopes.execute_graphql),
            get_operation_info: plain(&scopes.get_operation_info),
            get_schema: plain(&scopes.get_schema),
            graphql: graphql.clone(),
        }
    }

    /// The built-in tools that exist. Without a router, those that require scopes.
    pub(super) fn existing(&self) -> Vec<(&'static str, &Requirement)> {
        ["execute_graphql", "get_operation_info", "get_schema"]
            .into_iter()
            .filter_map(|name| match self.class_of(name) {
                ToolClass::BuiltIn(requirement) => Some((name, requirement)),
                ToolClass::Other(Some(requirement)) if !requirement.is_empty() => {
                    Some((name, requirement))
                }
                ToolClass::Other(_) | ToolClass::Unavailable => None,
            })
            .collect()
    }

    /// The class of the tool `name`.
    pub(super) fn class_of(&self, name: &str) -> ToolClass<'_> {
        let has_schema = self.graphql.graph.is_some();
        let is_router = has_schema || self.graphql.storage.is_some();
        let (exists, requirement) = match name {
            "execute_graphql" => (
                self.graphql.enable_arbitrary_operations,
                &self.execute_graphql,
            ),
            "get_operation_info" => (true, &self.get_operation_info),
            "get_schema" => (self.graphql.expose_schema, &self.get_schema),
            _ if has_schema => return ToolClass::Unavailable,
            _ => return ToolClass::Other(None),
        };
        match (is_router, exists) {
            (true, true) => ToolClass::BuiltIn(requirement),
            (true, false) => ToolClass::Unavailable,
            (false, _) => ToolClass::Other(Some(requirement)),
        }
    }
}
