//! Target: configuration texts. A configuration that loads must be safe, and no mistake may show a
//! secret.

use std::fs;

use scopegate::{
    config::{self, Environment, Settings},
    keys::SourceSettings,
    policy::Enforcement,
    token::Audience,
};

use crate::{
    draw::Draw,
    drive::{Outcome, drive},
    mutate::{mutate, seeds},
};

#[test]
fn config() {
    let seeds = seeds("config");
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("operations")).unwrap();
    let file = folder.path().join("config.yaml");
    drive("config", 5, |draw: &mut Draw| {
        let mut yaml = draw.one(&seeds).clone();
        for _ in 0..draw.below(3) {
            change_lines(draw, &mut yaml);
        }
        if draw.chance(50) {
            mutate(draw, &mut yaml, &WORDS);
        }
        let environment = environment(draw);
        draw.show(|| format!("{environment:?}\n{}", String::from_utf8_lossy(&yaml)));
        fs::write(&file, &yaml).unwrap();
        match config::load(&file, &environment) {
            Ok(settings) => {
                check(&settings);
                Outcome::Permitted
            }
            Err(mistakes) => {
                let text = mistakes.with_lines();
                assert!(!text.is_empty());
                assert!(!text.contains(SECRET), "a secret in a mistake: {text}");
                assert!(text.len() < 64 << 10, "{} bytes of mistakes", text.len());
                Outcome::Denied
            }
        }
    });
}

/// Checks what must hold for every configuration that loads.
fn check(settings: &Settings) {
    assert!(!settings.resources.is_empty());
    assert!(
        !format!("{settings:?}").contains(SECRET),
        "a secret in Debug"
    );
    assert!(
        settings
            .warnings
            .iter()
            .all(|warning| !warning.contains(SECRET)),
        "a secret in a warning"
    );
    let mut ids: Vec<&str> = settings
        .resources
        .iter()
        .map(|resource| resource.id.as_str())
        .collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "an id twice");
    for resource in &settings.resources {
        assert!(resource.path.starts_with('/'), "{}", resource.path);
        let Enforcement::On(oauth) = &resource.enforcement else {
            continue;
        };
        assert!(!oauth.sources.is_empty() && !oauth.scope_claims.is_empty());
        for source in &oauth.sources {
            assert!(
                !matches!(&source.token.audience, Audience::OneOf(audiences) if audiences.is_empty())
            );
            match &source.keys {
                SourceSettings::Secret(secret) => assert!(secret.algorithm.is_symmetric()),
                SourceSettings::Remote(remote) => {
                    assert!(
                        remote
                            .algorithms
                            .iter()
                            .all(|algorithm| !algorithm.is_symmetric())
                    );
                    assert!(remote.url.scheme() == "https" || remote.url.host_str().is_some());
                }
            }
        }
    }
}

/// Moves, copies, drops and indents lines.
fn change_lines(draw: &mut Draw, yaml: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(yaml).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let at = draw.below(lines.len());
    let to = draw.below(lines.len());
    match draw.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(to, lines[at].clone()),
        2 => lines.swap(at, to),
        3 => lines[at].insert_str(0, "  "),
        4 => lines[at] = lines[at].strip_prefix("  ").unwrap_or_default().to_owned(),
        _ => {
            let key = lines[at].split(':').next().unwrap().to_owned();
            lines[at] = format!("{key}: {}", draw.pick(&VALUES));
        }
    }
    *yaml = (lines.join("\n") + "\n").into_bytes();
}

fn environment(draw: &mut Draw) -> Environment {
    let environment = Environment::default().with("SET", "value");
    if !draw.chance(15) {
        return environment;
    }
    let name = draw.pick(&[
        "MCP_SERVER_BASE_URL",
        "MCP_OAUTH_ENABLED",
        "MCP_OAUTH_SCOPES_INITIALIZE",
        "SCOPEGATE__MCP__ENABLED",
        "SCOPEGATE__SERVER__WORKERS",
        "SCOPEGATE__MCP__OAUTH__JWKS",
        "SCOPEGATE____",
        "SCOPEGATE__MCP",
    ]);
    environment.with(name, draw.pick(&VALUES))
}

const SECRET: &str = "a-secret-that-nobody-may-see-1234567890";

const VALUES: [&str; 24] = [
    "true",
    "false",
    "null",
    "''",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "[]",
    "{}",
    "['a', 'b']",
    "[['a'], ['b', 'c']]",
    "'https://h.example'",
    "'http://h.example'",
    "'https://u:p@h.example/#f'",
    "'5s'",
    "'999999999999999999h'",
    "'512 KiB'",
    "'${SET}'",
    "'${UNSET}'",
    "'${UNSET:-x}'",
    "'$${SET}${'",
    "'../../..'",
    "|\n  text",
];

const WORDS: [&str; 24] = [
    ":", ": ", "- ", "\n", "\n  ", "'", "\"", "{", "}", "[", "]", "&a ", "*a", "!!str ", "<<: *a",
    "#", "|", ">", "---\n", "...\n", "\t", "${", "}", "\u{feff}",
];
