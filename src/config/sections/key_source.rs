//! `oauth.jwks`: the sources of keys, and the rules for tokens that these keys sign.

use std::time::Duration;

use ::url::Url;

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Flag, List, Members, Number, Period, Size, Text},
            shape::{Declared, Keys, Part},
        },
        file::section::Section,
        mistake::{Report, shown, shown_url},
        sections::{
            resource_context::ResourceContext,
            secret::{self, HEADER_KEY_ID, SECRET, SECRET_FILE, SYMMETRIC_ALGORITHM},
            token::{self, ALGORITHMS},
        },
        units::YEAR,
        url::parse_web_url,
    },
    domain::Issuer,
    keys::{
        Algorithm, AlgorithmSet, RemoteSettings, SourceSettings, UnknownKidSettings, is_fetchable,
    },
    policy::SourceRules,
};

/// The keys of an entry of `oauth.jwks`.
pub(in crate::config) const KEYS: Keys = &[REMOTE, secret::KEYS, token::KEYS];

/// The keys that apply only to a source with a URL.
const REMOTE: Part = &[
    &URL,
    &REFRESH_INTERVAL,
    &REFRESH_UNKNOWN_KID,
    &MAX_STALE,
    &TIMEOUT,
    &MAX_BYTES,
    &ALLOWED_USE,
];

/// `oauth.jwks[].url`.
pub(in crate::config) const URL: Key<Text> = Key::new(
    "url",
    Text::URL,
    "Where the JWKS is. A path that ends in `/.well-known/openid-configuration` or \
     `/.well-known/oauth-authorization-server` is read as discovery, and its `jwks_uri` and `issuer` are used. https, but \
     for loopback and `server.insecure_key_hosts`.",
);

const REFRESH_INTERVAL: Key<Period> = Key::new(
    "refresh_interval",
    Period {
        default: MINUTE,
        range: Duration::from_secs(5)..=YEAR,
    },
    "Time between two fetches, ±10 %.",
);

const REFRESH_UNKNOWN_KID: Key<Members> = Key::new(
    "refresh_unknown_kid",
    Members(&[&[&UNKNOWN_KID_ENABLED, &MAX_WAIT, &INTERVAL, &BURST]]),
    "Fetches that a token with an unknown key causes.",
);

const UNKNOWN_KID_ENABLED: Key<Flag> = Key::new(
    "enabled",
    Flag::ON,
    "Whether a token with an unknown key, or a signature that fails under a known one, causes a fetch.",
);

const MAX_WAIT: Key<Period> = Key::new(
    "max_wait",
    Period {
        default: Duration::from_millis(150),
        range: Duration::ZERO..=Duration::from_secs(30),
    },
    "How long a request waits for that fetch.",
);

const INTERVAL: Key<Period> = Key::new(
    "interval",
    Period {
        default: Duration::from_secs(30),
        range: Duration::from_secs(1)..=YEAR,
    },
    "The time after which one more such fetch is allowed.",
);

const BURST: Key<Number> = Key::new(
    "burst",
    Number {
        default: Some(2),
        range: 1..=1000,
    },
    "How many such fetches are allowed in a row, after a quiet time.",
);

const MAX_STALE: Key<Period> = Key::new(
    "max_stale",
    Period {
        default: Duration::from_secs(24 * 60 * 60),
        range: MILLISECOND..=YEAR,
    },
    "How long the last good keys serve while fetches fail. Afterwards `keys-unavailable`.",
);

const TIMEOUT: Key<Period> = Key::new(
    "timeout",
    Period {
        default: Duration::from_secs(5),
        range: MILLISECOND..=Duration::from_secs(5 * 60),
    },
    "How long one fetch may take.",
);

const MAX_BYTES: Key<Size> = Key::new(
    "max_bytes",
    Size {
        default: 512 << 10,
        range: 1 << 10..=64 << 20,
    },
    "The longest answer.",
);

const ALLOWED_USE: Key<List> = Key::new(
    "allowed_use",
    List::preset(&["sig"]),
    "Values of a key's `use`. Add `''` to take keys without one.",
);

/// Reads the key sources of one resource.
pub(in crate::config) fn read(
    entries: &[Section],
    resource: &ResourceContext<'_>,
    report: &mut Report,
) -> Vec<SourceRules> {
    for (key, what) in [(&URL, "URL"), (&HEADER_KEY_ID, "key id")] {
        refuse_repetitions(entries, key, what, report);
    }
    let mut sources: Vec<SourceRules> = Vec::new();
    for entry in entries {
        let issuer = token::issuer(entry, report);
        let keys = keys(entry, issuer.clone(), resource, report);
        let is_discovered = entry
            .find(&URL)
            .and_then(parse_web_url)
            .is_some_and(|url| is_discovery(&url));
        let token = token::read(entry, issuer, is_discovered, resource, report);
        let Some((name, keys)) = keys else { continue };
        let same = |number: usize| {
            if number < 2 {
                name.clone()
            } else {
                format!("{name}#{number}")
            }
        };
        let is_free = |name: &String| sources.iter().all(|source| source.name != *name);
        let name = (1..).map(same).find(is_free).unwrap_or_default();
        sources.push(SourceRules { name, keys, token });
    }
    sources
}

/// Returns true for the URL of a discovery document (RFC 8414, OpenID Connect Discovery).
fn is_discovery(url: &Url) -> bool {
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ]
    .iter()
    .any(|ending| url.path().ends_with(ending))
}

