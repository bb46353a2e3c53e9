//! Where a resource is: its URL, paths, hosts and identifier.

use url::Url;

use super::{
    mistake::{Report, shown, shown_url},
    section::Section,
    server::hosts,
    web::{is_canonical_path, is_loopback, parse_web_url, written_path},
};

/// The place of one resource. Texts are empty where there is no `base_url`.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) base_url: String,
    pub(super) origin: String,
    pub(super) path: String,
    pub(super) extra_paths: Vec<String>,
    pub(super) identifier: String,
    pub(super) hosts: Vec<String>,
}

impl Place {
    /// The endpoint's path and the further ones.
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.path).chain(&self.extra_paths)
    }
}

/// Reads the `server` section of a resource.
pub(super) fn read(server: &Section, report: &mut Report) -> Place {
    let base = base_url(server, report);
    let (base_url, url) = base.map_or((String::new(), None), |(text, url)| (text, Some(url)));
    let base_path = written_path(&base_url).to_owned();
    let path = endpoint(&base_path, &server.at("path"), server.text("path").unwrap_or("/mcp"), report);
    let below_base = path.strip_prefix(&base_path).unwrap_or(&path).trim_end_matches('/');
    let identifier = identifier(server, report).unwrap_or_else(|| format!("{base_url}{below_base}"));
    let hosts = if server.has("hosts") {
        hosts(server, "hosts", report)
    } else {
        url.as_ref().map(default_hosts).unwrap_or_default()
    };
    Place {
        origin: url.map(|url| url.origin().ascii_serialization()).unwrap_or_default(),
        extra_paths: extra_paths(server, &base_path, &path, report),
        base_url,
        path,
        identifier,
        hosts,
    }
}

fn base_url(server: &Section, report: &mut Report) -> Option<(String, Url)> {
    let written = server.text("base_url")?;
    let text = written.strip_suffix('/').unwrap_or(written);
    let path = written_path(text);
    let url = parse_web_url(text)
        .filter(|url| url.query().is_none() && (path.is_empty() || is_canonical_path(path)) && path != "/");
    let Some(url) = url else {
        let expected = "an http(s) URL without user name, query and fragment, its path without `%` and dots";
        report.mistake(&server.at("base_url"), shown_url(written), expected);
        return None;
    };
    if url.scheme() == "http" && !is_loopback(url.host_str().unwrap_or_default()) {
        report.warn(format!("{} is plain http: tokens travel in the clear", server.at("base_url")));
    }
    Some((text.to_owned(), url))
}

/// A path below the base URL's own. `/` and nothing both name the base URL itself.
fn endpoint(base_path: &str, at: &str, written: &str, report: &mut Report) -> String {
    if !written.is_empty() && !is_canonical_path(written) {
        let expected =
            "a path that begins with `/`, without `//`, dot segments, `%`, `;`, `\\` and a final `/`";
        report.mistake(at, shown(written), expected);
    }
    match (base_path, written) {
        ("", "" | "/") => "/".to_owned(),
        (base, "" | "/") => base.to_owned(),
        (base, path) => format!("{base}{path}"),
    }
}

fn extra_paths(server: &Section, base_path: &str, endpoint_path: &str, report: &mut Report) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for (index, written) in server.texts("extra_paths").unwrap_or_default().iter().enumerate() {
        let at = format!("{}[{index}]", server.at("extra_paths"));
        let path = endpoint(base_path, &at, written, report);
        if path == endpoint_path || paths.contains(&path) {
            report.mistake(&at, shown(written), "each path of the resource once");
        }
        paths.push(path);
    }
    paths
}

fn identifier(server: &Section, report: &mut Report) -> Option<String> {
    let text = server.text("resource")?;
    if parse_web_url(text).is_none() {
        report.mistake(
            &server.at("resource"),
            shown_url(text),
            "an http(s) URL without user name and fragment",
        );
    }
    Some(text.to_owned())
}

/// A `Host` may carry the scheme's default port or leave it out.
fn default_hosts(url: &Url) -> Vec<String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let with_port = format!("{host}:{port}");
    if url.port().is_none() { vec![host.to_owned(), with_port] } else { vec![with_port] }
}
