//! The keys that variables set, and the variables that the file refers to.

use std::path::Path;

use super::{Example, PLAIN, Plain, load_with, oauth};
use crate::{
    config::{Environment, Settings, environment::overlay::Document, mistake::Report},
    domain::Scope,
    keys::SourceSettings,
    policy::Mode,
};

fn settings(variables: &[(&str, &str)]) -> Settings {
    load_with(&PLAIN.yaml(), variables).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn mistakes(variables: &[(&str, &str)]) -> String {
    let loaded = load_with(&PLAIN.yaml(), variables);
    loaded
        .map(|_| String::new())
        .unwrap_or_else(|mistakes| mistakes.plain())
}

fn group(names: &[&str]) -> Vec<Vec<Scope>> {
    vec![
        names
            .iter()
            .map(|name| Scope::parse(name).unwrap())
            .collect(),
    ]
}

#[test]
fn the_environment_wins_over_the_file() {
    let settings = settings(&[
        ("SCOPEGATE__MCP__OAUTH__SCOPES__INITIALIZE", "a, b"),
        ("SCOPEGATE__MCP__OAUTH__MODE", "report"),
        ("SCOPEGATE__MCP__OAUTH__FORWARD_TOKEN", "false"),
        ("SCOPEGATE__MCP__OAUTH__JWKS__0__MAX_BYTES", "1 MiB"),
        (
            "SCOPEGATE__MCP__OAUTH__JWKS__0__REFRESH_UNKNOWN_KID__BURST",
            "7",
        ),
        ("SCOPEGATE__SERVER__WORKERS", "3"),
    ]);
    let oauth = oauth(&settings);
    assert_eq!(oauth.scopes.initialize, group(&["a", "b"]));
    assert_eq!(oauth.mode, Mode::Report);
    assert!(!oauth.forward_token);
    assert_eq!(settings.server.workers, 3);
    let SourceSettings::Remote(remote) = &oauth.sources[0].keys else {
        panic!("no url")
    };
    assert_eq!((remote.max_bytes, remote.unknown_kid.burst), (1 << 20, 7));
    assert_eq!(
        remote.url.as_str(),
        "https://auth.example.com/jwks.json",
        "the rest of the entry stays"
    );
}

#[test]
fn every_shorter_name_works() {
    let variables = [
        ("MCP_SERVER_BASE_URL", "https://b.example"),
        ("MCP_SERVER_LISTEN_ADDR", "127.0.0.1:1"),
        ("MCP_OAUTH_ENABLED", "true"),
        ("MCP_OAUTH_AUTHORIZATION_SERVER_URL", "https://x.example"),
        (
            "MCP_OAUTH_AUTHORIZATION_SERVER_URLS",
            "https://y.example,https://x.example",
        ),
        ("MCP_OAUTH_SCOPE_CHALLENGE_INCLUDE_TOKEN_SCOPES", "true"),
        ("MCP_OAUTH_MAX_SCOPE_COMBINATIONS", "9"),
        ("MCP_OAUTH_SCOPES_INITIALIZE", "s1"),
        ("MCP_OAUTH_SCOPES_TOOLS_LIST", "s2"),
        ("MCP_OAUTH_SCOPES_TOOLS_CALL", "s3"),
        ("MCP_OAUTH_SCOPES_EXECUTE_GRAPHQL", "s4"),
        ("MCP_OAUTH_SCOPES_GET_OPERATION_INFO", "s5"),
        ("MCP_OAUTH_SCOPES_GET_SCHEMA", "s6"),
        (
            "SCOPEGATE__MCP__OAUTH__JWKS__0__ISSUER",
            "https://x.example",
        ),
    ];
    let settings = settings(&variables);
    let oauth = oauth(&settings);
    assert_eq!(settings.resources[0].base_url, "https://b.example");
    assert_eq!(settings.server.listen_addr, "127.0.0.1:1");
    let servers: Vec<&str> = oauth
        .authorization_servers
        .iter()
        .map(|server| server.as_str())
        .collect();
    assert_eq!(servers, ["https://x.example", "https://y.example"]);
    assert!(oauth.include_token_scopes);
    assert_eq!(oauth.max_scope_combinations, 9);
    let levels = &oauth.scopes;
    let written = [
        &levels.initialize,
        &levels.tools_list,
        &levels.tools_call,
        &levels.execute_graphql,
        &levels.get_operation_info,
        &levels.get_schema,
    ];
    for (index, groups) in written.into_iter().enumerate() {
        assert_eq!(*groups, group(&[&format!("s{}", index + 1)]));
    }
}

#[test]
fn the_environment_alone_can_be_the_configuration() {
    let variables = [
        ("SCOPEGATE__RESOURCES__0__ID", "one"),
        (
            "SCOPEGATE__RESOURCES__0__SERVER__BASE_URL",
            "https://one.example",
        ),
        ("SCOPEGATE__RESOURCES__0__OAUTH__ENABLED", "true"),
        (
            "SCOPEGATE__RESOURCES__0__OAUTH__JWKS__0__SECRET",
            "${not} replaced, at all, 0123456789abcdef",
        ),
        (
            "SCOPEGATE__RESOURCES__0__OAUTH__JWKS__0__SYMMETRIC_ALGORITHM",
            "HS256",
        ),
        (
            "SCOPEGATE__RESOURCES__0__OAUTH__JWKS__0__HEADER_KEY_ID",
            "123",
        ),
    ];
    let settings = load_with("", &variables).unwrap();
    assert_eq!(settings.resources[0].id.as_str(), "one");
    let SourceSettings::Secret(secret) = &oauth(&settings).sources[0].keys else {
        panic!("no secret")
    };
    assert_eq!(
        secret.secret.expose(),
        b"${not} replaced, at all, 0123456789abcdef"
    );
    assert_eq!(secret.key_id, "123");
}

#[test]
fn wrong_variables_are_mistakes_under_their_own_name() {
    let anything = "expected `SCOPEGATE__` and the path in upper case, of a key with a scalar or a list of texts";
    for (name, value, expected) in [
        (
            "SCOPEGATE__MCP__OAUTH__MOD",
            "x",
            "found an unknown setting, expected `SCOPEGATE__MCP__OAUTH__MODE`".to_owned(),
        ),
        (
            "SCOPEGATE__NOTHING__LIKE__THIS",
            "x",
            format!("found an unknown setting, {anything}"),
        ),
        (
            "SCOPEGATE__",
            "x",
            format!("found an unknown setting, {anything}"),
        ),
        (
            "SCOPEGATE__MCP__OAUTH",
            "x",
            format!("found an unknown setting, {anything}"),
        ),
        (
            "SCOPEGATE__MCP__OAUTH__SCOPES__TOOLS__X",
            "x",
            format!("found an unknown setting, {anything}"),
        ),
        (
            "SCOPEGATE__MCP__OAUTH__JWKS__99999__URL",
            "x",
            format!("found an unknown setting, {anything}"),
        ),
        (
            "SCOPEGATE__mcp__ENABLED",
            "x",
            format!("found an unknown setting, {anything}"),
        ),
        (
            "MCP_OAUTH_SCOPES_INITIALIZE",
            "",
            "found an empty value, expected a value, or the variable unset".to_owned(),
        ),
    ] {
        assert_eq!(mistakes(&[(name, value)]), format!("{name}: {expected}"));
    }
}

#[test]
fn wrong_values_name_the_key_and_the_variable() {
    for (name, value, expected) in [
        (
            "SCOPEGATE__MCP__OAUTH__FORWARD_TOKEN",
            "yes",
            "mcp.oauth.forward_token: found the text `yes` (from `SCOPEGATE__MCP__OAUTH__FORWARD_TOKEN`), expected `true` or `false`",
        ),
        (
            "MCP_OAUTH_SCOPES_INITIALIZE",
            "a,,b",
            "mcp.oauth.scopes.initialize[1]: found `` (from `MCP_OAUTH_SCOPES_INITIALIZE`), expected a scope of printable ASCII without space, `\"` and `\\`",
        ),
        (
            "SCOPEGATE__SERVER__WORKERS",
            "0",
            "server.workers: found `0` (from `SCOPEGATE__SERVER__WORKERS`), expected a number from 1 to 1024",
        ),
    ] {
        assert_eq!(mistakes(&[(name, value)]), expected);
    }
}

#[test]
fn two_names_of_one_key_must_agree() {
    let long = "SCOPEGATE__MCP__SERVER__BASE_URL";
    assert_eq!(
        mistakes(&[
            ("MCP_SERVER_BASE_URL", "https://a.example"),
            (long, "https://a.example")
        ]),
        ""
    );
    assert_eq!(
        mistakes(&[
            ("MCP_SERVER_BASE_URL", "https://a.example"),
            (long, "https://b.example")
        ]),
        format!(
            "{long}: found another value than its other name has, expected the value of `MCP_SERVER_BASE_URL`, or one of the two"
        )
    );
}

#[test]
fn a_listener_that_the_environment_names_wins_over_its_other_name_in_the_file() {
    let yaml = Example {
        root: "server: {listen_addr: 'localhost:1'}",
        ..PLAIN
    }
    .yaml();
    let settings = load_with(&yaml, &[("MCP_SERVER_LISTEN_ADDR", "localhost:2")]).unwrap();
    assert_eq!(settings.server.listen_addr, "localhost:2");
}

#[test]
fn references_stand_for_texts_flags_and_numbers() {
    let yaml = Example {
        oauth: "forward_token: '${FLAG}', max_scope_combinations: '1${DIGITS}', scope_claims: ['${CLAIM:-roles}']",
        scopes: "resources: {'${NAME}': ['$${a}b']}",
        root: "other: '${UNSET}'",
        ..PLAIN
    }
    .yaml();
    let settings = load_with(&yaml, &[("FLAG", "false"), ("DIGITS", "00"), ("NAME", "x")]).unwrap();
    let oauth = oauth(&settings);
    assert!(!oauth.forward_token);
    assert_eq!(oauth.max_scope_combinations, 100);
    assert_eq!(oauth.scope_claims, ["roles"]);
    assert_eq!(
        oauth.scopes.resources,
        [("${NAME}".to_owned(), group(&["${a}b"]))],
        "references stand only in values"
    );
}

#[test]
fn a_text_without_a_reference_is_no_flag() {
    let mistakes = Example {
        oauth: "forward_token: 'false'",
        ..PLAIN
    }
    .mistakes();
    assert_eq!(
        mistakes,
        "mcp.oauth.forward_token: found the text `false`, expected `true` or `false`"
    );
}

#[test]
fn references_to_nothing_are_mistakes() {
    for (claim, expected) in [
        (
            "${NONE}",
            "found `${NONE}`, a variable that is not set, expected a variable that is set, or `${NAME:-default}`",
        ),
        (
            "${NO NE}",
            "found a `${` that begins no reference, expected `${NAME}` or `${NAME:-default}`; `$${` stands for `${`",
        ),
    ] {
        let yaml = PLAIN.yaml().replace(
            "enabled: true, authorization",
            &format!("enabled: true, scope_claims: ['{claim}'], authorization"),
        );
        let mistakes = load_with(&yaml, &[]).unwrap_err().plain();
        assert_eq!(mistakes, format!("mcp.oauth.scope_claims[0]: {expected}"));
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf_8_is_a_mistake() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    let environment = [("MCP_OAUTH_ENABLED", OsString::from_vec(vec![0xff]))]
        .into_iter()
        .collect();
    let yaml = PLAIN.yaml();
    let text = Document {
        name: "test.yaml",
        folder: Path::new("."),
        yaml: &yaml,
    };
    let mistakes = Settings::read(&text, &environment, Report::default()).unwrap_err();
    assert_eq!(
        mistakes.plain(),
        "MCP_OAUTH_ENABLED: found bytes that are not UTF-8, expected text"
    );
}

#[test]
fn proxies_are_those_of_every_client() {
    let proxy = settings(&[
        ("https_proxy", "http://p:1"),
        ("NO_PROXY", "a"),
        ("no_proxy", "b"),
        ("ALL_PROXY", ""),
    ])
    .outgoing
    .proxy;
    assert_eq!(proxy.https.as_deref(), Some("http://p:1"));
    assert_eq!(proxy.no.as_deref(), Some("a"));
    assert_eq!((proxy.http, proxy.all), (None, None));
}

#[test]
fn an_environment_shows_no_values() {
    let environment: Environment = [("SCOPEGATE_DEV_SECRET", "hunter2")].into_iter().collect();
    assert_eq!(format!("{environment:?}"), "Environment(1 variables)");
}
