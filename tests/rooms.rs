//! Checks the plan of `docs/architecture.md`: imports between rooms run downward, each foreign
//! crate has its home, and no new cycle of files that use each other appears.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops at the line that failed"
)]

#[path = "rooms/modules.rs"]
mod modules;
#[path = "rooms/paths.rs"]
mod paths;

use std::{collections::BTreeSet, fs, path::Path};

use modules::{Module, Modules};

/// The rooms from top to bottom. A room imports only from layers below its own.
const LADDER: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["app"],
    // `config` makes the settings types of the rooms below it.
    &["config"],
    &["http", "grpc"],
    &["explain"],
    &["gateway", "metadata", "admission"],
    &["authorize"],
    &["audit"],
    &["policy"],
    &["token", "mcp", "graphql"],
    &["keys"],
    &["telemetry", "tls"],
    &["domain"],
    &["clock", "build_info", "json"],
];

/// The places of a foreign crate: rooms, folders in them, or files without `.rs`.
const HOMES: &[(&str, &[&str])] = &[
    (
        "actix",
        &[
            "app",
            "cli",
            "audit/actor",
            "audit/handle",
            "keys/actor",
            "policy/actor",
            "policy/handle",
            "policy/key_sources",
        ],
    ),
    ("actix_service", &["keys/fetch"]),
    ("actix_tls", &["keys/fetch"]),
    ("actix_web", &["http"]),
    ("anyhow", &["app", "cli"]),
    ("apollo_compiler", &["graphql"]),
    ("askama", &["http/debug"]),
    ("awc", &["keys/fetch"]),
    ("bytestring", &["policy"]),
    ("clap", &["cli"]),
    ("config", &["config"]),
    ("crossbeam_utils", &["admission", "telemetry"]),
    ("http", &["config/sections/otlp", "grpc"]),
    ("http_body", &["grpc"]),
    ("http_body_util", &["telemetry/traces"]),
    ("hyper_rustls", &["telemetry/traces"]),
    // The crate of the traces' client also matches proxies from the environment.
    ("hyper_util", &["keys/fetch", "telemetry/traces"]),
    (
        "jsonwebtoken",
        &["keys/algorithm", "keys/jwk", "token/development_token"],
    ),
    ("notify", &["app/file_watch"]),
    ("percent_encoding", &["config"]),
    ("prost", &["gateway/ext_authz_grpc", "telemetry/traces"]),
    ("quick_cache", &["policy/graph_table", "token/cache"]),
    ("rlimit", &["app/open_files"]),
    ("rustix", &["app/wiring"]),
    ("rustls_native_certs", &["keys/fetch"]),
    ("saphyr", &["config/file/yaml"]),
    // The spans are the positions of mistakes.
    ("saphyr_parser", &["config"]),
    ("strsim", &["config"]),
    ("tokio_rustls", &["grpc"]),
    ("tonic", &["grpc", "telemetry/traces"]),
    ("tonic_health", &["grpc"]),
    ("tonic_prost", &["telemetry/traces"]),
    ("tracing_actix_web", &["http"]),
    ("tracing_serde", &["telemetry"]),
    ("tracing_subscriber", &["telemetry"]),
    ("webpki_roots", &["keys/fetch"]),
    ("wildmatch", &["audit/selection", "policy/glob"]),
];

/// Crates that every room may use.
const EVERYWHERE: &[&str] = &[
    "ahash",
    "arc_swap",
    "aws_lc_rs",
    "base64",
    "bytes",
    "fastrand",
    "futures_util",
    "humantime",
    "prometheus",
    "rustls",
    "serde",
    "serde_json",
    "smallvec",
    "thiserror",
    "tokio",
    "tracing",
    "url",
];

/// Crates outside their homes, by file. Remove an entry when its file no longer needs the crate.
const STRAYS: &[(&str, &str)] = &[];

/// Cycles between files. They may only shrink: when a cycle is broken, remove its files or the
/// entry.
const CIRCLES: &[&[&str]] = &[
    &[
        "cli/mod.rs",
        "cli/check.rs",
        "cli/explain.rs",
        "cli/serve.rs",
        "cli/token.rs",
    ],
    &[
        "graphql/graph.rs",
        "graphql/operations.rs",
        "graphql/query.rs",
        "graphql/visitor.rs",
    ],
    &["keys/actor.rs", "keys/handle.rs"],
    &["keys/error.rs", "keys/jwk/skip.rs"],
    &["keys/fetch/connect.rs", "keys/fetch/tunnel.rs"],
];

#[test]
fn imports_between_rooms_run_downward() {
    assert_eq!(upward(&sources()), [""; 0]);
}

