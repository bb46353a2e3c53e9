//! The settings of a protected resource, after the configuration was checked.

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
    /// Scheme, host and port of `base_url` as browsers write an origin, without a default port.
    pub origin: String,
    /// The endpoint's path: the path of `base_url` plus `server.path`. Begins with `/`.
    pub path: String,
    /// Further paths with the same policy. Each begins with `/`.
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
    /// Whether tokens and scopes are checked.
    pub enforcement: Enforcement,
}

/// `oauth.enabled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// `oauth.enabled: false`: every request of the resource is permitted.
    Off,
    /// Tokens and scopes are checked.
    On(Box<OauthSettings>),
}

/// The keys below `oauth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthSettings {
    /// The authorization servers, in order, each once.
    pub authorization_servers: Vec<Issuer>,
    /// The scopes that operations require.
    pub scopes: ScopeSettings,
    /// The claims that hold a token's scopes; a dot separates the names of nested claims.
    pub scope_claims: Vec<String>,
    /// The scopes that a 403 names.
    pub challenge_scopes: ChallengeScopes,
    /// Whether a 403 names the token's own scopes first.
    pub include_token_scopes: bool,
    /// The most combinations of scope groups that are compared for one challenge; at least 1.
    pub max_scope_combinations: usize,
    /// The decision on methods that neither MCP nor the configuration knows.
    pub unknown_methods: Unknown,
    /// The decision on a POST whose operation the gateway did not show.
    pub unknown_operation: Unknown,
    /// The decision on a name that no entry matches.
    pub unlisted: Unlisted,
    /// Whether `Mcp-Method` and `Mcp-Name` name the operation of a POST without a body.
    pub trust_mcp_headers: bool,
    /// Whether a gRPC `body` is read if `raw_body` is absent.
    pub trust_string_body: bool,
    /// Whether the gateway leaves `Authorization` in place.
    pub forward_token: bool,
    /// The origins that may send requests, in lower case; `None` for any.
    pub allowed_origins: Option<Vec<String>>,
    /// Whether scopes are enforced, or only reported.
    pub mode: Mode,
    /// The key sources; at least one.
    pub sources: Vec<SourceRules>,
    /// The GraphQL tools.
    pub graphql: GraphqlSettings,
}

/// One entry of `oauth.jwks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRules {
    /// The source's name in logs and metrics, unique in its resource: the URL's host and path, or `secret:KID`.
    pub name: String,
    /// The origin of the keys.
    pub keys: SourceSettings,
    /// The rules for tokens.
    pub token: TokenSettings,
}

impl SourceRules {
    /// The rules for tokens, with the keys that verify them.
    #[must_use]
    pub fn for_tokens(&self, keys: KeysHandle) -> token::KeySource {
        let algorithms = match &self.keys {
            SourceSettings::Remote(remote) => remote.algorithms,
            SourceSettings::Secret(secret) => std::iter::once(secret.algorithm).collect(),
        };
        token::KeySource {
            name: self.name.as_str().into(),
            keys,
            algorithms,
            token: self.token.clone(),
        }
    }
}

/// `oauth.scopes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSettings {
    /// Required for every request.
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
    /// JSON-RPC methods, and prefixes that end in `*`.
    pub methods: NamedScopes,
    /// Tool names and globs.
    pub tools: NamedScopes,
    /// Prompt names and globs.
    pub prompts: NamedScopes,
    /// Resource URIs and globs.
    pub resources: NamedScopes,
    /// A scope, and the scopes that it includes directly. Without cycles.
    pub implies: Vec<(Scope, Vec<Scope>)>,
}

/// `oauth.challenge_scopes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeScopes {
    /// All scopes that the operation requires.
    Operation,
    /// Only the scopes of the first level that fails.
    Level,
}

/// `oauth.unknown_methods` and `oauth.unknown_operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The request is denied.
    Deny,
    /// Only the initialize level is required.
    Initialize,
}

/// `oauth.unlisted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// Only the level of the method is required.
    Level,
    /// The request is denied.
    Deny,
}

/// `oauth.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Requests with missing scopes are denied.
    Enforce,
    /// Requests with missing scopes pass; they are logged and counted.
    Report,
}

/// The GraphQL router: its operations, its schema, and the built-in tools that exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphqlSettings {
    /// The folder of operations that `storage.provider_id` names.
    pub storage: Option<PathBuf>,
    /// The graph, if its schema is known.
    pub graph: Option<Arc<Graph>>,
    /// The decision on a query with a field that the schema does not have.
    pub unknown_fields: UnknownFields,
    /// The limits on the size of a query.
    pub limits: QueryLimits,
    /// Whether `execute_graphql` exists.
    pub enable_arbitrary_operations: bool,
    /// Whether `get_schema` exists.
    pub expose_schema: bool,
    /// Whether mutations are excluded.
    pub exclude_mutations: bool,
    /// Whether tool names have no prefix.
    pub omit_tool_name_prefix: bool,
}
