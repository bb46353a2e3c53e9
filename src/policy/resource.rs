//! A protected resource, compiled: its paths and hosts, and its policy.

use std::sync::Arc;

use super::{
    ChallengeScopes, DecisionCounters, Enforcement, Mode, OauthSettings, ResourceSettings,
    challenge::ChallengeText, missing_scopes::MissingScopes, operation_scopes::PolicyTable,
};
use crate::{
    domain::{ResourceId, ScopeSet, Trust},
    token::{IdentityHeaders, TokenRules},
};

/// One protected MCP server.
#[derive(Debug)]
pub struct ProtectedResource {
    settings: ResourceSettings,
    metadata_path: String,
    policy: Option<Policy>,
    anonymous_headers: IdentityHeaders,
    counters: Arc<DecisionCounters>,
}

/// The policy of an enforced resource.
#[derive(Debug)]
pub struct Policy {
    /// The requirements of operations.
    pub(super) table: PolicyTable,
    /// The texts of its challenges.
    pub(super) challenge: ChallengeText,
    /// The rules for tokens, and the keys that sign them.
    pub(super) tokens: TokenRules,
    pub(super) mode: Mode,
    pub(super) challenge_scopes: ChallengeScopes,
    pub(super) include_token_scopes: bool,
    pub(super) max_scope_combinations: usize,
    allowed_origins: Option<Vec<String>>,
    trust: Trust,
    forwards_token: bool,
}

impl ProtectedResource {
    /// Compiles a resource. `tokens` are the rules for its tokens; they are used only if the resource is enforced.
    #[must_use]
    pub fn compile(
        settings: ResourceSettings,
        tokens: Option<TokenRules>,
        counters: Arc<DecisionCounters>,
    ) -> Self {
        let metadata_path = format!("{WELL_KNOWN}{}", settings.path.trim_end_matches('/'));
        let policy = match (&settings.enforcement, tokens) {
            (Enforcement::On(oauth), Some(tokens)) => {
                let metadata_url = (!oauth.authorization_servers.is_empty())
                    .then(|| format!("{}{metadata_path}", settings.origin));
                Some(Policy::compile(&settings.id, oauth, tokens, metadata_url))
            }
            (Enforcement::On(_) | Enforcement::Off, _) => None,
        };
        let anonymous_headers = IdentityHeaders::of_nobody(&settings.id);
        Self {
            settings,
            metadata_path,
            policy,
            anonymous_headers,
            counters,
        }
    }

    /// The name in logs, metrics and the realm.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.settings.id
    }

    /// The settings of the resource.
    #[must_use]
    pub fn settings(&self) -> &ResourceSettings {
        &self.settings
    }

    /// The policy; `None` if the resource is not enforced.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The path of its RFC 9728 document.
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        &self.metadata_path
    }

    /// The identity headers of a request that passes without a token.
    #[must_use]
    pub fn anonymous_headers(&self) -> &IdentityHeaders {
        &self.anonymous_headers
    }

    /// The counters of its decisions.
    #[must_use]
    pub fn counters(&self) -> &DecisionCounters {
        &self.counters
    }

    /// Whether `path` (raw, without the query) is one of its endpoints, byte for byte.
    #[must_use]
    pub fn has_endpoint(&self, path: &str) -> bool {
        self.settings.path == path || self.settings.extra_paths.iter().any(|extra| extra == path)
    }

    /// Whether `host` (of the request, in any case) selects it.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        let without_default_port = host
            .strip_suffix(":443")
            .or_else(|| host.strip_suffix(":80"));
        let is_host = |known: &String| {
            known.eq_ignore_ascii_case(host)
                || without_default_port.is_some_and(|plain| known.eq_ignore_ascii_case(plain))
        };
        self.settings.hosts.iter().any(is_host)
    }
}

impl Policy {
    pub(super) fn compile(
        id: &ResourceId,
        oauth: &OauthSettings,
        tokens: TokenRules,
        metadata_url: Option<String>,
    ) -> Self {
        let table = PolicyTable::compile(oauth);
        let initialize = challenge_of_401(&table);
        Self {
            challenge: ChallengeText::compile(id.clone(), metadata_url, initialize),
            tokens: tokens.knowing(table.scopes_supported()),
            table,
            mode: oauth.mode,
            challenge_scopes: oauth.challenge_scopes,
            include_token_scopes: oauth.include_token_scopes,
            max_scope_combinations: oauth.max_scope_combinations,
            allowed_origins: oauth.allowed_origins.clone(),
            trust: Trust {
                mcp_headers: oauth.trust_mcp_headers,
                string_body: oauth.trust_string_body,
            },
            forwards_token: oauth.forward_token,
        }
    }

    /// The requirements of operations.
    #[must_use]
    pub fn table(&self) -> &PolicyTable {
        &self.table
    }

    /// The texts of its challenges.
    #[must_use]
    pub fn challenge(&self) -> &ChallengeText {
        &self.challenge
    }

    /// The rules for tokens, and the keys that sign them.
    #[must_use]
    pub fn tokens(&self) -> &TokenRules {
        &self.tokens
    }

    /// Whether a browser page of this `Origin` may send requests.
    #[must_use]
    pub fn allows_origin(&self, origin: &[u8]) -> bool {
        match &self.allowed_origins {
            None => true,
            Some(allowed) => allowed
                .iter()
                .any(|known| known.as_bytes().eq_ignore_ascii_case(origin)),
        }
    }

    /// How far the policy trusts the gateway and the MCP server.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Whether the gateway leaves `Authorization` in place.
    #[must_use]
    pub fn forwards_token(&self) -> bool {
        self.forwards_token
    }
}

/// The scopes that a 401 names: those of the initialize level, the shortest of its alternatives.
fn challenge_of_401(table: &PolicyTable) -> ScopeSet {
    let level = super::scope_level::Level::new(
        super::scope_level::LevelKind::Initialize,
        table.initialize(),
    );
    MissingScopes::find(
        &[level],
        &ScopeSet::default(),
        ChallengeScopes::Level,
        usize::MAX,
    )
    .map(|missing| missing.needed)
    .unwrap_or_default()
}

/// The path that RFC 9728 §3 inserts between the host and the path of a resource.
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
