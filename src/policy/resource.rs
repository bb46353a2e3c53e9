//! A protected resource, compiled: where it is, and what decides about it.

use std::sync::Arc;

use super::{
    ChallengeScopes, DecisionCounters, Enforcement, Mode, OauthSettings, ResourceSettings,
    challenge::ChallengeText, missing_scopes::MissingScopes, table::PolicyTable,
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
    headers_of_nobody: IdentityHeaders,
    counters: Arc<DecisionCounters>,
}

/// What decides about requests of a resource that is enforced.
#[derive(Debug)]
pub struct Policy {
    /// What operations need.
    pub(super) table: PolicyTable,
    /// The texts of its challenges.
    pub(super) challenge: ChallengeText,
    /// What tokens must look like, and whose keys sign them.
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
    /// Compiles a resource whose tokens obey `tokens`, which is looked at only where the resource is enforced.
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
        let headers_of_nobody = IdentityHeaders::of_nobody(&settings.id);
        Self { settings, metadata_path, policy, headers_of_nobody, counters }
    }

    /// The name in logs, metrics and the realm.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.settings.id
    }

    /// The settings that it was compiled from.
    #[must_use]
    pub fn settings(&self) -> &ResourceSettings {
        &self.settings
    }

    /// What decides, where anything is checked.
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
    pub fn headers_of_nobody(&self) -> &IdentityHeaders {
        &self.headers_of_nobody
    }

    /// Counts its decisions.
    #[must_use]
    pub fn counters(&self) -> &DecisionCounters {
        &self.counters
    }

    /// Whether `path` (raw, without the query) is one of its endpoints, byte for byte.
    #[must_use]
    pub fn has_endpoint(&self, path: &str) -> bool {
        self.settings.path == path || self.settings.extra_paths.iter().any(|extra| extra == path)
    }

    /// Whether `host` (of the request, any case) selects it.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        let without_default_port = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80"));
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
        let initialize = first_group(&table);
        Self {
            challenge: ChallengeText::compile(id.clone(), metadata_url, initialize),
            tokens: tokens.knowing(table.scopes_supported()),
            table,
            mode: oauth.mode,
            challenge_scopes: oauth.challenge_scopes,
            include_token_scopes: oauth.include_token_scopes,
            max_scope_combinations: oauth.max_scope_combinations,
            allowed_origins: oauth.allowed_origins.clone(),
            trust: Trust { mcp_headers: oauth.trust_mcp_headers, string_body: oauth.trust_string_body },
            forwards_token: oauth.forward_token,
        }
    }

    /// What operations need.
    #[must_use]
    pub fn table(&self) -> &PolicyTable {
        &self.table
    }

    /// The texts of its challenges.
    #[must_use]
    pub fn challenge(&self) -> &ChallengeText {
        &self.challenge
    }

    /// What tokens must look like, and whose keys sign them.
    #[must_use]
    pub fn tokens(&self) -> &TokenRules {
        &self.tokens
    }

    /// Whether a browser page of this `Origin` may ask.
    #[must_use]
    pub fn allows_origin(&self, origin: &[u8]) -> bool {
        match &self.allowed_origins {
            None => true,
            Some(allowed) => allowed.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(origin)),
        }
    }

    /// What it trusts the gateway and the server with.
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

/// The scopes that a 401 names: those of the initialize level, and of its alternatives the shortest.
fn first_group(table: &PolicyTable) -> ScopeSet {
    let level = super::level::Level::new(super::level::LevelKind::Initialize, table.initialize());
    MissingScopes::find(&[level], &ScopeSet::default(), ChallengeScopes::Level, usize::MAX)
        .map(|missing| missing.needed)
        .unwrap_or_default()
}

/// RFC 9728 §3: inserted between the host and the path of a resource.
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
