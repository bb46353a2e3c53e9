//! Several resources, their endpoints, and warnings.

use std::fs;

use super::{Example, PLAIN, Plain, load, load_in, oauth};
use crate::{
    config::Settings,
    policy::{Enforcement, ResourceSettings},
    token::Audience,
};

const TAIL: &str = "oauth: {enabled: true, jwks: [{url: 'https://auth.example.com/k', issuer: 'https://auth.example.com'}]}";

fn resources(entries: &[&str]) -> String {
    let entry = |text: &&str| format!("  - {{{text}, {TAIL}}}\n");
    format!(
        "resources:\n{}",
        entries.iter().map(entry).collect::<String>()
    )
}

fn loaded(entries: &[&str]) -> Settings {
    load(&resources(entries)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn mistakes(entries: &[&str]) -> String {
    load(&resources(entries))
        .map(|_| String::new())
        .unwrap_or_else(|mistakes| mistakes.plain())
}

fn place(server: &'static str) -> ResourceSettings {
    Example { server, ..PLAIN }.settings().resources.remove(0)
}

#[test]
fn a_place_is_made_of_base_url_and_path() {
    for (server, identifier, path, first_host) in [
        (
            "base_url: 'https://a.example/'",
            "https://a.example/mcp",
            "/mcp",
            "a.example",
        ),
        (
            "base_url: 'https://A.example/t', path: '/x/y'",
            "https://A.example/t/x/y",
            "/t/x/y",
            "a.example",
        ),
        (
            "base_url: 'https://a.example:8443', path: '/'",
            "https://a.example:8443",
            "/",
            "a.example:8443",
        ),
        (
            "base_url: 'https://a.example/t', path: ''",
            "https://a.example/t",
            "/t",
            "a.example",
        ),
        (
            "base_url: 'http://[::1]:80', resource: 'https://b.example/'",
            "https://b.example/",
            "/mcp",
            "[::1]",
        ),
    ] {
        let place = place(server);
        assert_eq!(
            (place.identifier.as_str(), place.path.as_str()),
            (identifier, path),
            "{server}"
        );
        assert_eq!(place.hosts[0], first_host, "{server}");
    }
}

#[test]
fn origins_and_hosts_are_those_of_browsers() {
    let place = place(
        "base_url: 'https://A.example:443', hosts: ['B.example', 'c:81'], extra_paths: ['/sse']",
    );
    assert_eq!(place.origin, "https://a.example");
    assert_eq!(place.base_url, "https://A.example:443");
    assert_eq!(place.hosts, ["b.example", "c:81"]);
    assert_eq!(place.extra_paths, ["/sse"]);
}

#[test]
fn the_base_url_is_an_audience_only_of_a_resource_that_is_alone_there() {
    let audiences = |settings: &Settings| match oauth(settings).sources[0].token.audience.clone() {
        Audience::OneOf(audiences) => audiences,
        Audience::Any => panic!("any"),
    };
    let one = "id: a, server: {base_url: 'https://x.example', path: /a}";
    let same_origin = "id: b, server: {base_url: 'https://x.example:443', path: /b}";
    let other_origin = "id: b, server: {base_url: 'https://y.example', path: /b}";
    let disabled = "id: b, enabled: false, server: {base_url: 'https://x.example', path: /b}";
    assert_eq!(
        audiences(&loaded(&[one, same_origin])),
        ["https://x.example/a"]
    );
    assert_eq!(
        audiences(&loaded(&[one, other_origin])),
        ["https://x.example/a", "https://x.example"]
    );
    assert_eq!(
        audiences(&loaded(&[one, disabled])),
        ["https://x.example/a", "https://x.example"]
    );
    let root = "id: a, server: {base_url: 'https://x.example', resource: 'https://x.example'}";
    assert_eq!(audiences(&loaded(&[root])), ["https://x.example"]);
}

#[test]
fn resources_must_be_apart() {
    let one = "id: a, server: {base_url: 'https://x.example'}";
    for (second, expected) in [
        (
            "id: a, server: {base_url: 'https://y.example'}",
            "resources[1].id: found `a`, expected an id that no other resource has",
        ),
        (
            "id: b, server: {base_url: 'http://x.example:443'}",
            "resources[1].server.path: found `/mcp` on `x.example:443`, which `a` has too, expected one resource for each host and path",
        ),
        (
            "id: b, server: {base_url: 'https://x.example', path: /b, extra_paths: [/mcp]}",
            "resources[1].server.path: found `/mcp` on `x.example`, which `a` has too, expected one resource for each host and path",
        ),
        (
            "server: {base_url: 'https://y.example'}",
            "resources[1].id: is missing; expected the name of the resource",
        ),
        (
            "id: 'a b', server: {base_url: 'https://y.example'}",
            "resources[1].id: found `a b`, expected 1 to 64 letters, digits, `.`, `_` or `-`",
        ),
    ] {
        assert_eq!(mistakes(&[one, second]), expected);
    }
    assert_eq!(
        mistakes(&[
            one,
            "id: b, server: {base_url: 'https://x.example', path: /b}"
        ]),
        ""
    );
}

#[test]
fn mcp_and_resources_stand_together() {
    let yaml = PLAIN.yaml() + &resources(&["id: other, server: {base_url: 'https://x.example'}"]);
    let ids: Vec<String> = load(&yaml)
        .unwrap()
        .resources
        .iter()
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(ids, ["mcp", "other"]);
    let yaml = PLAIN.yaml() + &resources(&["id: mcp, server: {base_url: 'https://x.example'}"]);
    let expected = "resources[0].id: found `mcp`, expected an id that no other resource has";
    assert_eq!(load(&yaml).unwrap_err().plain(), expected);
}

#[test]
fn a_resource_that_is_off_is_left_out_but_its_types_are_checked() {
    let off = "id: b, enabled: false, schema_file: nowhere";
    let settings = loaded(&["id: a, server: {base_url: 'https://x.example'}", off]);
    assert_eq!(settings.resources.len(), 1);
    let mistakes = mistakes(&[
        "id: a, server: {base_url: 'https://x.example'}",
        "enabled: false, schema_file: 5",
    ]);
    assert_eq!(
        mistakes,
        "resources[1].schema_file: found the number `5`, expected a text"
    );
    let all_off = load(&resources(&[off])).unwrap_err().plain();
    assert!(
        all_off.starts_with("mcp.enabled: found no enabled resource"),
        "{all_off}"
    );
}

#[test]
fn enforcement_is_off_only_where_that_is_written() {
    let settings = load("mcp: {enabled: true, oauth: {enabled: false}}").unwrap();
    assert_eq!(settings.resources[0].enforcement, Enforcement::Off);
    assert_eq!(
        settings.warnings,
        ["mcp.oauth.enabled is false: every request is permitted"]
    );
    let mistakes = load("mcp: {enabled: true}").unwrap_err().plain();
    assert!(mistakes.contains(
        "mcp.oauth.enabled: is missing; expected `true`, or `false` to permit every request"
    ));
}

#[test]
fn resources_without_a_host_cannot_be_told_apart() {
    let yaml = "resources: [{id: a, oauth: {enabled: false}}, {id: b, server: {hosts: [b]}, oauth: {enabled: false}}]";
    let expected = "resources[0].server.hosts: is missing; expected `hosts` or `base_url`, since there are several resources";
    assert_eq!(load(yaml).unwrap_err().plain(), expected);
}

#[test]
fn what_opens_a_resource_is_warned_of() {
    for (example, expected) in [
        (
            Example {
                oauth: "authorization_server_url: 'https://a', mode: report",
                ..PLAIN
            },
            "mcp.oauth.mode is report: missing scopes do not deny",
        ),
        (
            Example {
                oauth: "authorization_server_url: 'https://a', trust_mcp_headers: true",
                ..PLAIN
            },
            "mcp.oauth.trust_mcp_headers: a server that takes its operation from the body alone can be tricked",
        ),
        (
            Example {
                server: "base_url: 'http://a.example'",
                ..PLAIN
            },
            "mcp.server.base_url is plain http: tokens travel in the clear",
        ),
        (
            Example {
                root: "server: {keep_alive: 60s}",
                ..PLAIN
            },
            "server.keep_alive is shorter than 75s: gateways may write into connections that are closing",
        ),
    ] {
        assert_eq!(example.settings().warnings, [expected]);
    }
    assert!(
        Example {
            server: "base_url: 'http://localhost:1'",
            ..PLAIN
        }
        .settings()
        .warnings
        .is_empty()
    );
}

#[test]
fn graphql_files_must_be_there_and_are_watched() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = Example {
        mcp: "storage: {provider_id: p}, schema_file: s.graphql, expose_schema: true, graph_name: g, session: {stateless: true}",
        root: "storage_providers: {file_system: [{id: p, path: ops}, {id: unused, path: nowhere}]}",
        ..PLAIN
    }
    .yaml();
    let missing = load_in(folder.path(), &yaml, &[]).unwrap_err().plain();
    assert!(
        missing.contains("mcp.schema_file: found `")
            && missing.contains("storage_providers.file_system[0].path: found `")
    );
    fs::create_dir(folder.path().join("ops")).unwrap();
    fs::write(
        folder.path().join("s.graphql"),
        "type Query { a: B }\ntype C @unknown { d: Int }",
    )
    .unwrap();
    let broken = load_in(folder.path(), &yaml, &[]).unwrap_err().plain();
    assert!(
        broken.contains("mcp.schema_file: found `") && broken.contains("s.graphql` line 1: "),
        "{broken}"
    );
    assert!(
        broken.contains("s.graphql` line 2: ")
            && broken.contains("expected a valid GraphQL schema")
    );
    fs::write(folder.path().join("s.graphql"), "type Query { a: Int }").unwrap();
    let settings = load_in(folder.path(), &yaml, &[]).unwrap();
    let (ops, schema) = (folder.path().join("ops"), folder.path().join("s.graphql"));
    assert_eq!(settings.watched, [ops.clone(), schema.clone()]);
    assert!(settings.warnings.is_empty());
    let graphql = oauth(&settings).graphql;
    assert_eq!(
        (
            graphql.storage,
            graphql.graph.is_some(),
            graphql.expose_schema
        ),
        (Some(ops), true, true)
    );
}

#[test]
fn providers_must_exist_and_be_named_once() {
    let root = "storage_providers: {file_system: [{id: p, path: .}, {id: p, path: .}, {id: q}]}";
    let mistakes = Example {
        mcp: "storage: {provider_id: x}",
        root,
        ..PLAIN
    }
    .mistakes();
    let expected = "\
mcp.storage.provider_id: found `x`, expected the id of an entry of `storage_providers.file_system`
storage_providers.file_system[1].id: found `p`, expected an id that no other provider has
storage_providers.file_system[2].path: is missing; expected a folder";
    assert_eq!(mistakes, expected);
}
