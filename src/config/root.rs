//! The sections at the top of the file, and what is derived from all keys together: their paths, and their names in
//! the environment.

use super::{
    endpoint, graphql,
    key::{Key, Keys, Shape, each},
    kind::{Entries, Members, Text},
    resource, server,
};

/// The sections of ours at the top of the file.
pub(super) const ROOT: Keys = &[&[&SERVER, &MCP, &RESOURCES, &graphql::STORAGE_PROVIDERS]];

/// `server`.
pub(super) const SERVER: Key<Members> =
    Key::new("server", Members(server::KEYS), "Listeners, limits, logs and outgoing requests.");

/// `mcp`.
pub(super) const MCP: Key<Members> = Key::new(
    "mcp",
    Members(&[resource::KEYS, &[&MCP_SERVER], graphql::KEYS]),
    "One protected MCP server: the resource whose id is `mcp`.",
);

const MCP_SERVER: Key<Members> =
    Key::new("server", Members(&[endpoint::KEYS, &[&MCP_LISTEN_ADDR]]), resource::SERVER_DOC);

/// The second name of `server.listen_addr`.
pub(super) const MCP_LISTEN_ADDR: Key<Text> = Key::new(
    server::LISTEN_ADDR_NAME,
    Text::HOST_PORT,
    "Another name for the `server.listen_addr` at the top of the file. Where both are set, they must agree.",
)
.variable("MCP_SERVER_LISTEN_ADDR");

/// `resources`.
pub(super) const RESOURCES: Key<Entries> = Key::new(
    "resources",
    Entries(&[&[&resource::ID], resource::KEYS, &[&resource::SERVER], graphql::KEYS]),
    "Protected MCP servers, each with an id of its own.",
);

/// The path of every key that has a value: `mcp.oauth.jwks[].refresh_interval`. For checking the documentation.
#[must_use]
pub fn keys() -> Vec<String> {
    paths("", ROOT)
}

/// Returns true if any key has this name. Of a text that is not YAML only such names are shown: any other word may be
/// part of a secret.
pub(super) fn is_known_name(name: &str) -> bool {
    keys().iter().any(|path| path.split(['.', '[', ']']).any(|known| known == name))
}

fn paths(prefix: &str, keys: Keys) -> Vec<String> {
    let mut paths = Vec::new();
    for key in each(keys) {
        let path = format!("{prefix}{}", key.name());
        let shape = key.shape();
        let ending = if matches!(shape, Shape::Entries(_)) { "[]." } else { "." };
        match shape.keys() {
            Some(keys) => paths.extend(self::paths(&format!("{path}{ending}"), keys)),
            None => paths.push(path),
        }
    }
    paths
}

/// The shorter names in the environment, each with the path of its key.
pub(super) fn short_variables() -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    collect_short_variables("", ROOT, &mut variables);
    variables
}

/// An entry of a list has no shorter names: they would not say which entry.
fn collect_short_variables(prefix: &str, keys: Keys, variables: &mut Vec<(&'static str, String)>) {
    for key in each(keys) {
        let path = format!("{prefix}{}", key.name());
        variables.extend(key.short_variable().map(|variable| (variable, path.clone())));
        if let Shape::Section(keys) = key.shape() {
            collect_short_variables(&format!("{path}."), keys, variables);
        }
    }
}
