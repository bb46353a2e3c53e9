//! Every kind of mistake, with its exact line.

use super::{Example, PLAIN, Plain, load};

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let yaml = "
mcp:
  enabled: yes
  server: {base_url: 'ftp://x', pth: /mcp}
  oauth:
    authorization_server_urls: ['https://a', 5]
    mode: off
    scopes: {initialize: ['a', ['b']], tools: {x: 'y'}}
    jwks: [{url: 'http://idp.example/jwks', refresh_interval: 1s}, {secret: [hunter2]}]
server: {keep_alive: soon, log: {level: loud}}
";
    let expected = "\
mcp.enabled: found the text `yes`, expected `true` or `false`
mcp.server.base_url: found `ftp://x`, expected an http(s) URL without user name, query and fragment, its path without `%` and dots
mcp.server.pth: found an unknown key, expected `path`
mcp.oauth.enabled: is missing; expected `true`, or `false` to permit every request
mcp.oauth.authorization_server_urls[1]: found the number `5`, expected a text
mcp.oauth.mode: found `off`, expected `enforce` or `report`
mcp.oauth.scopes.initialize: found scopes and lists of scopes side by side, expected a scope list: `['a', 'b']` for both, `[['a', 'b'], ['c']]` for both or the other
mcp.oauth.scopes.tools.x: found the text `y`, expected a scope list: `['a', 'b']` for both, `[['a', 'b'], ['c']]` for both or the other
mcp.oauth.jwks[0].url: found `http://idp.example/jwks`, expected https, or a loopback host, or a host of `server.insecure_key_hosts`
mcp.oauth.jwks[0].refresh_interval: found `1s`, expected a duration from `5s` to `365days`
mcp.oauth.jwks[1].header_key_id: is missing; expected the `kid` of tokens that are signed with the secret
mcp.oauth.jwks[1].symmetric_algorithm: is missing; expected `HS256`, `HS384` or `HS512`
mcp.oauth.jwks[1].secret: found a value that is not a text, and is not shown, expected a text, in quotes
server.keep_alive: found the text `soon`, expected a duration such as `30s`, `1m` or `150ms`
server.log.level: found `loud`, expected `error`, `warn`, `info`, `debug` or `trace`";
    let mistakes = load(yaml).unwrap_err();
    assert_eq!(mistakes.plain(), expected);
}

#[test]
fn scope_mistakes() {
    let scope = "a scope of printable ASCII without space, `\"` and `\\`";
    for (scopes, expected) in [
        ("initialize: ['a b']", format!("initialize[0]: found `a b`, expected {scope}; for several scopes: `['a', 'b']`")),
        ("initialize: [1]", "initialize[0]: found the number `1`, expected a scope".to_owned()),
        ("initialize: [['a'], []]", "initialize[1]: found an empty list among the alternatives, expected at least one scope".to_owned()),
        ("initialize: ~", "initialize: is empty; expected a scope list: `['a', 'b']` for both, `[['a', 'b'], ['c']]` for both or the other".to_owned()),
        ("tools: {'a.b': [\"\\n\"]}", format!("tools[a.b][0]: found `\\n`, expected {scope}")),
        ("tools: {'': [a]}", "tools[]: found an empty name, expected a name or a glob".to_owned()),
        ("tools: [a]", "tools: found a list, expected names with a scope list each".to_owned()),
        ("methods: {'a*b': [a]}", "methods[a*b]: found `a*b`, expected a method, or a prefix with one `*` at its end".to_owned()),
        ("methods: {tools/call: [a]}", "methods[tools/call]: found `tools/call`, expected its scopes under `tools_call`".to_owned()),
        ("implies: {a: b}", "implies.a: found the text `b`, expected a list of scopes".to_owned()),
        ("implies: {'a b': [b]}", format!("implies[a b]: found `a b`, expected {scope}")),
        ("implies: {a: [a]}", "implies: found the cycle `a > a`, expected scopes that do not include themselves".to_owned()),
        ("implies: {x: [a], a: [d, b], b: [c], c: [a], d: []}", "implies: found the cycle `a > b > c > a`, expected scopes that do not include themselves".to_owned()),
    ] {
        let mistakes = Example { scopes, ..PLAIN }.mistakes();
        let lines: Vec<&str> = mistakes.lines().filter(|line| !line.contains("cycle `x")).collect();
        assert_eq!(lines.join("\n"), format!("mcp.oauth.scopes.{expected}"), "{scopes}");
    }
}

