//! `oauth.jwks`: where keys come from, and what tokens signed by them must look like.

use std::{path::Path, time::Duration};

use url::Url;

use super::{
    mistake::{Report, shown, shown_url},
    schema::REMOTE,
    secret,
    section::Section,
    token,
    units::YEAR,
    web::parse_web_url,
};
use crate::{
    domain::Issuer,
    keys::{Algorithm, AlgorithmSet, RemoteSettings, SourceSettings, UnknownKidSettings, is_fetchable},
    policy::SourceRules,
};

/// What a source's defaults and checks depend on besides its own section.
pub(super) struct Surroundings<'a> {
    /// The folder that files are relative to.
    pub(super) folder: &'a Path,
    /// `server.insecure_key_hosts`.
    pub(super) insecure_hosts: &'a [String],
    /// The resource's authorization servers.
    pub(super) authorization_servers: &'a [Issuer],
    /// The audiences of a source that names none.
    pub(super) audiences: &'a [String],
    /// Whether one provider's keys could sign for another, so that each source must name its issuer.
    pub(super) needs_issuer: bool,
}

/// Reads the key sources of one resource.
pub(super) fn read(oauth: &Section, around: &Surroundings<'_>, report: &mut Report) -> Vec<SourceRules> {
    let entries = oauth.entries("jwks");
    for (name, what) in [("url", "URL"), ("header_key_id", "key id")] {
        refuse_repetitions(entries, name, what, report);
    }
    let mut sources: Vec<SourceRules> = Vec::new();
    for entry in entries {
        let issuer = token::issuer(entry, report);
        let keys = keys(entry, issuer.clone(), around, report);
        let token = token::read(entry, issuer, around, report);
        let Some((name, keys)) = keys else { continue };
        let same = |number: usize| if number < 2 { name.clone() } else { format!("{name}#{number}") };
        let is_free = |name: &String| sources.iter().all(|source| source.name != *name);
        let name = (1..).map(same).find(is_free).unwrap_or_default();
        sources.push(SourceRules { name, keys, token });
    }
    sources
}

/// Whether a URL is that of a discovery document (RFC 8414, OpenID Connect Discovery).
pub(super) fn is_discovery(url: &Url) -> bool {
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
        .iter()
        .any(|ending| url.path().ends_with(ending))
}

fn refuse_repetitions(entries: &[Section], name: &str, what: &str, report: &mut Report) {
    let mut seen: Vec<&str> = Vec::new();
    for entry in entries {
        let Some(text) = entry.text(name) else { continue };
        if seen.contains(&text) {
            report.mistake(&entry.at(name), shown_url(text), format!("a {what} that no other entry has"));
        }
        seen.push(text);
    }
}

fn keys(
    entry: &Section,
    issuer: Option<Issuer>,
    around: &Surroundings<'_>,
    report: &mut Report,
) -> Option<(String, SourceSettings)> {
    let is_secret = entry.has("secret") || entry.has("secret_file");
    match (entry.has("url"), is_secret) {
        (true, true) => report.mistake(entry.path(), "`url` and a secret", "one of the two"),
        (false, false) => {
            let expected = "`url`, or `secret` with `symmetric_algorithm` and `header_key_id`";
            report.mistake(entry.path(), "no key source", expected);
        }
        (true, false) => return remote(entry, issuer, around, report),
        (false, true) => {
            warn_of_idle_keys(entry, report);
            let settings = secret::read(entry, around.folder, report)?;
            return Some((format!("secret:{}", settings.key_id), SourceSettings::Secret(settings)));
        }
    }
    None
}

fn warn_of_idle_keys(entry: &Section, report: &mut Report) {
    for key in REMOTE.iter().filter(|key| entry.has(key.name)) {
        report.warn(format!("{} has no effect with a shared secret", entry.at(key.name)));
    }
}

