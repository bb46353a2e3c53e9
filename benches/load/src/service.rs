//! scopegate under measurement, with its configuration in a temporary folder.

use std::{
    fmt::Write,
    fs,
    net::{Ipv4Addr, SocketAddr},
};

use support::{AUDIENCE, graph::write_graph};
use tempfile::TempDir;

use crate::{
    generator::ask,
    process::{Server, free_port, run},
};

/// A running scopegate.
pub struct Service {
    pub server: Server,
    pub grpc_port: u16,
    admin_port: u16,
    pub folder: TempDir,
}

impl Service {
    /// Starts it with `workers` threads. `server` has further keys of that section, `resources` the
    /// rest of the configuration.
    pub fn start(cores: &str, workers: usize, server: &str, resources: &str) -> Self {
        Self::start_in(
            tempfile::tempdir().unwrap(),
            cores,
            workers,
            server,
            resources,
        )
    }

    /// The same, with further files in the folder.
    pub fn start_in(
        folder: TempDir,
        cores: &str,
        workers: usize,
        server: &str,
        resources: &str,
    ) -> Self {
        let [port, grpc_port, admin_port] = [free_port(), free_port(), free_port()];
        let file = folder.path().join("config.yaml");
        let listeners = format!(
            "server:\n  workers: {workers}\n  listen_addr: '127.0.0.1:{port}'\n  \
             grpc_listen_addr: '127.0.0.1:{grpc_port}'\n  admin_listen_addr: '127.0.0.1:{admin_port}'\n{server}"
        );
        fs::write(&file, listeners + resources).unwrap();
        let file = file.to_str().unwrap();
        let scopegate = binary();
        let (is_valid, _) = run(&scopegate, &["check", "--config", file]);
        assert!(is_valid, "{scopegate} check refuses {file}");
        let server = Server::start(&[&scopegate, "serve", "--config", file], cores, port);
        Self {
            server,
            grpc_port,
            admin_port,
            folder,
        }
    }

    /// The number of requests so far whose tokens were not in the cache.
    pub fn misses(&self) -> u64 {
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, self.admin_port));
        let metrics = ask(admin, b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        let name = "scopegate_token_cache_requests_total{outcome=\"miss\"} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}in {metrics}"))
            .parse()
            .unwrap()
    }
}

/// One resource, one key source, one tool: the usual policy.
pub fn usual(jwks: &str) -> String {
    format!(
        "mcp:\n  enabled: true\n  server: {{base_url: 'https://mcp.example.com'}}\n  oauth:\n{OAUTH}\n      \
         tools: {{'get_weather': ['calendar:events:read']}}\n    jwks:\n      - {{url: '{jwks}'}}\n"
    )
}

/// One resource, one tool, and a shared secret.
pub fn small() -> String {
    format!(
        "resources:\n{}",
        resource(0, &format!("'{}': [['all'], ['x']]", exact_name(0)), "")
    )
}

/// 1 000 resources. The first has 10 000 tools, the second a graph of 1 000 operations. With the
/// address of a key set, resource [`WITH_KEYS`] takes its keys from there.
pub fn large(folder: &TempDir, jwks: Option<&str>) -> String {
    write_graph(folder.path(), 2000, OPERATIONS);
    let mut text = format!("resources:\n{}", resource(0, &tools(), ""));
    let graph = "    schema_file: schema.graphql\n    storage: {provider_id: ops}\n";
    text.push_str(&resource(1, "", graph));
    for index in 2..RESOURCES {
        text.push_str(&resource(
            index,
            &format!("'{}': [['all'], ['x']]", exact_name(0)),
            "",
        ));
    }
    text.push_str("storage_providers: {file_system: [{id: ops, path: operations}]}\n");
    if let Some(jwks) = jwks {
        let (before, rest) = text
            .split_once(&format!("path: '/r{WITH_KEYS}/mcp'"))
            .unwrap();
        let source = format!("{{url: '{jwks}', refresh_unknown_kid: {{interval: 1s, burst: 2}}");
        let rest = rest.replacen(SECRET_SOURCE, &source, 1);
        text = format!("{before}path: '/r{WITH_KEYS}/mcp'{rest}");
    }
    text
}

fn resource(index: usize, tools: &str, further: &str) -> String {
    let oauth: String = OAUTH.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "  - id: 'r{index}'\n    server: {{base_url: 'https://mcp.example.com', path: '/r{index}/mcp'}}\n{further}    \
         oauth:\n{oauth}        tools: {{{tools}}}\n      jwks:\n        - {SECRET_SOURCE}, audiences: ['{AUDIENCE}']}}\n",
    )
}

/// Half of the entries are exact names. One glob of fifty begins with its `*`, the others end in
/// it.
fn tools() -> String {
    let mut tools = String::new();
    for index in 0..TOOLS / 2 {
        let glob = if index % 50 == 0 {
            format!("*_by_team{index}")
        } else {
            format!("team{index}_*")
        };
        for name in [exact_name(index), glob] {
            let _ = write!(tools, "'{name}': [['tool:{index}'], ['all']], ");
        }
    }
    tools
}

/// The name of a tool with an exact entry.
pub fn exact_name(index: usize) -> String {
    format!("read_item_{index}")
}

/// The name of a tool that a glob matches.
pub fn glob_name(index: usize) -> String {
    if index.is_multiple_of(50) {
        format!("read_by_team{index}")
    } else {
        format!("team{index}_read")
    }
}

const OAUTH: &str = concat!(
    "    enabled: true\n    authorization_server_url: 'https://auth.example.com'\n    scopes:\n",
    "      initialize: ['mcp:connect']\n      tools_list: ['mcp:tools:read']\n      tools_call: ['mcp:tools:execute']",
);

pub const TOOLS: usize = 10_000;
pub const RESOURCES: usize = 1000;
pub const OPERATIONS: usize = 1000;

/// The resource of [`large`] that may have a key source with an address.
pub const WITH_KEYS: usize = 2;

const SECRET_SOURCE: &str = concat!(
    "{secret: 'an-example-secret-of-thirty-two-bytes!', symmetric_algorithm: HS256, ",
    "header_key_id: s1"
);

/// The program under measurement, which `benches/load/run` has built.
fn binary() -> String {
    std::env::var("SCOPEGATE_BIN").expect("SCOPEGATE_BIN is set: start by benches/load/run")
}
