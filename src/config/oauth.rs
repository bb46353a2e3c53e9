//! `oauth`: authorization servers, scopes, and how strictly they are enforced.

use super::{
    graphql::{self, Providers},
    mistake::{Report, shown, shown_url},
    scopes::{self, has_further_levels},
    section::Section,
    source::{self, Surroundings},
    token::{ISSUER, parse_issuer},
    web::parse_origin,
};
use crate::{
    domain::Issuer,
    policy::{ChallengeScopes, GraphqlSettings, Mode, OauthSettings, Unknown, Unlisted},
};

/// What all resources have in common.
pub(super) struct Common<'a> {
    /// The folder that files are relative to.
    pub(super) folder: &'a std::path::Path,
    /// `server.insecure_key_hosts`.
    pub(super) insecure_hosts: &'a [String],
    /// `storage_providers`.
    pub(super) providers: &'a Providers,
}

/// Reads `oauth` and the GraphQL keys of one resource whose tokens name one of `audiences` by default.
pub(super) fn read(
    resource: &Section,
    audiences: &[String],
    common: &Common<'_>,
    report: &mut Report,
) -> OauthSettings {
    let oauth = resource.section("oauth");
    let is_set = |name: &str| oauth.flag(name).unwrap_or(false);
    let unknown = [("deny", Unknown::Deny), ("initialize", Unknown::Initialize)];
    let unlisted = [("level", Unlisted::Level), ("deny", Unlisted::Deny)];
    let challenge = [("operation", ChallengeScopes::Operation), ("level", ChallengeScopes::Level)];
    let mode = [("enforce", Mode::Enforce), ("report", Mode::Report)];
    let authorization_servers = authorization_servers(oauth, report);
    let settings = OauthSettings {
        sources: sources(oauth, audiences, &authorization_servers, common, report),
        authorization_servers,
        scopes: scopes::read(oauth.section("scopes"), report),
        scope_claims: scope_claims(oauth, report),
        challenge_scopes: oauth.choice("challenge_scopes", ChallengeScopes::Operation, &challenge, report),
        include_token_scopes: is_set("scope_challenge_include_token_scopes"),
        max_scope_combinations: oauth.number("max_scope_combinations", 2048, 1..=1 << 20, report),
        unknown_methods: oauth.choice("unknown_methods", Unknown::Deny, &unknown, report),
        unknown_operation: oauth.choice("unknown_operation", Unknown::Deny, &unknown, report),
        unlisted: oauth.choice("unlisted", Unlisted::Level, &unlisted, report),
        trust_mcp_headers: is_set("trust_mcp_headers"),
        trust_string_body: is_set("trust_string_body"),
        forward_token: oauth.flag("forward_token").unwrap_or(true),
        allowed_origins: allowed_origins(oauth, report),
        mode: oauth.choice("mode", Mode::Enforce, &mode, report),
        graphql: graphql::read(resource, common.providers, common.folder, report),
    };
    refuse_hidden_levels(oauth, &settings, report);
    warn_of_openings(oauth, &settings, report);
    settings
}

/// The single one first, each once.
fn authorization_servers(oauth: &Section, report: &mut Report) -> Vec<Issuer> {
    let single = oauth.text("authorization_server_url");
    let single = single.map(|text| (oauth.at("authorization_server_url"), text));
    let listed = oauth.texts("authorization_server_urls").unwrap_or_default().iter().enumerate();
    let listed = listed
        .map(|(index, text)| (format!("{}[{index}]", oauth.at("authorization_server_urls")), text.as_str()));
    let mut servers = Vec::new();
    for (at, text) in single.into_iter().chain(listed) {
        match parse_issuer(text) {
            Some(server) if !servers.contains(&server) => servers.push(server),
            Some(_) => {}
            None => report.mistake(&at, shown_url(text), ISSUER),
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
    let entries = oauth.entries("jwks");
    oauth.require("jwks", "at least one key source", report);
    if oauth.has("jwks") && entries.is_empty() {
        report.mistake(&oauth.at("jwks"), "no key source", "at least one key source");
    }
    let urls = entries.iter().filter(|entry| entry.has("url")).count();
    let around = Surroundings {
        folder: common.folder,
        insecure_hosts: common.insecure_hosts,
        authorization_servers,
        audiences,
        needs_issuer: urls > 1 || authorization_servers.len() > 1,
    };
    source::read(oauth, &around, report)
}

fn scope_claims(oauth: &Section, report: &mut Report) -> Vec<String> {
    let Some(claims) = oauth.texts("scope_claims") else {
        return vec!["scope".to_owned(), "scp".to_owned()];
    };
    let at = oauth.at("scope_claims");
    if claims.is_empty() {
        report.mistake(&at, "an empty list", "at least one claim");
    }
    for (index, _) in claims.iter().enumerate().filter(|(_, claim)| claim.is_empty()) {
        report.mistake(&format!("{at}[{index}]"), "an empty text", "the name of a claim");
    }
    claims.to_vec()
}

fn allowed_origins(oauth: &Section, report: &mut Report) -> Option<Vec<String>> {
    let written = oauth.texts("allowed_origins")?;
    let mut origins = Vec::new();
    for (index, text) in written.iter().enumerate() {
        match parse_origin(text) {
            Some(origin) => origins.push(origin),
            None => {
                let at = format!("{}[{index}]", oauth.at("allowed_origins"));
                report.mistake(&at, shown_url(text), "an origin such as `https://app.example.com`");
            }
        }
    }
    Some(origins)
}

/// Where an operation that was not shown needs the initialize level alone, hiding it would skip the others.
fn refuse_hidden_levels(oauth: &Section, settings: &OauthSettings, report: &mut Report) {
    let GraphqlSettings { storage, graph, .. } = &settings.graphql;
    let has_more = has_further_levels(&settings.scopes)
        || settings.unlisted == Unlisted::Deny
        || storage.is_some()
        || graph.is_some();
    if settings.unknown_operation == Unknown::Initialize && has_more {
        let expected = "`deny`: other levels have scopes, and hiding the operation would skip them";
        report.mistake(&oauth.at("unknown_operation"), shown("initialize"), expected);
    }
}

fn warn_of_openings(oauth: &Section, settings: &OauthSettings, report: &mut Report) {
    if settings.mode == Mode::Report {
        report.warn(format!("{} is report: missing scopes do not deny", oauth.at("mode")));
    }
    if settings.trust_mcp_headers {
        let at = oauth.at("trust_mcp_headers");
        report.warn(format!("{at}: a server that takes its operation from the body alone can be tricked"));
    }
}