fn remote(
    entry: &Section,
    issuer: Option<Issuer>,
    around: &Surroundings<'_>,
    report: &mut Report,
) -> Option<(String, SourceSettings)> {
    for name in ["symmetric_algorithm", "header_key_id"].into_iter().filter(|name| entry.has(name)) {
        report.mistake(
            &entry.at(name),
            "a key of a shared secret next to `url`",
            "`secret` instead of `url`",
        );
    }
    let url = url(entry, around, report);
    let refresh_interval = refresh_interval(entry, report);
    let settings = RemoteSettings {
        issuer,
        algorithms: algorithms(entry, report),
        allowed_use: allowed_use(entry, report),
        refresh_interval,
        unknown_kid: unknown_kid(entry.section("refresh_unknown_kid"), report),
        max_stale: max_stale(entry, refresh_interval, report),
        timeout: entry.duration("timeout", Duration::from_secs(5), MILLISECOND..=MINUTE * 5, report),
        max_bytes: entry.number("max_bytes", 512 << 10, 1 << 10..=64 << 20, report),
        url: url?,
    };
    let host = settings.url.host_str().unwrap_or_default();
    let port = settings.url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some((format!("{host}{port}{}", settings.url.path()), SourceSettings::Remote(settings)))
}

fn url(entry: &Section, around: &Surroundings<'_>, report: &mut Report) -> Option<Url> {
    let text = entry.text("url")?;
    let at = entry.at("url");
    let Some(url) = parse_web_url(text) else {
        report.mistake(&at, shown_url(text), "an http(s) URL without user name and fragment");
        return None;
    };
    if let Err(why) = is_fetchable(&url, around.insecure_hosts) {
        report.mistake(&at, shown(text), why.to_string());
    }
    Some(url)
}

fn refresh_interval(entry: &Section, report: &mut Report) -> Duration {
    entry.duration("refresh_interval", MINUTE, Duration::from_secs(5)..=YEAR, report)
}

fn max_stale(entry: &Section, refresh_interval: Duration, report: &mut Report) -> Duration {
    let max_stale = entry.duration("max_stale", MINUTE * 60 * 24, MILLISECOND..=YEAR, report);
    if max_stale < refresh_interval {
        let path = entry.at("max_stale");
        report.warn(format!("{path} is shorter than refresh_interval: keys go stale between two fetches"));
    }
    max_stale
}

fn unknown_kid(section: &Section, report: &mut Report) -> UnknownKidSettings {
    let second = Duration::from_secs(1);
    let max_wait = Duration::from_millis(150);
    UnknownKidSettings {
        enabled: section.flag("enabled").unwrap_or(true),
        max_wait: section.duration("max_wait", max_wait, Duration::ZERO..=second * 30, report),
        interval: section.duration("interval", second * 30, second..=YEAR, report),
        burst: u32::try_from(section.number("burst", 2, 1..=1000, report)).unwrap_or(u32::MAX),
    }
}

fn allowed_use(entry: &Section, report: &mut Report) -> Vec<String> {
    let Some(uses) = entry.texts("allowed_use") else { return vec!["sig".to_owned()] };
    if uses.is_empty() {
        report.mistake(&entry.at("allowed_use"), "an empty list", "at least one use, such as `sig`");
    }
    uses.to_vec()
}

fn algorithms(entry: &Section, report: &mut Report) -> AlgorithmSet {
    let Some(names) = entry.texts("algorithms") else { return AlgorithmSet::asymmetric() };
    if names.is_empty() {
        report.mistake(&entry.at("algorithms"), "an empty list", "at least one algorithm");
    }
    let mut known = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match Algorithm::parse(name).filter(|algorithm| !algorithm.is_symmetric()) {
            Some(algorithm) => known.push(algorithm),
            None => {
                let path = format!("{}[{index}]", entry.at("algorithms"));
                report.mistake(&path, shown(name), asymmetric_instead_of(name));
            }
        }
    }
    known.into_iter().collect()
}

fn asymmetric_instead_of(name: &str) -> String {
    let names: Vec<&str> = AlgorithmSet::asymmetric().iter().map(Algorithm::name).collect();
    let names = names.join(", ");
    match name {
        "none" => format!("one of {names}: a token without a signature proves nothing"),
        "ES512" => format!("one of {names}: this build does not verify ES512"),
        "HS256" | "HS384" | "HS512" => {
            format!("one of {names}: HS needs `secret`, a public key is no secret")
        }
        _ => format!("one of {names}"),
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
