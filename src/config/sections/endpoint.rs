//! The endpoint of a resource: its URL, paths, hosts and identifier.

use ::url::Url;

use crate::config::{
    declaration::{
        key::Key,
        kind::{List, Text},
        shape::{Form, Part},
    },
    file::section::Section,
    mistake::{Report, shown, shown_url},
    sections::hosts::hosts,
    url::{is_canonical_path, is_loopback, parse_web_url, written_path},
};

/// The keys of a resource's `server`.
pub(in crate::config) const KEYS: Part = &[&BASE_URL, &PATH, &RESOURCE, &EXTRA_PATHS, &HOSTS];

/// `server.base_url` of a resource.
pub(in crate::config) const BASE_URL: Key<Text> = Key::new(
    "base_url",
    Text::URL,
    "Where clients reach the server, through the gateway. Required where `oauth.enabled` is true. No query, no fragment; \
     a final `/` is dropped. The path of the endpoint is not part of it: that is `path`.",
)
.variable("MCP_SERVER_BASE_URL");

/// `server.path` of a resource.
pub(in crate::config) const PATH: Key<Text> = Key::new(
    "path",
    Text::preset(Form::Path, "/mcp"),
    "The MCP endpoint below `base_url`. Requests match byte for byte.",
);

const RESOURCE: Key<Text> = Key::new(
    "resource",
    Text::URL,
    "The resource identifier, if it must be another: metadata names it and `aud` must contain it.",
)
.defaults_to("`base_url` + `path`");

const EXTRA_PATHS: Key<List> = Key::new(
    "extra_paths",
    List::EMPTY,
    "Further paths under the same policy, such as the old `/sse` and `/messages`.",
);

/// `server.hosts` of a resource.
pub(in crate::config) const HOSTS: Key<List> = Key::new(
    "hosts",
    List::EMPTY,
    "Hosts that select this resource, `host` or `host:port`. With a single resource the host is not looked at.",
)
.defaults_to("host of `base_url`");

/// The endpoint of one resource. Without a `base_url` its texts are empty.
#[derive(Debug, Default)]
pub(in crate::config) struct Endpoint {
    pub(in crate::config) base_url: String,
    pub(in crate::config) origin: String,
    pub(in crate::config) path: String,
    pub(in crate::config) extra_paths: Vec<String>,
    pub(in crate::config) identifier: String,
    pub(in crate::config) hosts: Vec<String>,
}

impl Endpoint {
    /// The endpoint's path, followed by the further ones.
    pub(in crate::config) fn paths(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.path).chain(&self.extra_paths)
    }
}

/// Reads the `server` section of a resource.
pub(in crate::config) fn read(server: &Section, report: &mut Report) -> Endpoint {
    let base = base_url(server, report);
    let (base_url, url) = base.map_or((String::new(), None), |(text, url)| (text, Some(url)));
    let base_path = written_path(&base_url).to_owned();
    refuse_repeated_path(&base_path, server, report);
    let path = joined(&base_path, &server.at(&PATH), server.get(&PATH), report);
    let below_base = path
        .strip_prefix(&base_path)
        .unwrap_or(&path)
        .trim_end_matches('/');
    let identifier =
        identifier(server, report).unwrap_or_else(|| format!("{base_url}{below_base}"));
    let hosts = if server.has(&HOSTS) {
        hosts(server, &HOSTS, report)
    } else {
        url.as_ref().map(default_hosts).unwrap_or_default()
    };
    Endpoint {
        origin: url
            .map(|url| url.origin().ascii_serialization())
            .unwrap_or_default(),
        extra_paths: extra_paths(server, &base_path, &path, report),
        base_url,
        path,
        identifier,
        hosts,
    }
}

fn base_url(server: &Section, report: &mut Report) -> Option<(String, Url)> {
    let written = server.find(&BASE_URL)?;
    let text = written.strip_suffix('/').unwrap_or(written);
    let path = written_path(text);
    let url = parse_web_url(text).filter(|url| {
        url.query().is_none() && (path.is_empty() || is_canonical_path(path)) && path != "/"
    });
    let Some(url) = url else {
        let expected =
            "an http(s) URL without user name, query and fragment, its path without `%` and dots";
        report.mistake(&server.at(&BASE_URL), shown_url(written), expected);
        return None;
    };
    if url.scheme() == "http" && !is_loopback(url.host_str().unwrap_or_default()) {
        report.warn(format!(
            "{} is plain http: tokens travel in the clear",
            server.at(&BASE_URL)
        ));
    }
    Some((text.to_owned(), url))
}

/// Rejects a `base_url` that ends in the endpoint's path, since the endpoint would be at
/// `/mcp/mcp`.
fn refuse_repeated_path(base_path: &str, server: &Section, report: &mut Report) {
    let path = server.get(&PATH);
    let Some(before) = base_path.strip_suffix(path).filter(|_| path.len() > 1) else {
        return;
    };
    let written = server.get(&BASE_URL);
    let origin = written
        .strip_suffix('/')
        .unwrap_or(written)
        .strip_suffix(base_path)
        .unwrap_or_default();
    let expected = format!(
        "{}: the path {} is added to it, from `path`",
        shown(&format!("{origin}{before}")),
        shown(path)
    );
    report.mistake(&server.at(&BASE_URL), shown_url(written), expected);
}

/// Appends a path to that of the base URL. Both `/` and an empty path mean the base URL itself.
fn joined(base_path: &str, at: &str, written: &str, report: &mut Report) -> String {
    if !written.is_empty() && !is_canonical_path(written) {
        let expected = "a path that begins with `/`, without `//`, dot segments, `%`, `;`, `\\` and a final `/`";
        report.mistake(at, shown(written), expected);
    }
    match (base_path, written) {
        ("", "" | "/") => "/".to_owned(),
        (base, "" | "/") => base.to_owned(),
        (base, path) => format!("{base}{path}"),
    }
}

fn extra_paths(
    server: &Section,
    base_path: &str,
    endpoint_path: &str,
    report: &mut Report,
) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for (index, written) in server.get(&EXTRA_PATHS).iter().enumerate() {
        let at = format!("{}[{index}]", server.at(&EXTRA_PATHS));
        let path = joined(base_path, &at, written, report);
        if path == endpoint_path || paths.contains(&path) {
            report.mistake(&at, shown(written), "each path of the resource once");
        }
        paths.push(path);
    }
    paths
}

fn identifier(server: &Section, report: &mut Report) -> Option<String> {
    let text = server.find(&RESOURCE)?;
    if parse_web_url(text).is_none() {
        report.mistake(
            &server.at(&RESOURCE),
            shown_url(text),
            "an http(s) URL without user name and fragment",
        );
    }
    Some(text.to_owned())
}

/// A `Host` header may carry the scheme's default port or omit it.
fn default_hosts(url: &Url) -> Vec<String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let with_port = format!("{host}:{port}");
    if url.port().is_none() {
        vec![host.to_owned(), with_port]
    } else {
        vec![with_port]
    }
}
