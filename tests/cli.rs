//! The commands as a user runs them: their output and exit codes.

#![allow(
    clippy::too_many_lines,
    reason = "tables of cases stand in their tests"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops at the line that failed"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{ChildStdout, Command, Output, Stdio},
};

use support::{
    grpc::{NOT_SERVING, SERVING, health},
    http::{Answer, exchange},
    process::{Running, line_with},
};

const SECRET: &str = "a-secret-for-development-of-40-characters";

fn scopegate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopegate"));
    command.env_clear().env("SCOPEGATE_DEV_SECRET", SECRET);
    command
}

fn run(arguments: &[&str]) -> Output {
    scopegate().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn token(scope: &str) -> String {
    let output = run(&["token", "--dev", "--scope", scope]);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).trim().to_owned()
}

fn config(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn without_a_configuration_nothing_starts() {
    for command in [&[][..], &["serve"], &["check"], &["token"], &["explain"]] {
        let output = run(command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(
            text(&output.stderr).contains("SCOPEGATE_CONFIG"),
            "{output:?}"
        );
    }
}

#[test]
fn the_version_names_the_commit() {
    let expected = format!("scopegate {}\n", scopegate::build_info::text());
    for option in ["--version", "-V"] {
        let output = run(&[option]);
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(0), expected.clone())
        );
    }
    assert!(
        expected.starts_with("scopegate 0.") && expected.ends_with(")\n"),
        "{expected}"
    );
}

#[test]
fn check_prints_the_compiled_table() {
    let output = run(&["check", "--dev"]);
    let expected = "\
RESOURCE  OPERATION            SCOPES
mcp       every request        mcp:connect
mcp       tools/list           mcp:connect + mcp:tools:read
mcp       tools/call           mcp:connect + mcp:tools:execute
mcp       tools/call delete_*  mcp:connect + mcp:tools:execute + mcp:tools:delete
";
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(0), expected)
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [
        &["check", "--dev"][..],
        &["token", "--dev"],
        &["explain", "--dev"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = scopegate().args(arguments).stdout(writer).output().unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(0), "")
        );
    }
}

