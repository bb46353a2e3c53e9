//! The protected resources: `mcp`, and each entry of `resources`.

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Flag, Members, Text},
            shape::Part,
        },
        file::section::Section,
        mistake::{Report, shown},
        sections::{
            endpoint::{self, BASE_URL, Endpoint, HOSTS, PATH},
            oauth::{self, Common},
        },
        url::parse_web_url,
    },
    domain::ResourceId,
    policy::{Enforcement, ResourceSettings},
};

/// `id`, of an entry of `resources`.
pub(in crate::config) const ID: Key<Text> = Key::new(
    "id",
    Text::ANY,
    "Only in `resources`, and required there. 1 to 64 letters, digits, `.`, `_`, `-`. It names the resource in logs, \
     metrics, the realm and `?resource=ID`.",
);

/// The keys that `mcp` and the entries of `resources` share, except `server` and the GraphQL keys.
pub(in crate::config) const KEYS: Part = &[
    &ENABLED,
    &RESOURCE_NAME,
    &RESOURCE_DOCUMENTATION,
    &RESOURCE_POLICY_URI,
    &RESOURCE_TOS_URI,
    &OAUTH,
];

/// `server` of an entry of `resources`.
pub(in crate::config) const SERVER: Key<Members> =
    Key::new("server", Members(&[endpoint::KEYS]), SERVER_DOC);

/// The documentation of a resource's `server`.
pub(in crate::config) const SERVER_DOC: &str = "Where clients reach the MCP server.";

/// `oauth`.
pub(in crate::config) const OAUTH: Key<Members> = Key::new(
    "oauth",
    Members(oauth::KEYS),
    "Who may do what: authorization servers, scopes and keys.",
);

const ENABLED: Key<Flag> = Key::new(
    "enabled",
    Flag::UNSET,
    "`true` in `resources`, `false` in `mcp`: write `mcp.enabled: true`.",
)
.defaults_to("see meaning");

const RESOURCE_NAME: Key<Text> = Key::new("resource_name", Text::ANY, "Copied to the metadata.");

const RESOURCE_DOCUMENTATION: Key<Text> = Key::new(
    "resource_documentation",
    Text::URL,
    "Copied to the metadata.",
);

const RESOURCE_POLICY_URI: Key<Text> =
    Key::new("resource_policy_uri", Text::URL, "Copied to the metadata.");

const RESOURCE_TOS_URI: Key<Text> =
    Key::new("resource_tos_uri", Text::URL, "Copied to the metadata.");

/// Reads the enabled resources. For the others only the shape matters, which was checked before.
pub(in crate::config) fn read(
    mcp: &Section,
    resources: &[Section],
    common: &Common<'_>,
    report: &mut Report,
) -> Vec<ResourceSettings> {
    let enabled = enabled(mcp, resources, report);
    let endpoints: Vec<Endpoint> = enabled
        .iter()
        .map(|(_, section)| endpoint::read(section.get(&SERVER), report))
        .collect();
    let written: Vec<Written<'_>> = enabled
        .into_iter()
        .zip(endpoints)
        .map(|((id, section), endpoint)| Written {
            id,
            section,
            endpoint,
        })
        .collect();
    if written.is_empty() {
        report.no_resource(&mcp.at(&ENABLED));
    }
    check_apart(&written, report);
    let read = |resource: &Written<'_>| {
        let origin = &resource.endpoint.origin;
        let is_alone = written
            .iter()
            .filter(|other| other.endpoint.origin == *origin)
            .count()
            == 1;
        settings(resource, is_alone, common, report)
    };
    written.iter().map(read).collect()
}

struct Written<'a> {
    id: ResourceId,
    section: &'a Section,
    endpoint: Endpoint,
}

fn enabled<'a>(
    mcp: &'a Section,
    resources: &'a [Section],
    report: &mut Report,
) -> Vec<(ResourceId, &'a Section)> {
    let mut enabled: Vec<(ResourceId, &Section)> = Vec::new();
    // A value that could not be read counts as `true`, so that the section's other mistakes are
    // reported too.
    if mcp.find(&ENABLED).unwrap_or(mcp.has(&ENABLED)) {
        enabled.extend(ResourceId::parse("mcp").ok().map(|id| (id, mcp)));
    } else if mcp.is_written() {
        report.warn("mcp.enabled is not true: the section protects nothing".to_owned());
    }
    for entry in resources
        .iter()
        .filter(|entry| entry.find(&ENABLED).unwrap_or(true))
    {
        entry.require(&ID, "the name of the resource", report);
        let id = id(entry, report);
        if enabled
            .iter()
            .any(|(earlier, _)| Some(earlier) == id.as_ref())
        {
            report.mistake(
                &entry.at(&ID),
                shown(entry.get(&ID)),
                "an id that no other resource has",
            );
        }
        let stand_in = || ResourceId::parse("unnamed").ok();
        enabled.extend(id.or_else(stand_in).map(|id| (id, entry)));
    }
    enabled
}