fn refuse_repetitions(entries: &[Section], key: &Key<Text>, what: &str, report: &mut Report) {
    let mut seen: Vec<&str> = Vec::new();
    for entry in entries {
        let Some(text) = entry.find(key) else {
            continue;
        };
        if seen.contains(&text) {
            report.mistake(
                &entry.at(key),
                shown_url(text),
                format!("a {what} that no other entry has"),
            );
        }
        seen.push(text);
    }
}

fn keys(
    entry: &Section,
    issuer: Option<Issuer>,
    resource: &ResourceContext<'_>,
    report: &mut Report,
) -> Option<(String, SourceSettings)> {
    let is_secret = entry.has(&SECRET) || entry.has(&SECRET_FILE);
    match (entry.has(&URL), is_secret) {
        (true, true) => report.mistake(entry.path(), "`url` and a secret", "one of the two"),
        (false, false) => {
            let expected = "`url`, or `secret` with `symmetric_algorithm` and `header_key_id`";
            report.mistake(entry.path(), "no key source", expected);
        }
        (true, false) => return remote(entry, issuer, resource, report),
        (false, true) => {
            warn_of_idle_keys(entry, report);
            let settings = secret::read(entry, resource.folder, report)?;
            return Some((
                format!("secret:{}", settings.key_id),
                SourceSettings::Secret(settings),
            ));
        }
    }
    None
}

fn warn_of_idle_keys(entry: &Section, report: &mut Report) {
    for key in REMOTE.iter().filter(|key| entry.has(**key)) {
        report.warn(format!(
            "{} has no effect with a shared secret",
            entry.at(*key)
        ));
    }
}

fn remote(
    entry: &Section,
    issuer: Option<Issuer>,
    resource: &ResourceContext<'_>,
    report: &mut Report,
) -> Option<(String, SourceSettings)> {
    let others: [&dyn Declared; 2] = [&SYMMETRIC_ALGORITHM, &HEADER_KEY_ID];
    for key in others.into_iter().filter(|key| entry.has(*key)) {
        report.misnamed(
            &entry.at(key),
            "a key of a shared secret next to `url`",
            "`secret` instead of `url`",
        );
    }
    let url = url(entry, resource, report);
    let settings = RemoteSettings {
        issuer,
        algorithms: algorithms(entry, report),
        allowed_use: allowed_use(entry, report),
        refresh_interval: entry.get(&REFRESH_INTERVAL),
        unknown_kid: unknown_kid(entry.get(&REFRESH_UNKNOWN_KID)),
        max_stale: max_stale(entry, report),
        timeout: entry.get(&TIMEOUT),
        max_bytes: entry.get(&MAX_BYTES),
        url: url?,
    };
    let host = settings.url.host_str().unwrap_or_default();
    let port = settings
        .url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Some((
        format!("{host}{port}{}", settings.url.path()),
        SourceSettings::Remote(settings),
    ))
}

fn url(entry: &Section, resource: &ResourceContext<'_>, report: &mut Report) -> Option<Url> {
    let text = entry.find(&URL)?;
    let at = entry.at(&URL);
    let Some(url) = parse_web_url(text) else {
        report.mistake(
            &at,
            shown_url(text),
            "an http(s) URL without user name and fragment",
        );
        return None;
    };
    if let Err(why) = is_fetchable(&url, resource.insecure_hosts) {
        report.mistake(&at, shown(text), why.to_string());
    }
    Some(url)
}

fn max_stale(entry: &Section, report: &mut Report) -> Duration {
    let max_stale = entry.get(&MAX_STALE);
    if max_stale < entry.get(&REFRESH_INTERVAL) {
        let path = entry.at(&MAX_STALE);
        report.warn(format!(
            "{path} is shorter than refresh_interval: keys go stale between two fetches"
        ));
    }
    max_stale
}

fn unknown_kid(section: &Section) -> UnknownKidSettings {
    UnknownKidSettings {
        enabled: section.get(&UNKNOWN_KID_ENABLED),
        max_wait: section.get(&MAX_WAIT),
        interval: section.get(&INTERVAL),
        burst: u32::try_from(section.get(&BURST)).unwrap_or(u32::MAX),
    }
}

fn allowed_use(entry: &Section, report: &mut Report) -> Vec<String> {
    let uses = entry.get(&ALLOWED_USE);
    if uses.is_empty() {
        report.mistake(
            &entry.at(&ALLOWED_USE),
            "an empty list",
            "at least one use, such as `sig`",
        );
    }
    uses
}

fn algorithms(entry: &Section, report: &mut Report) -> AlgorithmSet {
    let Some(names) = entry.find(&ALGORITHMS) else {
        return AlgorithmSet::asymmetric();
    };
    if names.is_empty() {
        report.mistake(
            &entry.at(&ALGORITHMS),
            "an empty list",
            "at least one algorithm",
        );
    }
    let mut known = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match Algorithm::parse(name).filter(|algorithm| !algorithm.is_symmetric()) {
            Some(algorithm) => known.push(algorithm),
            None => {
                let path = format!("{}[{index}]", entry.at(&ALGORITHMS));
                report.mistake(&path, shown(name), asymmetric_instead_of(name));
            }
        }
    }
    known.into_iter().collect()
}

fn asymmetric_instead_of(name: &str) -> String {
    let names: Vec<&str> = AlgorithmSet::asymmetric()
        .iter()
        .map(Algorithm::name)
        .collect();
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