#[test]
fn oauth_mistakes() {
    let hidden = "unknown_operation: found `initialize`, expected `deny`: other levels have scopes, and hiding the operation would skip them";
    for (oauth, scopes, expected) in [
        (
            "unknown_operation: initialize",
            "initialize: [a], tools_list: [b]",
            hidden,
        ),
        ("unknown_operation: initialize", "tools: {x: [b]}", hidden),
        ("unknown_operation: initialize", "methods: {x: [b]}", hidden),
        ("unknown_operation: initialize, unlisted: deny", "", hidden),
        (
            "unknown_methods: allow",
            "",
            "unknown_methods: found `allow`, expected `deny` or `initialize`",
        ),
        (
            "scope_claims: []",
            "",
            "scope_claims: found an empty list, expected at least one claim",
        ),
        (
            "scope_claims: ['']",
            "",
            "scope_claims[0]: found an empty text, expected the name of a claim",
        ),
        (
            "scope_claims: scope",
            "",
            "scope_claims: found the text `scope`, expected a list of texts",
        ),
        (
            "max_scope_combinations: 0",
            "",
            "max_scope_combinations: found `0`, expected a number from 1 to 1048576",
        ),
        (
            "max_scope_combinations: -1",
            "",
            "max_scope_combinations: found the number `-1`, expected a whole number, 0 or more",
        ),
        (
            "allowed_origins: ['*']",
            "",
            "allowed_origins[0]: found `*`, expected an origin such as `https://app.example.com`",
        ),
        (
            "authorization_server_url: 'https://u:hunter2@a'",
            "",
            "authorization_server_url: found a text with `@`, which may hold a password, expected an http(s) URL without user name, query and fragment",
        ),
        (
            "authorization_server_urls: ['https://a?b']",
            "",
            "authorization_server_urls[0]: found `https://a?b`, expected an http(s) URL without user name, query and fragment",
        ),
    ] {
        assert_eq!(
            Example {
                oauth,
                scopes,
                ..PLAIN
            }
            .mistakes(),
            format!("mcp.oauth.{expected}"),
            "{oauth}"
        );
    }
}

#[test]
fn an_operation_that_was_not_shown_may_pass_where_no_level_has_more() {
    let oauth = "unknown_operation: initialize";
    assert_eq!(
        Example {
            oauth,
            scopes: "initialize: [a], tools: {x: []}",
            ..PLAIN
        }
        .mistakes(),
        ""
    );
}

#[test]
fn place_mistakes() {
    let url = "an http(s) URL without user name, query and fragment, its path without `%` and dots";
    let path =
        "a path that begins with `/`, without `//`, dot segments, `%`, `;`, `\\` and a final `/`";
    for (server, expected) in [
        (
            "",
            "base_url: is missing; expected the origin by which clients reach the server"
                .to_owned(),
        ),
        (
            "base_url: 'https://a.example?x'",
            format!("base_url: found `https://a.example?x`, expected {url}"),
        ),
        (
            "base_url: 'https://a.example#x'",
            format!("base_url: found `https://a.example#x`, expected {url}"),
        ),
        (
            "base_url: 'https://u:hunter2@a.example'",
            format!("base_url: found a text with `@`, which may hold a password, expected {url}"),
        ),
        (
            "base_url: 'https://a.example/a/../b'",
            format!("base_url: found `https://a.example/a/../b`, expected {url}"),
        ),
        (
            "base_url: 'https://a.example//'",
            format!("base_url: found `https://a.example//`, expected {url}"),
        ),
        (
            "base_url: 'https://a.example', path: mcp",
            format!("path: found `mcp`, expected {path}"),
        ),
        (
            "base_url: 'https://a.example', path: '/mcp/'",
            format!("path: found `/mcp/`, expected {path}"),
        ),
        (
            "base_url: 'https://a.example', extra_paths: ['/a%62']",
            format!("extra_paths[0]: found `/a%62`, expected {path}"),
        ),
        (
            "base_url: 'https://a.example', extra_paths: ['/sse', '/sse']",
            "extra_paths[1]: found `/sse`, expected each path of the resource once".to_owned(),
        ),
        (
            "base_url: 'https://a.example', hosts: ['a/b']",
            "hosts[0]: found `a/b`, expected `host` or `host:port`".to_owned(),
        ),
        (
            "base_url: 'https://a.example', resource: 'urn:x'",
            "resource: found `urn:x`, expected an http(s) URL without user name and fragment"
                .to_owned(),
        ),
    ] {
        let server: &'static str = Box::leak(server.to_owned().into_boxed_str());
        assert_eq!(
            Example { server, ..PLAIN }.mistakes(),
            format!("mcp.server.{expected}"),
            "{server}"
        );
    }
}

