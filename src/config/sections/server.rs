//! `server`: listeners, limits, and the sections below it.

use std::{path::Path, time::Duration};

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Flag, List, Members, Number, Period, Size, Text},
            shape::{Form, Keys},
        },
        file::section::Section,
        mistake::{Report, shown},
        sections::{audit, hosts::hosts, log, otlp, outgoing, tls},
        units::YEAR,
        url::is_socket_address,
    },
    http::ServerSettings,
    token::CacheSettings,
};

/// The keys of `server`.
pub(in crate::config) const KEYS: Keys = &[&[
    &LISTEN_ADDR,
    &ADMIN_LISTEN_ADDR,
    &GRPC_LISTEN_ADDR,
    &TLS,
    &MAX_BODY_BYTES,
    &MAX_IN_FLIGHT,
    &TOKEN_CACHE,
    &WORKERS,
    &KEEP_ALIVE,
    &DRAIN,
    &READY_WAIT,
    &outgoing::INSECURE_KEY_HOSTS,
    &outgoing::CA_FILE,
    &DEBUG,
    &DEBUG_HOSTS,
    &LOG,
    &AUDIT,
    &OTLP,
]];

/// The key of the decision listener's address, in `server` and in `mcp.server`.
const LISTEN_ADDR_NAME: &str = "listen_addr";

/// `server.listen_addr`.
pub(in crate::config) const LISTEN_ADDR: Key<Text> = Key::new(
    LISTEN_ADDR_NAME,
    Text::preset(Form::HostPort, "localhost:5025"),
    "Decisions and metadata. `mcp.server.listen_addr` is another name for it; where both are set, they must agree. \
     Port 0 takes a free one.",
);

/// `mcp.server.listen_addr`, the second name of `server.listen_addr`.
pub(in crate::config) const MCP_LISTEN_ADDR: Key<Text> = Key::new(
    LISTEN_ADDR_NAME,
    Text::HOST_PORT,
    "Another name for the `server.listen_addr` at the top of the file. Where both are set, they must agree.",
)
.variable("MCP_SERVER_LISTEN_ADDR");

/// `server.admin_listen_addr`.
pub(in crate::config) const ADMIN_LISTEN_ADDR: Key<Text> = Key::new(
    "admin_listen_addr",
    Text::preset(Form::HostPort, "localhost:9464"),
    "Metrics, health and debug pages. Never expose it through the gateway.",
);

/// `server.grpc_listen_addr`.
pub(in crate::config) const GRPC_LISTEN_ADDR: Key<Text> = Key::new(
    "grpc_listen_addr",
    Text::preset(Form::HostPort, "localhost:9191"),
    "Envoy's `ext_authz` over gRPC, and `grpc.health.v1.Health`.",
);

const TLS: Key<Members> = Key::new(
    "tls",
    Members(tls::KEYS),
    "TLS of the decision and gRPC listeners.",
);

const MAX_BODY_BYTES: Key<Size> = Key::new(
    "max_body_bytes",
    Size {
        default: 4 << 20,
        range: 1..=1 << 30,
    },
    "The longest request body that is read. A longer one is `body-too-large`.",
);

const MAX_IN_FLIGHT: Key<Number> = Key::new(
    "max_in_flight",
    Number {
        default: Some(10_000),
        range: 1..=1_000_000,
    },
    "Requests that are decided at a time, over all workers. More are `overloaded`.",
);

const TOKEN_CACHE: Key<Members> = Key::new(
    "token_cache",
    Members(&[&[&MAX_ENTRIES, &MAX_BYTES]]),
    "The cache of verified tokens.",
);

const MAX_ENTRIES: Key<Number> = Key::new(
    "max_entries",
    Number {
        default: Some(CacheSettings::DEFAULT.max_entries),
        range: 1..=100_000_000,
    },
    "Verified tokens that are remembered, over all workers. Each worker also keeps at most 2048 that it met last.",
);

const MAX_BYTES: Key<Size> = Key::new(
    "max_bytes",
    Size {
        default: CacheSettings::DEFAULT.max_bytes as usize,
        range: 1 << 20..=1 << 40,
    },
    "The memory that they may take. A token of 800 bytes takes about 2 KiB.",
);

const WORKERS: Key<Number> = Key::new(
    "workers",
    Number { default: None, range: 1..=1024 },
    "Threads that decide, for HTTP and for gRPC each. A quota of a cgroup (v1 or v2) and the affinity of the process \
     count: with a limit of one CPU there is one.",
)
.defaults_to("processors");

const KEEP_ALIVE: Key<Period> = Key::new(
    "keep_alive",
    Period {
        default: GATEWAY_IDLE,
        range: Duration::from_secs(1)..=YEAR,
    },
    "How long an idle connection of a gateway is kept. Keep it above the gateway's own idle time (nginx: 60 s). Less \
     than 75 s warns.",
);

const DRAIN: Key<Period> = Key::new(
    "drain",
    Period {
        default: Duration::from_secs(5),
        range: Duration::ZERO..=HOUR,
    },
    "Time between SIGTERM, when `/readyz` begins to fail, and the closing of the listeners.",
);

const READY_WAIT: Key<Period> = Key::new(
    "ready_wait",
    Period {
        default: Duration::from_secs(30),
        range: Duration::ZERO..=HOUR,
    },
    "How long `/readyz` waits for the first answer of each key source.",
);

const DEBUG: Key<Flag> = Key::new(
    "debug",
    Flag::OFF,
    "Switches the [debug pages](operations.md#debug-pages) on, on the admin listener: `/debug`, with its form that \
     explains decisions, and the pages below it.",
);

