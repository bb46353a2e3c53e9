//! Key sources: mistakes, warnings, and the settings that result.

use std::fs;

use super::{Example, PLAIN, Plain, load, load_in, oauth};
use crate::{
    keys::{Algorithm, SourceSettings},
    token::{Audience, IssuerRule, TokenType},
};

const URL: &str = "url: 'https://auth.example.com/jwks.json'";
const SECRET: &str =
    "secret: '0123456789abcdef0123456789abcdef', symmetric_algorithm: HS256, header_key_id: k";

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn with_url(more: &str) -> Example {
    Example {
        source: leaked(format!("{URL}, {more}")),
        ..PLAIN
    }
}

fn with_secret(more: &str) -> Example {
    Example {
        source: leaked(format!("{SECRET}, {more}")),
        ..PLAIN
    }
}

#[test]
fn sources_that_are_refused() {
    let asymmetric = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";
    let web = "an http(s) URL without user name and fragment";
    for (source, expected) in [
        ("leeway: 1s", ": found no key source, expected `url`, or `secret` with `symmetric_algorithm` and `header_key_id`".to_owned()),
        (leaked(format!("{URL}, {SECRET}")), ": found `url` and a secret, expected one of the two".to_owned()),
        (leaked(format!("{SECRET}, secret_file: x")), ": found `secret` and `secret_file`, expected one of the two".to_owned()),
        ("secret: '', symmetric_algorithm: HS256, header_key_id: k", ".secret: found an empty secret, expected a secret as long as the hash, or longer".to_owned()),
        ("secret: hunter2, symmetric_algorithm: RS256, header_key_id: k", ".symmetric_algorithm: found `RS256`, expected `HS256`, `HS384` or `HS512`".to_owned()),
        ("secret: hunter2, symmetric_algorithm: HS256, header_key_id: ''", ".header_key_id: found an empty text, expected a key id".to_owned()),
        ("secret: hunter2, symmetric_algorithm: HS256, header_key_id: 1", ".header_key_id: found the number `1`, expected a text".to_owned()),
        ("secret_file: nowhere, symmetric_algorithm: HS256, header_key_id: k", ".secret_file: found `./nowhere` which cannot be read: No such file or directory (os error 2), expected a file, relative to the configuration file".to_owned()),
        (leaked(format!("{SECRET}, algorithms: [HS512]")), ".algorithms: found `HS512`, expected only `HS256`, or no such key".to_owned()),
        (leaked(format!("{URL}, header_key_id: k")), ".header_key_id: found a key of a shared secret next to `url`, expected `secret` instead of `url`".to_owned()),
        (leaked(format!("{URL}, algorithms: [HS256]")), format!(".algorithms[0]: found `HS256`, expected one of {asymmetric}: HS needs `secret`, a public key is no secret")),
        (leaked(format!("{URL}, algorithms: [none]")), format!(".algorithms[0]: found `none`, expected one of {asymmetric}: a token without a signature proves nothing")),
        (leaked(format!("{URL}, algorithms: [RS256, ES512]")), format!(".algorithms[1]: found `ES512`, expected one of {asymmetric}: this build does not verify ES512")),
        (leaked(format!("{URL}, algorithms: [rs256]")), format!(".algorithms[0]: found `rs256`, expected one of {asymmetric}")),
        (leaked(format!("{URL}, algorithms: []")), ".algorithms: found an empty list, expected at least one algorithm".to_owned()),
        (leaked(format!("{URL}, allowed_use: []")), ".allowed_use: found an empty list, expected at least one use, such as `sig`".to_owned()),
        (leaked(format!("{URL}, audiences: []")), ".audiences: found an empty list, expected at least one audience".to_owned()),
        (leaked(format!("{URL}, audiences: [' ']")), ".audiences[0]: found ` `, expected an audience".to_owned()),
        (leaked(format!("{URL}, audiences: [a], accept_any_audience: true")), ".audiences: found a list of audiences, expected no list next to `accept_any_audience`, which would ignore it".to_owned()),
        (leaked(format!("{URL}, issuer: auth")), ".issuer: found `auth`, expected an http(s) URL without user name, query and fragment".to_owned()),
        (leaked(format!("{URL}, token_type: jwt")), ".token_type: found `jwt`, expected `any` or `at+jwt`".to_owned()),
        (leaked(format!("{URL}, leeway: 2h")), ".leeway: found `2h`, expected a duration from `0s` to `1h`".to_owned()),
        (leaked(format!("{URL}, timeout: 0s")), ".timeout: found `0s`, expected a duration from `1ms` to `5m`".to_owned()),
        (leaked(format!("{URL}, refresh_unknown_kid: {{burst: 0}}")), ".refresh_unknown_kid.burst: found `0`, expected a number from 1 to 1000".to_owned()),
        ("url: 'http://idp.example/jwks'", ".url: found `http://idp.example/jwks`, expected https, or a loopback host, or a host of `server.insecure_key_hosts`".to_owned()),
        ("url: 'https://u:hunter2@idp.example'", format!(".url: found a text with `@`, which may hold a password, expected {web}")),
        ("url: 'https://idp.example#x'", format!(".url: found `https://idp.example#x`, expected {web}")),
    ] {
        let mistakes = Example { source, ..PLAIN }.mistakes();
        assert_eq!(mistakes, format!("mcp.oauth.jwks[0]{expected}"), "{source}");
    }
}