fn id(entry: &Section, report: &mut Report) -> Option<ResourceId> {
    let text = entry.find(&ID)?;
    let id = ResourceId::parse(text);
    if let Err(error) = &id {
        report.mistake(&entry.at(&ID), shown(text), error.to_string());
    }
    id.ok()
}

/// Rejects two resources with the same host and path: a request must lead to one resource.
fn check_apart(written: &[Written<'_>], report: &mut Report) {
    if written.len() < 2 {
        return;
    }
    for (index, resource) in written.iter().enumerate() {
        let server = resource.section.get(&SERVER);
        if resource.endpoint.hosts.is_empty() && !server.has(&HOSTS) && !server.has(&BASE_URL) {
            report.missing(
                &server.at(&HOSTS),
                "`hosts` or `base_url`, since there are several resources",
            );
        }
        for earlier in written.iter().take(index) {
            if let Some((host, path)) = meeting(&earlier.endpoint, &resource.endpoint) {
                let found = format!(
                    "{} on {}, which `{}` has too",
                    shown(path),
                    shown(host),
                    earlier.id
                );
                report.mistake(
                    &server.at(&PATH),
                    found,
                    "one resource for each host and path",
                );
            }
        }
    }
}

fn meeting<'a>(one: &'a Endpoint, other: &'a Endpoint) -> Option<(&'a String, &'a String)> {
    let host = one.hosts.iter().find(|host| other.hosts.contains(host))?;
    let path = one
        .paths()
        .find(|path| other.paths().any(|second| second == *path))?;
    Some((host, path))
}

fn settings(
    resource: &Written<'_>,
    is_alone: bool,
    common: &Common<'_>,
    report: &mut Report,
) -> ResourceSettings {
    let Written {
        id,
        section,
        endpoint,
    } = resource;
    let enforcement = enforcement(section, endpoint, is_alone, common, report);
    let text = |key: &Key<Text>| section.find(key).map(str::to_owned);
    for key in [
        &RESOURCE_DOCUMENTATION,
        &RESOURCE_POLICY_URI,
        &RESOURCE_TOS_URI,
    ] {
        if let Some(url) = section.find(key).filter(|url| parse_web_url(url).is_none()) {
            report.mistake(
                &section.at(key),
                shown(url),
                "an http(s) URL without user name and fragment",
            );
        }
    }
    ResourceSettings {
        id: id.clone(),
        identifier: endpoint.identifier.clone(),
        base_url: endpoint.base_url.clone(),
        origin: endpoint.origin.clone(),
        path: endpoint.path.clone(),
        extra_paths: endpoint.extra_paths.clone(),
        hosts: endpoint.hosts.clone(),
        resource_name: text(&RESOURCE_NAME),
        resource_documentation: text(&RESOURCE_DOCUMENTATION),
        resource_policy_uri: text(&RESOURCE_POLICY_URI),
        resource_tos_uri: text(&RESOURCE_TOS_URI),
        enforcement,
    }
}

fn enforcement(
    section: &Section,
    endpoint: &Endpoint,
    is_alone: bool,
    common: &Common<'_>,
    report: &mut Report,
) -> Enforcement {
    let oauth = section.get(&OAUTH);
    if oauth.find(&oauth::ENABLED) == Some(false) {
        report.warn(format!(
            "{}.oauth.enabled is false: every request is permitted",
            section.path()
        ));
        return Enforcement::Off;
    }
    oauth.require(
        &oauth::ENABLED,
        "`true`, or `false` to permit every request",
        report,
    );
    section.get(&SERVER).require(
        &BASE_URL,
        "the origin by which clients reach the server",
        report,
    );
    let mut audiences = vec![endpoint.identifier.clone()];
    if is_alone && endpoint.base_url != endpoint.identifier {
        audiences.push(endpoint.base_url.clone());
    }
    Enforcement::On(Box::new(oauth::read(
        oauth, section, &audiences, common, report,
    )))
}
