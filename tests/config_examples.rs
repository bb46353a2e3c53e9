//! The commented examples in `config/` and `examples/` load unchanged.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops at the line that failed"
)]

use std::{fs, path::PathBuf};

use scopegate::config::{self, Environment, Settings};

fn examples() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = ["config", "examples/graph"].map(|folder| root.join(folder));
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    files
}

fn load(name: &str) -> Settings {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name);
    config::load(&file, &Environment::default())
        .unwrap_or_else(|mistakes| panic!("{name}:\n{mistakes}"))
}

#[test]
fn every_example_loads_without_mistakes() {
    let files = examples();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let loaded = config::load(&file, &Environment::default());
        assert!(
            loaded.is_ok(),
            "{}:\n{}",
            file.display(),
            loaded.unwrap_err()
        );
    }
}

#[test]
fn an_example_with_an_identity_provider_needs_nothing_of_its_own() {
    let settings = load("example.yaml");
    let [resource] = settings.resources.as_slice() else {
        panic!("{:?}", settings.resources)
    };
    assert_eq!(resource.identifier, "https://mcp.example.com/mcp");
    assert_eq!(settings.server.listen_addr, "0.0.0.0:5025");
}

#[test]
fn the_example_secret_is_called_too_short() {
    let warnings = load("shared-secret.yaml").warnings;
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("shorter than the 32 bytes")),
        "{warnings:?}"
    );
}

#[test]
fn the_example_of_two_tenants_has_two_resources() {
    let ids: Vec<_> = load("many-resources.yaml")
        .resources
        .iter()
        .map(|each| each.id.to_string())
        .collect();
    assert_eq!(ids, ["acme", "globex"]);
}

#[test]
fn the_example_graph_has_no_warnings() {
    let settings = load("../examples/graph/config.yaml");
    assert_eq!(settings.warnings, Vec::<String>::new());
}