#[test]
fn check_lists_all_mistakes_at_once_and_exits_with_2() {
    let file = config(
        "mcp:\n  enabled: true\n  server:\n    base_url: 7\n  oauth:\n    enabled: 'maybe'\n    modes: 'x'\n",
    );
    for command in ["check", "serve"] {
        let output = run(&[command, "--config", file.path().to_str().unwrap()]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        for (place, path, shown) in [
            ("4:15", "mcp.server.base_url", "    base_url: 7"),
            ("6:14", "mcp.oauth.enabled", "    enabled: 'maybe'"),
            ("7:5", "mcp.oauth.modes", "    modes: …"),
        ] {
            let start = format!("{}:{place}: {path}: found ", file.path().display());
            let is_told = |line: &str| line.starts_with(&start) && line.contains(", expected ");
            assert!(errors.lines().any(is_told), "{errors}");
            assert!(
                errors
                    .lines()
                    .any(|line| line.ends_with(&format!("| {shown}"))),
                "{errors}"
            );
        }
    }
}

#[test]
fn schema_prints_the_schema_that_is_beside_the_examples() {
    let output = run(&["schema"]);
    assert!(output.status.success(), "{output:?}");
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/schema.json");
    let written: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(printed, written);
}

#[test]
fn explain_tells_each_step_of_a_permit_and_of_a_denial() {
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let explain = |token: &str| {
        let output = run(&["explain", "--dev", "--token", token, "--body", list]);
        assert!(output.status.success(), "{output:?}");
        assert!(!text(&output.stdout).contains(token));
        text(&output.stdout)
    };
    let permitted = explain(&token("mcp:connect mcp:tools:read"));
    for part in [
        "resource ",
        "signature ",
        "scopes ",
        "requirement ",
        "HTTP 200",
        "x-auth-subject: developer",
    ] {
        assert!(permitted.contains(part), "{part}: {permitted}");
    }
    let denied = explain(&token("mcp:connect"));
    for part in [
        "deny 403 scope-insufficient",
        "HTTP 403",
        "scope=\"mcp:connect mcp:tools:read\"",
    ] {
        assert!(denied.contains(part), "{part}: {denied}");
    }
    assert!(explain("not-a-token").contains("deny 401 token-malformed"));
}

#[test]
fn explain_tells_by_what_a_resource_was_looked_for() {
    let host = ["--dialect", "ext_authz_http", "--host", "h", "--path", "/a"];
    for (arguments, expected) in [
        (
            &["--resource", "typo"][..],
            "no resource has the id `typo` and the path `/mcp`",
        ),
        (
            &["--path", "/mcp/"],
            "no resource is selected by the path `/mcp/`",
        ),
        (&host, "no resource has the host `h` and the path `/a`"),
    ] {
        let output = run(&[&["explain", "--dev"], arguments].concat());
        assert!(text(&output.stdout).contains(expected), "{output:?}");
    }
}

#[test]
fn explain_speaks_json_in_every_dialect() {
    let token = token("mcp:connect");
    for dialect in [
        "auth_request",
        "ext_authz_http",
        "ext_authz_grpc",
        "forward_auth",
    ] {
        let arguments = [
            "explain",
            "--dev",
            "--json",
            "--dialect",
            dialect,
            "--method",
            "GET",
            "--token",
            &token,
        ];
        let json = explain_json(&arguments);
        assert_eq!(
            (&json["decision"], &json["status"]),
            (&"permit".into(), &200.into()),
            "{json}"
        );
        assert_eq!(json["steps"][0]["step"], "resource");
    }
}

#[test]
fn explain_shows_what_envoy_gets_over_grpc() {
    let grpc = [
        "explain",
        "--dev",
        "--json",
        "--dialect",
        "ext_authz_grpc",
        "--resource",
        "mcp",
    ];
    let permit = explain_json(
        &[
            &grpc[..],
            &["--method", "GET", "--token", &token("mcp:connect")],
        ]
        .concat(),
    );
    assert_eq!(
        (&permit["grpc"]["code"], &permit["grpc"]["response"]),
        (&0.into(), &"ok_response".into())
    );
    assert_eq!(permit["headers"]["x-auth-subject"], "developer");
    assert_eq!(permit["grpc"]["dynamic_metadata"]["operation"], "stream");
    let denial = explain_json(
        &[
            &grpc[..],
            &["--body", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#],
        ]
        .concat(),
    );
    assert_eq!(
        (&denial["grpc"]["code"], &denial["status"]),
        (&16.into(), &401.into())
    );
    assert!(
        denial["headers"]["www-authenticate"]
            .as_str()
            .unwrap()
            .starts_with("Bearer ")
    );
    let repeated = [
        "--header",
        "Authorization: Bearer a",
        "--header",
        "Authorization: Bearer a",
    ];
    let misread = explain_json(&[&grpc[..], &repeated].concat());
    assert_eq!(
        (&misread["reason"], &misread["status"]),
        (&"request-malformed".into(), &400.into())
    );
    let shown = text(
        &run(&[
            "explain",
            "--dev",
            "--dialect",
            "ext_authz_grpc",
            "--resource",
            "x",
        ])
        .stdout,
    );
    for line in [
        "code 7, denied_response",
        "HTTP 404",
        "dynamic_metadata reason: resource-unknown",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

fn explain_json(arguments: &[&str]) -> serde_json::Value {
    let output = run(arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn explain_takes_token_and_body_from_files() {
    let (token, body) = (
        config(&token("mcp:connect")),
        config(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#),
    );
    let at = |file: &tempfile::NamedTempFile| format!("@{}", file.path().display());
    let output = run(&[
        "explain",
        "--dev",
        "--token",
        &at(&token),
        "--body",
        &at(&body),
    ]);
    assert!(text(&output.stdout).contains("HTTP 200"), "{output:?}");
}

#[test]
fn a_token_is_refused_where_there_is_no_secret() {
    let file = config(
        "mcp:\n  enabled: true\n  server: { base_url: 'https://mcp.example.com' }\n  oauth:\n    enabled: true\n    \
         authorization_server_url: 'https://auth.example.com'\n    jwks: [{ url: 'https://auth.example.com/jwks.json' }]\n",
    );
    let output = run(&[
        "token",
        "--config",
        file.path().to_str().unwrap(),
        "--scope",
        "a",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("has no shared secret"),
        "{output:?}"
    );
    let output = run(&["token", "--dev", "--scope", "a\\b"]);
    assert_eq!(output.status.code(), Some(1));
    let output = scopegate()
        .env_remove("SCOPEGATE_DEV_SECRET")
        .args(["token", "--dev"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

fn serve(drain: &str) -> (Running, BufReader<ChildStdout>) {
    let mut command = scopegate();
    command.args(["serve", "--dev"]);
    start(command, drain)
}

/// Starts `command`, a service by `--dev`, and waits until it listens.
fn start(mut command: Command, drain: &str) -> (Running, BufReader<ChildStdout>) {
    on_free_ports(&mut command);
    command
        .env("SCOPEGATE__SERVER__LOG__FORMAT", "json")
        .env("SCOPEGATE__SERVER__DRAIN", drain);
    Running::start(command)
}

fn on_free_ports(command: &mut Command) {
    for listener in ["LISTEN_ADDR", "ADMIN_LISTEN_ADDR", "GRPC_LISTEN_ADDR"] {
        command.env(format!("SCOPEGATE__SERVER__{listener}"), "127.0.0.1:0");
    }
}

#[test]
fn a_log_without_timestamps_has_none() {
    for (timestamps, has_time) in [("true", true), ("false", false)] {
        let mut command = scopegate();
        command
            .args(["serve", "--dev"])
            .env("SCOPEGATE__SERVER__LOG__TIMESTAMPS", timestamps);
        command.env("SCOPEGATE__SERVER__LOG__FORMAT", "json");
        on_free_ports(&mut command);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines
            .map(Result::unwrap)
            .find(|line| line.starts_with('{'))
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(first.contains("\"timestamp\""), has_time, "{first}");
    }
}

/// Gets a page; `None` if no listener answers.
fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    support::http::get(address, path, "localhost").ok()
}

/// The state of `Authorization` in the health service; `None` if no listener answers.
fn grpc_health(address: SocketAddr) -> Option<i32> {
    health(address, "envoy.service.auth.v3.Authorization").ok()
}

#[test]
fn on_sigterm_readiness_fails_first_and_requests_are_still_answered() {
    let (mut running, mut output) = serve("2s");
    let ready = |running: &Running| running.admin("/readyz").unwrap();
    assert_eq!(ready(&running).status, 200);
    assert_eq!(grpc_health(running.grpc), Some(SERVING));
    running.terminate();
    line_with(&mut output, "\"message\":\"draining\"");
    // The drain lasts two seconds, enough for three requests on loopback.
    let mut answer = ready(&running);
    while answer.status == 200 {
        answer = ready(&running);
    }
    assert!(
        answer.status == 503 && answer.body.contains("\"draining\":true"),
        "{answer:?}"
    );
    while grpc_health(running.grpc) == Some(SERVING) {}
    assert_eq!(grpc_health(running.grpc), Some(NOT_SERVING));
    let metadata = "/.well-known/oauth-protected-resource/mcp";
    assert_eq!(get(running.address, metadata).unwrap().status, 200);
    for path in [metadata, "/authorize"] {
        // The response tells the gateway to close the connection, since the service closes it soon.
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = exchange(running.address, request.as_bytes()).unwrap();
        assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
    }
    assert!(running.wait().success());
    assert!(get(running.address, metadata).is_none());
    assert_eq!(grpc_health(running.grpc), None);
}

#[test]
fn the_log_names_no_token_and_no_argument() {
    let (mut running, mut output) = serve("0s");
    let secret_argument = "an-argument-that-must-not-be-logged";
    let token = token("mcp:connect");
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"delete_user","arguments":{{"x":"{secret_argument}"}}}}}}"#
    );
    let request = format!(
        "POST /authorize HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Original-Method: POST\r\nX-Original-URI: /mcp?k={secret_argument}\r\n\
         Authorization: Bearer {token}\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(running.address, request.as_bytes()).unwrap();
    assert_eq!(answer.status, 403, "{answer:?}");
    running.terminate();
    running.wait();
    let mut log = String::new();
    output.read_to_string(&mut log).unwrap();
    let line = log
        .lines()
        .find(|line| line.contains("\"decision\":\"deny\""))
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (
            &line["resource"],
            &line["operation"],
            &line["name"],
            &line["reason"],
            &line["trace_id"]
        ),
        (
            &"mcp".into(),
            &"tools/call".into(),
            &"delete_user".into(),
            &"scope-insufficient".into(),
            &"0af7651916cd43dd8448eb211c80319c".into()
        )
    );
    assert_ne!(line["subject"], "developer");
    for hidden in [secret_argument, token.as_str(), SECRET] {
        assert!(!log.contains(hidden), "{log}");
    }
}

#[test]
fn a_service_whose_listeners_cannot_start_ends() {
    // Enough open files to bind, too few for the threads that accept connections.
    let mut command = Command::new("sh");
    command
        .env_clear()
        .env("SCOPEGATE_DEV_SECRET", SECRET)
        .env("RUST_BACKTRACE", "0");
    on_free_ports(&mut command);
    command.args([
        "-c",
        "ulimit -n 20; exec \"$0\" serve --dev",
        env!("CARGO_BIN_EXE_scopegate"),
    ]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(!child.wait().unwrap().success());
}

/// `scopegate serve --dev` under limits on open files, with at most 100 requests in flight.
fn serve_with_open_files(limits: &str) -> Running {
    let mut command = Command::new("sh");
    command
        .env_clear()
        .env("SCOPEGATE_DEV_SECRET", SECRET)
        .env("SCOPEGATE__SERVER__MAX_IN_FLIGHT", "100");
    command.env("SCOPEGATE__SERVER__WORKERS", "1");
    command.args([
        "-c",
        &format!("{limits}; exec \"$0\" serve --dev"),
        env!("CARGO_BIN_EXE_scopegate"),
    ]);
    start(command, "0s").0
}

#[test]
fn a_limit_on_open_files_that_is_too_low_is_told_at_the_start() {
    let running = serve_with_open_files("ulimit -n 300");
    let ready = running.admin("/readyz").unwrap().body;
    assert!(
        ready.contains("a limit of 300, expected 356 or more: `server.max_in_flight`"),
        "{ready}"
    );
}

#[test]
fn a_soft_limit_on_open_files_is_raised_to_the_hard_one() {
    let running = serve_with_open_files("ulimit -S -n 300; ulimit -H -n 600");
    let ready = running.admin("/readyz").unwrap();
    assert!(
        ready.status == 200 && ready.body.contains("\"warnings\":[]"),
        "{ready:?}"
    );
    let metrics = running.admin("/metrics").unwrap().body;
    assert!(
        metrics.lines().any(|line| line == "process_max_fds 600"),
        "{metrics}"
    );
}

#[test]
fn a_log_that_nobody_reads_delays_no_decision_and_loses_nothing_at_first() {
    let (mut running, mut output) = serve("0s");
    // More lines than fit into the pipe.
    for _ in 0..DENIALS {
        let answer = get(running.address, "/authorize").unwrap();
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    let lost = "scopegate_log_lines_lost_total 0";
    assert!(
        running
            .admin("/metrics")
            .unwrap()
            .body
            .lines()
            .any(|line| line == lost)
    );
    running.terminate();
    let mut log = String::new();
    output.read_to_string(&mut log).unwrap();
    assert!(log.len() > 65_536, "{}", log.len());
    assert_eq!(
        log.matches("\"reason\":\"request-malformed\"").count(),
        DENIALS
    );
    assert!(running.wait().success());
}

const DENIALS: usize = 500;
