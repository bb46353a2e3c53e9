//! The sections at the top of the file, and the paths and environment names that are derived from
//! all keys.

use crate::config::{
    declaration::{
        key::Key,
        kind::{Entries, Members},
        shape::{Keys, Shape, each},
    },
    sections::{endpoint, graphql, resource, server},
};

/// Our sections at the top of the file.
pub(in crate::config) const ROOT: Keys =
    &[&[&SERVER, &MCP, &RESOURCES, &graphql::STORAGE_PROVIDERS]];

/// `server`.
pub(in crate::config) const SERVER: Key<Members> = Key::new(
    "server",
    Members(server::KEYS),
    "Listeners, limits, logs and outgoing requests.",
);

/// `mcp`.
pub(in crate::config) const MCP: Key<Members> = Key::new(
    "mcp",
    Members(&[resource::KEYS, &[&MCP_SERVER], graphql::KEYS]),
    "One protected MCP server: the resource whose id is `mcp`.",
);

const MCP_SERVER: Key<Members> = Key::new(
    "server",
    Members(&[endpoint::KEYS, &[&server::MCP_LISTEN_ADDR]]),
    resource::SERVER_DOC,
);

/// `resources`.
pub(in crate::config) const RESOURCES: Key<Entries> = Key::new(
    "resources",
    Entries(&[
        &[&resource::ID],
        resource::KEYS,
        &[&resource::SERVER],
        graphql::KEYS,
    ]),
    "Protected MCP servers, each with an id of its own.",
);

/// The path of every key that has a value, such as `mcp.oauth.jwks[].refresh_interval`. For tests
/// of the documentation.
#[must_use]
pub fn keys() -> Vec<String> {
    paths("", ROOT)
}

/// Returns true if any key has this name. For a text that is not YAML, mistakes show only such
/// names: any other word may be part of a secret.
pub(in crate::config) fn is_known_name(name: &str) -> bool {
    keys()
        .iter()
        .any(|path| path.split(['.', '[', ']']).any(|known| known == name))
}

fn paths(prefix: &str, keys: Keys) -> Vec<String> {
    let mut paths = Vec::new();
    for key in each(keys) {
        let path = format!("{prefix}{}", key.name());
        let shape = key.shape();
        let ending = if matches!(shape, Shape::Entries(_)) {
            "[]."
        } else {
            "."
        };
        match shape.keys() {
            Some(keys) => paths.extend(self::paths(&format!("{path}{ending}"), keys)),
            None => paths.push(path),
        }
    }
    paths
}

/// The shorter names in the environment, each with the path of its key.
pub(in crate::config) fn short_variables() -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    collect_short_variables("", ROOT, &mut variables);
    variables
}

/// Entries of a list have no shorter names, which would not tell the entry.
fn collect_short_variables(prefix: &str, keys: Keys, variables: &mut Vec<(&'static str, String)>) {
    for key in each(keys) {
        let path = format!("{prefix}{}", key.name());
        variables.extend(
            key.short_variable()
                .map(|variable| (variable, path.clone())),
        );
        if let Shape::Section(keys) = key.shape() {
            collect_short_variables(&format!("{path}."), keys, variables);
        }
    }
}
