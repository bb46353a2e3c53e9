//! `oauth`: authorization servers, scopes, and how strictly they are enforced.

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Choice, Entries, Flag, List, Members, Number, Text},
            shape::Keys,
        },
        file::section::Section,
        mistake::{Report, shown, shown_url},
        sections::{
            graphql::{self, Providers},
            key_source,
            resource_context::ResourceContext,
            scopes::{self, has_further_levels},
            token::{ISSUER, parse_issuer, refuse_common_tenant},
        },
        url::parse_origin,
    },
    domain::Issuer,
    policy::{ChallengeScopes, GraphqlSettings, Mode, OauthSettings, Unknown, Unlisted},
};

/// The keys of `oauth`.
pub(in crate::config) const KEYS: Keys = &[&[
    &ENABLED,
    &MODE,
    &AUTHORIZATION_SERVER_URL,
    &AUTHORIZATION_SERVER_URLS,
    &ALLOWED_ORIGINS,
    &FORWARD_TOKEN,
    &SCOPES,
    &SCOPE_CLAIMS,
    &UNLISTED,
    &UNKNOWN_METHODS,
    &UNKNOWN_OPERATION,
    &TRUST_MCP_HEADERS,
    &TRUST_STRING_BODY,
    &CHALLENGE_SCOPES,
    &SCOPE_CHALLENGE_INCLUDE_TOKEN_SCOPES,
    &MAX_SCOPE_COMBINATIONS,
    &JWKS,
]];

/// `oauth.enabled`.
pub(in crate::config) const ENABLED: Key<Flag> = Key::new(
    "enabled",
    Flag::UNSET,
    "Must be written. `false` permits **every** request of this resource; a warning says so at start and in `/readyz`.",
)
.variable("MCP_OAUTH_ENABLED");

const MODE: Key<Choice<Mode>> = Key::new(
    "mode",
    Choice {
        default: Mode::Enforce,
        words: &[("enforce", Mode::Enforce), ("report", Mode::Report)],
    },
    "`report` lets requests pass that the policy would deny, and logs and counts them. Tokens are checked as ever. See \
     [policy.md](policy.md#report-mode).",
);

const AUTHORIZATION_SERVER_URL: Key<Text> = Key::new(
    "authorization_server_url",
    Text::URL,
    "The authorization server: published in the metadata, and the issuer that tokens must name.",
)
.variable("MCP_OAUTH_AUTHORIZATION_SERVER_URL");

const AUTHORIZATION_SERVER_URLS: Key<List> = Key::new(
    "authorization_server_urls",
    List::EMPTY,
    "Further authorization servers. Both keys are merged, `authorization_server_url` first.",
)
.variable("MCP_OAUTH_AUTHORIZATION_SERVER_URLS");

const ALLOWED_ORIGINS: Key<List> = Key::new(
    "allowed_origins",
    List::EMPTY,
    "Where it is written, a request with another `Origin` is `origin-refused`. `[]` allows none.",
)
.defaults_to("any");

const FORWARD_TOKEN: Key<Flag> = Key::new(
    "forward_token",
    Flag::ON,
    "`false` tells Envoy to remove `Authorization` before the server. In nginx uncomment the line that does it.",
);

/// `oauth.scopes`.
const SCOPES: Key<Members> = Key::new(
    "scopes",
    Members(scopes::KEYS),
    "The scopes that each operation needs.",
);

const SCOPE_CLAIMS: Key<List> = Key::new(
    "scope_claims",
    List::preset(&["scope", "scp"]),
    "The claims that hold a token's scopes, each a space-separated string or an array of strings. All are read. `a.b` \
     also reads `b` inside `a`.",
);

const UNLISTED: Key<Choice<Unlisted>> = Key::new(
    "unlisted",
    Choice {
        default: Unlisted::Level,
        words: &[("level", Unlisted::Level), ("deny", Unlisted::Deny)],
    },
    "A tool, prompt or resource that no entry matches needs only its method's level; or `deny`.",
);

const UNKNOWN_METHODS: Key<Choice<Unknown>> = Key::new(
    "unknown_methods",
    Choice {
        default: Unknown::Deny,
        words: UNKNOWN,
    },
    "JSON-RPC methods that no MCP revision and no `methods` entry knows: `deny`, or `initialize` to ask for that level \
     only.",
);