const DEBUG_HOSTS: Key<List> = Key::new(
    "debug_hosts",
    List::EMPTY,
    "Values of `Host`, `host` or `host:port`, besides loopback, that the debug pages answer to. Every other value is 403, \
     so that a name that an attacker points at this machine reaches no debug page.",
);

/// `server.log`.
pub(in crate::config) const LOG: Key<Members> = Key::new("log", Members(log::KEYS), "The log.");

/// `server.audit`.
pub(in crate::config) const AUDIT: Key<Members> =
    Key::new("audit", Members(audit::KEYS), "The audit log.");

/// `server.otlp`.
pub(in crate::config) const OTLP: Key<Members> = Key::new("otlp", Members(otlp::KEYS), "Traces.");

/// Rejects two listeners with the same address. The addresses are those of decisions, admin pages
/// and gRPC.
fn check_apart(server: &Section, [listen, admin, grpc]: [&str; 3], report: &mut Report) {
    let apart = "an address that no other listener has";
    if is_same_listener(admin, listen) {
        report.mistake(&server.at(&ADMIN_LISTEN_ADDR), shown(admin), apart);
    }
    if [listen, admin]
        .iter()
        .any(|other| is_same_listener(grpc, other))
    {
        report.mistake(&server.at(&GRPC_LISTEN_ADDR), shown(grpc), apart);
    }
}

/// Reads the listeners and limits. `mcp_server` is `mcp.server`, where the decision listener's
/// address has a second name.
pub(in crate::config) fn read(
    server: &Section,
    mcp_server: &Section,
    folder: &Path,
    report: &mut Report,
) -> ServerSettings {
    let grpc_listen_addr = address(
        server,
        &GRPC_LISTEN_ADDR,
        server.get(&GRPC_LISTEN_ADDR),
        report,
    );
    let listen_addr = listen_addr(server, mcp_server, report);
    let admin_listen_addr = address(
        server,
        &ADMIN_LISTEN_ADDR,
        server.get(&ADMIN_LISTEN_ADDR),
        report,
    );
    check_apart(
        server,
        [&listen_addr, &admin_listen_addr, &grpc_listen_addr],
        report,
    );
    ServerSettings {
        listen_addr,
        grpc_listen_addr,
        tls: tls::read(server.get(&TLS), folder, report),
        admin_listen_addr,
        max_body_bytes: server.get(&MAX_BODY_BYTES),
        max_in_flight: server.get(&MAX_IN_FLIGHT),
        token_cache: token_cache(server.get(&TOKEN_CACHE)),
        workers: server.find(&WORKERS).unwrap_or_else(processors),
        keep_alive: keep_alive(server, report),
        drain: server.get(&DRAIN),
        ready_wait: server.get(&READY_WAIT),
        debug: server.get(&DEBUG),
        debug_hosts: hosts(server, &DEBUG_HOSTS, report),
    }
}

/// The decision listener's address has two names. The one that the environment sets wins. Otherwise
/// both must agree.
fn listen_addr(own: &Section, alias: &Section, report: &mut Report) -> String {
    let (own_at, alias_at) = (own.at(&LISTEN_ADDR), alias.at(&MCP_LISTEN_ADDR));
    let (own_text, alias_text) = (own.find(&LISTEN_ADDR), alias.find(&MCP_LISTEN_ADDR));
    let own_outside = report.variable(&own_at).is_some();
    let alias_outside = report.variable(&alias_at).is_some();
    if let (Some(own_text), Some(alias_text)) = (own_text, alias_text)
        && own_text != alias_text
        && own_outside == alias_outside
    {
        let expected = format!(
            "{}, as `server.listen_addr` says, or one of the two",
            shown(own_text)
        );
        report.mistake(&alias_at, shown(alias_text), expected);
    }
    let prefers_alias = own_text.is_none() || (alias_outside && !own_outside);
    match alias_text.filter(|_| prefers_alias) {
        Some(text) => address(alias, &MCP_LISTEN_ADDR, text, report),
        None => address(own, &LISTEN_ADDR, own.get(&LISTEN_ADDR), report),
    }
}

fn address(section: &Section, key: &Key<Text>, text: &str, report: &mut Report) -> String {
    if !is_socket_address(text) {
        report.mistake(&section.at(key), shown(text), address_instead_of(text));
    }
    text.to_owned()
}

fn address_instead_of(text: &str) -> String {
    let port = text.rsplit_once(':').map_or(text, |(_, port)| port);
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number, port.parse::<u16>()) {
        (true, Err(_)) => "`host:port` with a port up to 65535".to_owned(),
        (true, Ok(port)) if !text.contains(':') => {
            format!("`host:port`, such as `127.0.0.1:{port}`")
        }
        (true, Ok(_)) | (false, _) => "`host:port`".to_owned(),
    }
}

fn is_same_listener(one: &str, other: &str) -> bool {
    one == other && !one.ends_with(":0")
}

fn token_cache(cache: &Section) -> CacheSettings {
    CacheSettings {
        max_entries: cache.get(&MAX_ENTRIES),
        max_bytes: u64::try_from(cache.get(&MAX_BYTES)).unwrap_or(u64::MAX),
    }
}

fn keep_alive(server: &Section, report: &mut Report) -> Duration {
    let keep_alive = server.get(&KEEP_ALIVE);
    if keep_alive < GATEWAY_IDLE {
        let path = server.at(&KEEP_ALIVE);
        report.warn(format!(
            "{path} is shorter than 75s: gateways may write into connections that are closing"
        ));
    }
    keep_alive
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Longer than gateways keep an idle connection.
const GATEWAY_IDLE: Duration = Duration::from_secs(75);

const HOUR: Duration = Duration::from_secs(60 * 60);
