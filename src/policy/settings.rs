//! What the configuration says of a protected resource, checked: values here are true.

use std::{path::PathBuf, sync::Arc};

use crate::{
    domain::{Issuer, NamedScopes, ResourceId, Scope, ScopeGroups},
    graphql::{Graph, QueryLimits, UnknownFields},
    keys::{KeysHandle, SourceSettings},
    token::{self, TokenSettings},
};

/// One protected MCP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSettings {
    /// The name in logs, metrics and the realm.
    pub id: ResourceId,
    /// The resource identifier of RFC 9728 (`server.resource`, or `base_url` + `path`).
    pub identifier: String,
    /// `base_url` without a trailing `/`.
    pub base_url: String,
    /// Scheme, host and port of `base_url` as browsers write an origin: default ports left out.
    pub origin: String,
    /// The endpoint's path: the path of `base_url` plus `server.path`. Begins with `/`.
    pub path: String,
    /// Further paths under the same policy. Each begins with `/`.
    pub extra_paths: Vec<String>,
    /// Hosts that select the resource, lower case, `host` or `host:port`.
    pub hosts: Vec<String>,
    /// RFC 9728 `resource_name`.
    pub resource_name: Option<String>,
    /// RFC 9728 `resource_documentation`.
    pub resource_documentation: Option<String>,
    /// RFC 9728 `resource_policy_uri`.
    pub resource_policy_uri: Option<String>,
    /// RFC 9728 `resource_tos_uri`.
    pub resource_tos_uri: Option<String>,
    /// Whether anything is checked.
    pub enforcement: Enforcement,
}

/// `oauth.enabled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// An explicit `false`: every request of the resource is permitted.
    Off,
    /// Tokens and scopes are checked.
    On(Box<OauthSettings>),
}

/// The keys below `oauth`, and what else decides about scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthSettings {
    /// The authorization servers, in order, each once.
    pub authorization_servers: Vec<Issuer>,
    /// What operations need.
    pub scopes: ScopeSettings,
    /// The claims that hold a token's scopes; dotted for nested claims.
    pub scope_claims: Vec<String>,
    /// What a 403 lists.
    pub challenge_scopes: ChallengeScopes,
    /// Whether a 403 lists the token's own scopes first.
    pub include_token_scopes: bool,
    /// Bound on the groups of one operation when it is written out for a challenge; at least 1.
    pub max_scope_combinations: usize,
    /// What happens to methods that nothing knows.
    pub unknown_methods: Unknown,
    /// What happens to a POST whose operation was not shown.
    pub unknown_operation: Unknown,
    /// What happens to named things that no entry matches.
    pub unlisted: Unlisted,
    /// Whether `Mcp-Method` and `Mcp-Name` name the operation of a POST without a body.
    pub trust_mcp_headers: bool,
    /// Whether a gRPC `body` is read where `raw_body` is absent.
    pub trust_string_body: bool,
    /// Whether the gateway leaves `Authorization` in place.
    pub forward_token: bool,
    /// The origins that may ask, lower case; `None` for any.
    pub allowed_origins: Option<Vec<String>>,
    /// Whether scopes are enforced, or only reported.
    pub mode: Mode,
    /// The key sources; at least one.
    pub sources: Vec<SourceRules>,
    /// Which GraphQL tools exist.
    pub graphql: GraphqlSettings,
}

/// One entry of `oauth.jwks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRules {
    /// The source's name in logs and metrics, unique in its resource: the URL's host and path, or `secret:KID`.
    pub name: String,
    /// Where keys come from.
    pub keys: SourceSettings,
    /// What tokens must look like.
    pub token: TokenSettings,
}

impl SourceRules {
    /// The rules for tokens, with the keys to verify them.
    #[must_use]
    pub fn for_tokens(&self, keys: KeysHandle) -> token::KeySource {
        let algorithms = match &self.keys {
            SourceSettings::Remote(remote) => remote.algorithms,
            SourceSettings::Secret(secret) => std::iter::once(secret.algorithm).collect(),
        };
        token::KeySource { name: self.name.as_str().into(), keys, algorithms, token: self.token.clone() }
    }
}

/// `oauth.scopes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSettings {
    /// Needed by every request.
    pub initialize: ScopeGroups,
    /// Added for `tools/list`.
    pub tools_list: ScopeGroups,
    /// Added for `tools/call`.
    pub tools_call: ScopeGroups,
    /// Added for the built-in tool `execute_graphql`.
    pub execute_graphql: ScopeGroups,
    /// Added for the built-in tool `get_operation_info`.
    pub get_operation_info: ScopeGroups,
    /// Added for the built-in tool `get_schema`.
    pub get_schema: ScopeGroups,
    /// JSON-RPC method, or a prefix with a final `*`.
    pub methods: NamedScopes,
    /// Tool names and globs.
    pub tools: NamedScopes,
    /// Prompt names and globs.
    pub prompts: NamedScopes,
    /// Resource URIs and globs.
    pub resources: NamedScopes,
    /// A scope, and the scopes that it includes directly. Free of cycles.
    pub implies: Vec<(Scope, Vec<Scope>)>,
}

/// `oauth.challenge_scopes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeScopes {
    /// All that the operation needs, at once.
    Operation,
    /// Only the first failing level.
    Level,
}

/// `oauth.unknown_methods` and `oauth.unknown_operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Refused.
    Deny,
    /// Incoming for the initialize level alone.
    Initialize,
}

/// `oauth.unlisted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// Only the level of the method.
    Level,
    /// Refused.
    Deny,
}

/// `oauth.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Missing scopes deny.
    Enforce,
    /// Missing scopes are logged and counted, and permitted.
    Report,
}

/// Where GraphQL operations and the graph's schema are, and which of the built-in tools exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphqlSettings {
    /// The folder that `storage.provider_id` names.
    pub storage: Option<PathBuf>,
    /// The graph, where its schema is known.
    pub graph: Option<Arc<Graph>>,
    /// What a query gets that names what the schema does not have.
    pub unknown_fields: UnknownFields,
    /// How large a query may be.
    pub limits: QueryLimits,
    /// Whether `execute_graphql` exists.
    pub enable_arbitrary_operations: bool,
    /// Whether `get_schema` exists.
    pub expose_schema: bool,
    /// Whether mutations are left out.
    pub exclude_mutations: bool,
    /// Whether tool names go without their prefix.
    pub omit_tool_name_prefix: bool,
}