#[test]
fn secrets_are_never_shown() {
    for source in [
        "secret: [hunter2]",
        "secret: {hunter2: hunter2}",
        "secret: 'hunter2${NONE}'",
        "secret: 'hunter2${'",
        "secret: hunter2",
        "secrets: hunter2",
        "secret: hunter2, secret_file: x",
    ] {
        let mistakes = Example { source, ..PLAIN }.mistakes();
        assert!(
            !mistakes.is_empty() && !mistakes.contains("hunter2"),
            "{mistakes}"
        );
    }
    assert!(!format!("{:?}", with_secret("").settings()).contains("0123456789abcdef"));
}

#[test]
fn repeated_urls_and_key_ids_are_refused() {
    for (source, expected) in [
        (
            format!("{URL}, issuer: 'https://a'}}, {{{URL}, issuer: 'https://b'"),
            "url: found `https://auth.example.com/jwks.json`, expected a URL that no other entry has",
        ),
        (
            format!("{SECRET}}}, {{{SECRET}"),
            "header_key_id: found `k`, expected a key id that no other entry has",
        ),
    ] {
        let mistakes = Example {
            source: leaked(source),
            ..PLAIN
        }
        .mistakes();
        assert_eq!(mistakes, format!("mcp.oauth.jwks[1].{expected}"));
    }
}

#[test]
fn several_providers_need_an_issuer_each() {
    let missing = "issuer: is missing; expected the issuer of these keys, since there is more than one URL or authorization server";
    let two = "url: 'https://a.example/jwks'}, {url: 'https://b.example/jwks', issuer: 'https://b.example'";
    assert_eq!(
        Example {
            source: two,
            ..PLAIN
        }
        .mistakes(),
        format!("mcp.oauth.jwks[0].{missing}")
    );
    let oauth = "authorization_server_urls: ['https://a.example', 'https://b.example']";
    assert_eq!(
        Example { oauth, ..PLAIN }.mistakes(),
        format!("mcp.oauth.jwks[0].{missing}")
    );
    assert_eq!(
        Example {
            oauth,
            source: SECRET,
            ..PLAIN
        }
        .mistakes(),
        format!("mcp.oauth.jwks[0].{missing}")
    );
    let discovery = "url: 'https://a.example/.well-known/openid-configuration'";
    let rule = &Example {
        oauth,
        source: discovery,
        ..PLAIN
    }
    .oauth()
    .sources[0]
        .token
        .issuer
        .clone();
    assert_eq!(*rule, IssuerRule::Discovered);
}

#[test]
fn no_source_at_all_is_refused() {
    let yaml = PLAIN.yaml();
    let start = yaml.find(", jwks").unwrap();
    let without = format!("{}}}}}", &yaml[..start]);
    let expected =
        "mcp.oauth.jwks: is missing; expected at least one key source: `- url: 'https://…'`";
    assert_eq!(load(&without).unwrap_err().plain(), expected);
    let empty = format!("{}, jwks: []}}}}", &yaml[..start]);
    let expected =
        "mcp.oauth.jwks: found no key source, expected at least one: `- url: 'https://…'`";
    assert_eq!(load(&empty).unwrap_err().plain(), expected);
}