const UNKNOWN_OPERATION: Key<Choice<Unknown>> = Key::new(
    "unknown_operation",
    Choice {
        default: Unknown::Deny,
        words: UNKNOWN,
    },
    "What to do with a POST whose operation the gateway did not show: `deny` it, or require only \
     the `initialize` level. `initialize` is a mistake if another level has scopes: a client could \
     skip them by hiding the operation.",
);

const TRUST_MCP_HEADERS: Key<Flag> = Key::new(
    "trust_mcp_headers",
    Flag::OFF,
    "Lets `Mcp-Method` and `Mcp-Name` name the operation of a POST without a body. Read \
     [the warning](policy.md#trust_mcp_headers) first.",
);

const TRUST_STRING_BODY: Key<Flag> = Key::new(
    "trust_string_body",
    Flag::OFF,
    "gRPC: read the string `body` if Envoy does not set `pack_as_bytes`. Envoy replaces bytes in \
     it that are not UTF-8, so that the server may read another body: prefer `pack_as_bytes`. With \
     `false` such a POST is `operation-unknown`.",
);

const CHALLENGE_SCOPES: Key<Choice<ChallengeScopes>> = Key::new(
    "challenge_scopes",
    Choice {
        default: ChallengeScopes::Operation,
        words: &[
            ("operation", ChallengeScopes::Operation),
            ("level", ChallengeScopes::Level),
        ],
    },
    "What a 403 names: all scopes that the `operation` needs, or only those of the first failing `level`.",
);

const SCOPE_CHALLENGE_INCLUDE_TOKEN_SCOPES: Key<Flag> = Key::new(
    "scope_challenge_include_token_scopes",
    Flag::OFF,
    "A 403 names the token's own scopes first, for clients that replace instead of add.",
)
.variable("MCP_OAUTH_SCOPE_CHALLENGE_INCLUDE_TOKEN_SCOPES");

const MAX_SCOPE_COMBINATIONS: Key<Number> = Key::new(
    "max_scope_combinations",
    Number { default: Some(2048), range: 1..=1 << 20 },
    "How many alternatives of one operation are weighed for a challenge; with more, each level's best is named. Decisions \
     do not depend on it.",
)
.variable("MCP_OAUTH_MAX_SCOPE_COMBINATIONS");

const JWKS: Key<Entries> = Key::new(
    "jwks",
    Entries(key_source::KEYS),
    "Where keys come from, and what tokens signed by them must look like.",
);

const UNKNOWN: &[(&str, Unknown)] = &[("deny", Unknown::Deny), ("initialize", Unknown::Initialize)];

/// The settings that all resources share.
pub(in crate::config) struct Common<'a> {
    /// The folder to which paths in the file are relative.
    pub(in crate::config) folder: &'a std::path::Path,
    /// `server.insecure_key_hosts`.
    pub(in crate::config) insecure_hosts: &'a [String],
    /// `storage_providers`.
    pub(in crate::config) providers: &'a Providers,
}

/// Reads the section, and the GraphQL keys of its resource. By default tokens must name one of
/// `audiences`.
pub(in crate::config) fn read(
    oauth: &Section,
    resource: &Section,
    audiences: &[String],
    common: &Common<'_>,
    report: &mut Report,
) -> OauthSettings {
    let authorization_servers = authorization_servers(oauth, report);
    let settings = OauthSettings {
        sources: sources(oauth, audiences, &authorization_servers, common, report),
        authorization_servers,
        scopes: scopes::read(oauth.get(&SCOPES), report),
        scope_claims: scope_claims(oauth, report),
        challenge_scopes: oauth.get(&CHALLENGE_SCOPES),
        include_token_scopes: oauth.get(&SCOPE_CHALLENGE_INCLUDE_TOKEN_SCOPES),
        max_scope_combinations: oauth.get(&MAX_SCOPE_COMBINATIONS),
        unknown_methods: oauth.get(&UNKNOWN_METHODS),
        unknown_operation: oauth.get(&UNKNOWN_OPERATION),
        unlisted: oauth.get(&UNLISTED),
        trust_mcp_headers: oauth.get(&TRUST_MCP_HEADERS),
        trust_string_body: oauth.get(&TRUST_STRING_BODY),
        forward_token: oauth.get(&FORWARD_TOKEN),
        allowed_origins: allowed_origins(oauth, report),
        mode: oauth.get(&MODE),
        graphql: graphql::read(resource, common.providers, common.folder, report),
    };
    refuse_hidden_levels(oauth, &settings, report);
    warn_of_openings(oauth, &settings, report);
    settings
}