#[test]
fn server_mistakes() {
    let chain =
        "expected a PEM file with the certificate chain; the listener's certificate comes first";
    let key = "expected a PEM file with the private key of the certificate";
    for (root, expected) in [
        ("server: {listen_addr: '5025'}", "server.listen_addr: found `5025`, expected `host:port`, such as `127.0.0.1:5025`".to_owned()),
        ("server: {grpc_listen_addr: 'localhost'}", "server.grpc_listen_addr: found `localhost`, expected `host:port`".to_owned()),
        ("server: {admin_listen_addr: 'localhost:5025'}", "server.admin_listen_addr: found `localhost:5025`, expected an address that no other listener has".to_owned()),
        ("server: {tls: {}}", format!("server.tls.cert_file: is missing; {chain}\nserver.tls.key_file: is missing; {key}")),
        ("server: {tls: {cert_file: Cargo.toml}}", format!("server.tls.key_file: is missing; {key}")),
        ("server: {tls: {cert_file: Cargo.toml, key_file: b}}", format!("server.tls.cert_file: found `./Cargo.toml` contains no certificate, {chain}")),
        ("server: {max_body_bytes: 4 MB}", "server.max_body_bytes: found the text `4 MB`, expected a number of bytes, or a size such as `512 KiB` or `4 MiB`".to_owned()),
        ("server: {workers: 2.5}", "server.workers: found the number `2.5`, expected a whole number, 0 or more".to_owned()),
        ("server: {drain: 5}", "server.drain: found the number `5`, expected a duration such as `30s`, `1m` or `150ms`".to_owned()),
        ("server: {ca_file: nowhere.pem}", "server.ca_file: found `./nowhere.pem` which cannot be read: No such file or directory (os error 2), expected a PEM file with certificates".to_owned()),
        ("server: {ca_file: /dev/null}", "server.ca_file: found `/dev/null` which is of no use: it contains no certificate, expected a PEM file with certificates".to_owned()),
        ("server: {insecure_key_hosts: ['a:80']}", "server.insecure_key_hosts[0]: found `a:80`, expected a host without a port".to_owned()),
        ("server: {debug_hosts: ['a b']}", "server.debug_hosts[0]: found `a b`, expected `host` or `host:port`".to_owned()),
        ("server: {log: {format: xml, subject: yes}}", "server.log.format: found `xml`, expected `json` or `text`\nserver.log.subject: found `yes`, expected `hashed`, `plain` or `omitted`".to_owned()),
        ("server: 5", "server: found the number `5`, expected a section with keys".to_owned()),
        ("server: 'not-to-be-shown'", "server: found a text, expected a section with keys".to_owned()),
    ] {
        assert_eq!(Example { root, ..PLAIN }.mistakes(), expected, "{root}");
    }
    let unknown = Example {
        root: "server: {audits: {}, otel: {}}",
        ..PLAIN
    }
    .mistakes();
    assert!(
        unknown.contains("server.audits: found an unknown key")
            && unknown.contains("server.otel: found")
    );
}

#[test]
fn the_two_names_of_the_listener_must_agree() {
    let server = "base_url: 'https://a.example', listen_addr: 'localhost:2'";
    let mistakes = Example {
        server,
        root: "server: {listen_addr: 'localhost:1'}",
        ..PLAIN
    }
    .mistakes();
    assert_eq!(
        mistakes,
        "mcp.server.listen_addr: found `localhost:2`, expected `localhost:1`, as `server.listen_addr` says, or one of the two"
    );
    assert_eq!(
        Example {
            server,
            root: "server: {listen_addr: 'localhost:2'}",
            ..PLAIN
        }
        .mistakes(),
        ""
    );
}