#[test]
fn what_weakens_a_source_is_warned_of() {
    for (example, expected) in [
        (
            with_url("accept_any_audience: true"),
            "mcp.oauth.jwks[0].accept_any_audience: tokens for other services are accepted",
        ),
        (
            with_url("max_stale: 10s"),
            "mcp.oauth.jwks[0].max_stale is shorter than refresh_interval: keys go stale between two fetches",
        ),
        (
            with_secret("refresh_interval: 10s"),
            "mcp.oauth.jwks[0].refresh_interval has no effect with a shared secret",
        ),
        (
            Example {
                source: "secret: hunter2, symmetric_algorithm: HS512, header_key_id: k",
                ..PLAIN
            },
            "the secret of mcp.oauth.jwks[0] is shorter than the 64 bytes that RFC 7518 asks for with HS512",
        ),
        (
            Example { oauth: "", ..PLAIN },
            "mcp.oauth.jwks[0] has no issuer, and there is no authorization server: tokens with an `iss` are refused",
        ),
    ] {
        assert_eq!(example.settings().warnings, [expected]);
    }
    assert!(with_secret("").settings().warnings.is_empty());
}

#[test]
fn what_is_written_is_what_counts() {
    let source = with_url(
        "issuer: 'https://auth.example.com/', audiences: [a, b], algorithms: [Ed25519, ES256], allowed_use: ['sig', ''], \
         token_type: at+jwt, leeway: 0s",
    )
    .oauth()
    .sources
    .remove(0);
    let SourceSettings::Remote(remote) = &source.keys else {
        panic!("no url")
    };
    assert_eq!(
        remote.algorithms.iter().collect::<Vec<_>>(),
        [Algorithm::Es256, Algorithm::EdDsa]
    );
    assert_eq!(remote.allowed_use, ["sig", ""]);
    assert_eq!(
        source.token.audience,
        Audience::OneOf(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(source.token.token_type, TokenType::AtJwt);
    let IssuerRule::Exactly(issuer) = &source.token.issuer else {
        panic!("no issuer")
    };
    assert_eq!(
        (issuer.as_str(), remote.issuer.as_ref()),
        ("https://auth.example.com/", Some(issuer))
    );
}

#[test]
fn sources_have_names_of_their_own() {
    let source = "url: 'https://a.example:8443/k?x=1', issuer: 'https://a'}, {url: 'https://a.example:8443/k?x=2', issuer: 'https://b'}, \
                  {secret: x, symmetric_algorithm: HS256, header_key_id: k, issuer: 'https://c'";
    let names: Vec<String> = Example { source, ..PLAIN }
        .oauth()
        .sources
        .into_iter()
        .map(|source| source.name)
        .collect();
    assert_eq!(
        names,
        ["a.example:8443/k", "a.example:8443/k#2", "secret:k"]
    );
}

#[test]
fn a_secret_file_is_relative_loses_one_line_break_and_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let source = "secret_file: s, symmetric_algorithm: HS256, header_key_id: k";
    for (content, secret) in [
        (&b"abc\n\n"[..], &b"abc\n"[..]),
        (b"abc\r\n", b"abc"),
        (b"abc\r", b"abc\r"),
        (b"\xff", b"\xff"),
    ] {
        fs::write(folder.path().join("s"), content).unwrap();
        let settings = load_in(folder.path(), &Example { source, ..PLAIN }.yaml(), &[]).unwrap();
        let SourceSettings::Secret(read) = &oauth(&settings).sources[0].keys else {
            panic!("no secret")
        };
        assert_eq!(read.secret.expose(), secret);
        assert_eq!(settings.watched, [folder.path().join("s")]);
    }
    fs::write(folder.path().join("s"), "\n").unwrap();
    let mistakes = load_in(folder.path(), &Example { source, ..PLAIN }.yaml(), &[]).unwrap_err();
    assert!(
        mistakes
            .plain()
            .contains("jwks[0].secret_file: found an empty secret"),
        "{mistakes}"
    );
}

#[test]
fn listed_hosts_may_serve_keys_over_http() {
    let root = "server: {insecure_key_hosts: ['IDP.internal']}";
    assert_eq!(
        Example {
            root,
            source: "url: 'http://idp.internal:8080/jwks'",
            ..PLAIN
        }
        .mistakes(),
        ""
    );
    assert_eq!(
        Example {
            source: "url: 'http://127.0.0.1:8080/jwks'",
            ..PLAIN
        }
        .mistakes(),
        ""
    );
}

#[test]
fn a_configuration_is_a_regular_file_of_bounded_length() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.yaml");
    fs::File::create(&long)
        .unwrap()
        .set_len(16 * 1024 * 1024 + 1)
        .unwrap();
    for (file, cause) in [
        (long.as_path(), "it is longer than 16777216 bytes"),
        (folder.path(), "is a folder, expected a YAML file"),
        (
            std::path::Path::new("/dev/zero"),
            "it is not a regular file",
        ),
    ] {
        let mistakes =
            crate::config::load(file, &crate::config::Environment::default()).unwrap_err();
        assert!(mistakes.plain().contains(cause), "{mistakes}");
    }
}