/// Merges both keys, the single server first, without repetitions.
fn authorization_servers(oauth: &Section, report: &mut Report) -> Vec<Issuer> {
    let single = oauth.find(&AUTHORIZATION_SERVER_URL);
    let single = single.map(|text| (oauth.at(&AUTHORIZATION_SERVER_URL), text.to_owned()));
    let listed = oauth
        .get(&AUTHORIZATION_SERVER_URLS)
        .into_iter()
        .enumerate();
    let listed = listed.map(|(index, text)| {
        (
            format!("{}[{index}]", oauth.at(&AUTHORIZATION_SERVER_URLS)),
            text,
        )
    });
    let mut servers = Vec::new();
    for (at, text) in single.into_iter().chain(listed) {
        refuse_common_tenant(&at, &text, report);
        match parse_issuer(&text) {
            Some(server) if !servers.contains(&server) => servers.push(server),
            Some(_) => {}
            None => report.mistake(&at, shown_url(&text), ISSUER),
        }
    }
    servers
}

fn sources(
    oauth: &Section,
    audiences: &[String],
    authorization_servers: &[Issuer],
    common: &Common<'_>,
    report: &mut Report,
) -> Vec<crate::policy::SourceRules> {
    let entries = oauth.get(&JWKS);
    oauth.require(
        &JWKS,
        "at least one key source: `- url: 'https://…'`",
        report,
    );
    if matches!(oauth.find(&JWKS), Some([])) {
        report.mistake(
            &oauth.at(&JWKS),
            "no key source",
            "at least one: `- url: 'https://…'`",
        );
    }
    let urls = entries
        .iter()
        .filter(|entry| entry.has(&key_source::URL))
        .count();
    let resource = ResourceContext {
        folder: common.folder,
        insecure_hosts: common.insecure_hosts,
        authorization_servers,
        audiences,
        needs_issuer: urls > 1 || authorization_servers.len() > 1,
    };
    key_source::read(entries, &resource, report)
}

fn scope_claims(oauth: &Section, report: &mut Report) -> Vec<String> {
    let claims = oauth.get(&SCOPE_CLAIMS);
    let at = oauth.at(&SCOPE_CLAIMS);
    if claims.is_empty() {
        report.mistake(&at, "an empty list", "at least one claim");
    }
    for (index, _) in claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| claim.is_empty())
    {
        report.mistake(
            &format!("{at}[{index}]"),
            "an empty text",
            "the name of a claim",
        );
    }
    claims
}

fn allowed_origins(oauth: &Section, report: &mut Report) -> Option<Vec<String>> {
    let written = oauth.find(&ALLOWED_ORIGINS)?;
    let mut origins = Vec::new();
    for (index, text) in written.iter().enumerate() {
        match parse_origin(text) {
            Some(origin) => origins.push(origin),
            None => {
                let at = format!("{}[{index}]", oauth.at(&ALLOWED_ORIGINS));
                report.mistake(
                    &at,
                    shown_url(text),
                    "an origin such as `https://app.example.com`",
                );
            }
        }
    }
    Some(origins)
}

/// Rejects `unknown_operation: initialize` beside further levels: a client could skip them by
/// hiding the operation.
fn refuse_hidden_levels(oauth: &Section, settings: &OauthSettings, report: &mut Report) {
    let GraphqlSettings { storage, graph, .. } = &settings.graphql;
    let has_more = has_further_levels(&settings.scopes)
        || settings.unlisted == Unlisted::Deny
        || storage.is_some()
        || graph.is_some();
    if settings.unknown_operation == Unknown::Initialize && has_more {
        let expected = "`deny`: other levels have scopes, and hiding the operation would skip them";
        report.mistake(&oauth.at(&UNKNOWN_OPERATION), shown("initialize"), expected);
    }
}

fn warn_of_openings(oauth: &Section, settings: &OauthSettings, report: &mut Report) {
    if settings.mode == Mode::Report {
        report.warn(format!(
            "{} is report: missing scopes do not deny",
            oauth.at(&MODE)
        ));
    }
    if settings.trust_mcp_headers {
        let at = oauth.at(&TRUST_MCP_HEADERS);
        report.warn(format!(
            "{at}: a server that takes its operation from the body alone can be tricked"
        ));
    }
}
