//! The algebra of levels, and the texts of challenges.

mod challenges;
mod fields;
mod levels;
mod verdicts;

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use super::*;
use crate::{
    domain::{Call, Message, Named, Operation, Query, Refusal, Scope, ScopeGroups, ScopeSet},
    graphql::{AbstractTypes, Graph, GraphFiles, SchemaSource},
};

/// The settings of a resource that requires no scopes yet.
pub(super) fn oauth() -> OauthSettings {
    OauthSettings {
        authorization_servers: Vec::new(),
        scopes: ScopeSettings::default(),
        scope_claims: vec!["scope".to_owned()],
        challenge_scopes: ChallengeScopes::Operation,
        include_token_scopes: false,
        max_scope_combinations: 2048,
        unknown_methods: Unknown::Deny,
        unknown_operation: Unknown::Deny,
        unlisted: Unlisted::Level,
        trust_mcp_headers: false,
        trust_string_body: false,
        forward_token: true,
        allowed_origins: None,
        mode: Mode::Enforce,
        sources: Vec::new(),
        graphql: GraphqlSettings::default(),
    }
}

/// A scope list from a text such as `a b | c`.
pub(super) fn groups(text: &str) -> ScopeGroups {
    text.split('|')
        .map(|group| scopes(group).iter().cloned().collect())
        .collect()
}

pub(super) fn scopes(text: &str) -> ScopeSet {
    text.split_whitespace()
        .map(|scope| Scope::parse(scope).unwrap())
        .collect()
}

pub(super) fn request(method: &'static str, named: Named<'static>) -> Operation<'static> {
    let is_known = crate::mcp::is_known_request(method);
    Operation::Single(Message::Request(Call {
        method: Cow::Borrowed(method),
        is_known,
        named,
        query: Query::NotShown,
    }))
}

pub(super) fn tool(name: &'static str) -> Operation<'static> {
    request("tools/call", Named::Tool(Cow::Borrowed(name)))
}

/// A graph of a schema without operations.
pub(super) fn graph(sdl: &str) -> Arc<Graph> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), sdl).unwrap();
    let files = GraphFiles {
        schema: SchemaSource::Sdl(file.path().to_owned()),
        operations: None,
        abstract_types: AbstractTypes::PossibleTypes,
        exclude_mutations: false,
        omit_tool_name_prefix: false,
    };
    Arc::new(Graph::load(&files).unwrap().0)
}

/// The levels that require scopes, as text; or the code if no scope permits the operation.
pub(super) fn requirements_of(table: &PolicyTable, operation: &Operation<'_>) -> Vec<String> {
    match table.levels(operation.into()) {
        Ok(levels) => levels
            .iter()
            .filter(|level| !level.requirement.is_empty())
            .map(|level| level.requirement.to_string())
            .collect(),
        Err(Refusal { reason, .. }) => vec![reason.code().to_owned()],
    }
}

pub(super) fn as_set(scopes: &ScopeSet) -> BTreeSet<&str> {
    scopes.iter().map(Scope::as_str).collect()
}
