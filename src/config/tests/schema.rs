//! The JSON Schema accepts the shipped files, and finds the mistakes that an editor can find.

use std::{fs, path::PathBuf};

use boon::{Compiler, Schemas};
use config::{Value, ValueKind};

use super::{Example, PLAIN};
use crate::config::{file::yaml, schema};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn json(text: &str) -> serde_json::Value {
    let sections = yaml::parse(text).unwrap().sections;
    Value::new(None, ValueKind::Table(sections))
        .try_deserialize()
        .unwrap()
}

/// The faults that a schema finds in a document; empty if it is valid.
fn faults(schema: serde_json::Value, document: &serde_json::Value) -> String {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("schema.json", schema).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    schemas
        .validate(document, index)
        .map(|()| String::new())
        .unwrap_or_else(|error| error.to_string())
}

fn examples() -> Vec<PathBuf> {
    let files =
        ["config", "examples/graph"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let paths = files
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect()
}

#[test]
fn the_shipped_files_are_valid() {
    let others = [
        "src/config/development.yaml",
        "deploy/kubernetes/base/scopegate.yaml",
        "deploy/kubernetes/overlays/multi-tenant/scopegate.yaml",
    ];
    let files = examples();
    assert!(files.len() >= 4, "{files:?}");
    for file in files
        .into_iter()
        .chain(others.map(|file| root().join(file)))
    {
        let found = faults(schema(), &json(&fs::read_to_string(&file).unwrap()));
        assert_eq!(found, "", "{}", file.display());
    }
}

#[test]
fn editors_find_the_schema_of_the_examples() {
    for file in examples() {
        let text = fs::read_to_string(&file).unwrap();
        let line = text.lines().next().unwrap();
        let target = line
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{line}"));
        let target = file.with_file_name(target).canonicalize().unwrap();
        assert_eq!(
            target,
            root().join("config/schema.json").canonicalize().unwrap(),
            "{}",
            file.display()
        );
    }
}

#[test]
fn the_values_of_the_chart_are_valid() {
    let chart = root().join("deploy/helm/scopegate");
    let schema = fs::read_to_string(chart.join("values.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let values = fs::read_to_string(chart.join("values.yaml")).unwrap();
    assert_eq!(faults(schema.clone(), &json(&values)), "");
    for wrong in [
        "drain: 10s\n    listen_addr: '0.0.0.0:1'",
        "drian: 10s",
        "drain: soon",
    ] {
        assert_ne!(
            faults(schema.clone(), &json(&values.replace("drain: 10s", wrong))),
            "",
            "{wrong}"
        );
    }
}

#[test]
fn what_an_editor_can_know_is_refused() {
    for (oauth, scopes, source, root) in [
        ("mod: report", "", "", ""),
        ("mode: off", "", "", ""),
        ("forward_token: 'no'", "", "", ""),
        ("max_scope_combinations: 0", "", "", ""),
        ("authorization_server_url: 'auth.example'", "", "", ""),
        ("", "initialise: [a]", "", ""),
        ("", "initialize: a", "", ""),
        ("", "initialize: [[a], []]", "", ""),
        ("", "tools: {x: y}", "", ""),
        ("", "", "audience: [a]", ""),
        ("", "", "algorithms: [RSA256]", ""),
        ("", "", "max_bytes: 4 MB", ""),
        ("", "", "", "server: {listen_addr: localhost}"),
        ("", "", "", "server: {log: {permits: 2}}"),
        ("", "", "", "resources: {id: a}"),
    ] {
        let text = Example {
            oauth,
            scopes,
            source,
            root,
            ..PLAIN
        }
        .yaml();
        assert_ne!(faults(schema(), &json(&text)), "", "{text}");
    }
}

#[test]
fn what_loads_is_valid() {
    for (oauth, scopes, source, root) in [
        (
            "forward_token: '${FLAG}', max_scope_combinations: '1${N}', mode: '${MODE}'",
            "",
            "",
            "other: {a: 1}",
        ),
        (
            "",
            "initialize: [[a, b], [c]], tools: {'x_*': []}, implies: {a: [b]}",
            "",
            "storage_providers:",
        ),
        (
            "",
            "",
            "timeout: '1m 30s', max_bytes: 512 KiB, algorithms: ['${ALG:-RS256}']",
            "server:",
        ),
        (
            "",
            "",
            "max_bytes: 65536",
            "server: {log: {permits: 0.5}, otlp: {sample: true}}",
        ),
    ] {
        let text = Example {
            oauth,
            scopes,
            source,
            root,
            ..PLAIN
        }
        .yaml();
        assert_eq!(faults(schema(), &json(&text)), "", "{text}");
    }
}