#[test]
fn an_upward_import_is_found() {
    let text = "use crate::{clock::Clock, token::Verifier}; fn f() -> crate::policy::Permit { g() }
        #[cfg(test)] use crate::app::Core; #[cfg(test)] mod tests { use crate::cli; }";
    let found = upward(&Modules::of(&[("keys/actor.rs", text)]));
    assert_eq!(
        found,
        [
            "keys/actor.rs imports from policy",
            "keys/actor.rs imports from token"
        ]
    );
    assert_eq!(
        upward(&Modules::of(&[("grpc/a.rs", "use crate::http;")])),
        ["grpc/a.rs imports from http"]
    );
    assert_eq!(
        upward(&Modules::of(&[("attic/mod.rs", "")])),
        ["attic is not on the ladder"]
    );
}

#[test]
fn a_foreign_crate_has_one_home() {
    let strays: Vec<_> = STRAYS
        .iter()
        .map(|(file, name)| format!("{file}.rs uses {name}"))
        .collect();
    assert_eq!(strayed(&sources()), strays);
}

#[test]
fn a_crate_out_of_its_home_is_found() {
    let strayed = |file, text| strayed(&Modules::of(&[(file, text)]));
    assert_eq!(
        strayed("mcp/mod.rs", "fn f(a: actix_web::Error) {}"),
        ["mcp/mod.rs uses actix_web"]
    );
    assert_eq!(
        strayed("mcp/mod.rs", "use tonic::Status as S;"),
        ["mcp/mod.rs uses tonic"]
    );
    assert_eq!(strayed("grpc/server.rs", "use tonic::Status;"), [""; 0]);
    assert_eq!(
        strayed(
            "http/mod.rs",
            "use crate::config::load; fn f() { config::load() }"
        ),
        [""; 0]
    );
}

#[test]
fn every_dependency_has_a_home() {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let (_, after) = manifest.split_once("\n[dependencies]\n").unwrap();
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    let names: BTreeSet<_> = lines
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"))
        .collect();
    let homes = HOMES
        .iter()
        .map(|(name, _)| *name)
        .chain(EVERYWHERE.iter().copied());
    assert_eq!(names, homes.map(str::to_owned).collect());
}

#[test]
fn no_new_circle_comes_up_between_files() {
    let sources = sources();
    let is_known = |circle: &Vec<&str>| {
        CIRCLES
            .iter()
            .any(|known| circle.iter().all(|file| known.contains(file)))
    };
    let new: Vec<_> = sources
        .circles()
        .into_iter()
        .filter(|circle| !is_known(circle))
        .collect();
    assert_eq!(new, [[""; 0]; 0]);
}

#[test]
fn a_circle_between_files_is_found() {
    let files = [
        (
            "a/mod.rs",
            "mod b; mod c; mod d; pub use b::B; pub use d::D as E;",
        ),
        ("a/b.rs", "use super::c::C;"),
        ("a/c.rs", "fn f() { super::E::make() }"),
        ("a/d.rs", "use crate::a::B;"),
        ("e.rs", "use crate::a::B;"),
    ];
    let modules = Modules::of(&files);
    assert_eq!(
        modules.circles(),
        BTreeSet::from([vec!["a/b.rs", "a/c.rs", "a/d.rs"]])
    );
    assert!(Modules::of(&files[..3]).circles().is_empty());
}

/// Imports that do not run downward, and rooms without a layer.
fn upward(modules: &Modules) -> Vec<String> {
    let layer = |room: &str| LADDER.iter().position(|layer| layer.contains(&room));
    let mut found = BTreeSet::new();
    for module in modules.iter().filter(|module| module.file != "lib.rs") {
        let room = room(module);
        let Some(own) = layer(room) else {
            found.insert(format!("{room} is not on the ladder"));
            continue;
        };
        let used = named(module)
            .filter(|path| path[0] == "crate")
            .map(|path| path[1].as_str());
        let upward =
            used.filter(|used| *used != room && layer(used).is_none_or(|layer| layer <= own));
        found.extend(upward.map(|used| format!("{} imports from {used}", module.file)));
    }
    found.into_iter().collect()
}

/// Uses of foreign crates outside their homes.
fn strayed(modules: &Modules) -> Vec<String> {
    let mut found = Vec::new();
    for module in modules.iter() {
        for (name, homes) in HOMES {
            let is_home = homes
                .iter()
                .any(|home| Path::new(&module.file).with_extension("").starts_with(home));
            if !is_home && uses(module, name) {
                found.push(format!("{} uses {name}", module.file));
            }
        }
    }
    found
}

/// Returns true if a file names a crate. A path that begins with an imported room of the same name
/// does not count.
fn uses(module: &Module, name: &str) -> bool {
    let is_room =
        named(module).any(|path| path[0] == "crate" && path.iter().any(|part| part == name));
    !is_room && named(module).any(|path| path[0] == name)
}

/// The paths of a file, imported, exported or in its code.
fn named(module: &Module) -> impl Iterator<Item = &paths::Path> {
    let paths = &module.paths;
    paths
        .used
        .iter()
        .chain(paths.exported.iter().map(|(_, path)| path))
        .filter(|path| !path.is_empty())
}

/// The room of a file: its folder in `src`, or itself.
fn room(module: &Module) -> &str {
    module.file.split(['/', '.']).next().unwrap()
}

fn sources() -> Modules {
    Modules::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")))
}
