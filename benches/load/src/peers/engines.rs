//! Policy engines. Their caller reads the request of the MCP client, passes facts to the engine,
//! and writes the response.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Peer;
use crate::{
    process::{SERVER_CORE, Server, free_port},
    tools::cache,
};

/// Cerbos by its own interface.
pub fn cerbos(keys: &str) -> Peer {
    cerbos_asked(
        "Cerbos, HTTP",
        keys,
        "/api/check/resources",
        ["EFFECT_ALLOW", "EFFECT_DENY"],
        |token| {
            json!({
                "requestId": "1",
                "principal": {"id": "user", "roles": ["client"]},
                "resources": [{
                    "actions": ["tools/call"],
                    "resource": {"kind": "mcp", "id": "mcp", "attr": {"name": "get_weather"}},
                }],
                "auxData": {"jwt": {"token": token}},
            })
        },
    )
}

/// Cerbos by AuthZEN.
pub fn cerbos_authzen(keys: &str) -> Peer {
    cerbos_asked(
        "Cerbos, AuthZEN",
        keys,
        "/access/v1/evaluation",
        ["\"decision\":true", "\"decision\":false"],
        |token| {
            json!({
                "subject": {"type": "client", "id": "user"},
                "action": {"name": "tools/call"},
                "resource": {"type": "mcp", "id": "mcp", "properties": {"name": "get_weather"}},
                "context": {"cerbos.auxData": {"jwt": {"token": token}}},
            })
        },
    )
}

fn cerbos_asked(
    name: &'static str,
    keys: &str,
    path: &'static str,
    [allow, deny]: [&'static str; 2],
    question: fn(&str) -> Value,
) -> Peer {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let place = folder.path().to_str().unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    fs::write(
        folder.path().join("policies/mcp.yaml"),
        include_str!("files/cerbos/mcp.yaml"),
    )
    .unwrap();
    fs::write(folder.path().join("keys.json"), keys).unwrap();
    let settings = json!({
        "server": {
            "httpListenAddr": format!("127.0.0.1:{port}"),
            "grpcListenAddr": format!("127.0.0.1:{}", free_port()),
        },
        "storage": {
            "driver": "disk",
            "disk": {"directory": format!("{place}/policies"), "watchForChanges": false},
        },
        "auxData": {"jwt": {"keySets": [{"id": "idp", "local": {"file": format!("{place}/keys.json")}}]}},
        "telemetry": {"disabled": true},
    });
    let file = format!("{place}/cerbos.yaml");
    fs::write(&file, settings.to_string()).unwrap();
    let program = format!(
        "{}/cerbos/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64",
        cache()
    );
    let server = start(
        &[
            &program,
            "server",
            "--log-level=error",
            &format!("--config={file}"),
        ],
        port,
    );
    let request = Box::new(move |token: &str, _: &str| json_post(path, &question(token)));
    Peer {
        name,
        servers: vec![server],
        request,
        allow: (200, allow),
        deny: Some((200, deny)),
        _folder: folder,
    }
}

/// OPA by its own interface. It caches verified tokens.
pub fn opa(keys: &str) -> Peer {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let file = folder.path().join("policy.rego");
    fs::write(
        &file,
        include_str!("files/policy.rego").replace("KEYS", keys),
    )
    .unwrap();
    let program = format!("{}/go/bin/opa", cache());
    let address = format!("127.0.0.1:{port}");
    let remember = "caching.inter_query_builtin_value_cache.named.io_jwt.max_num_entries=10000";
    let command = [
        &program,
        "run",
        "--server",
        "--log-level=error",
        "--skip-version-check",
        "--addr",
        &address,
        "--set",
        remember,
        file.to_str().unwrap(),
    ];
    let server = start(&command, port);
    let request = Box::new(|token: &str, _: &str| {
        let input = json!({"token": token, "method": "tools/call", "name": "get_weather"});
        json_post("/v1/data/mcp/allow", &json!({ "input": input }))
    });
    let (allow, deny) = ((200, "\"result\":true"), Some((200, "\"result\":false")));
    Peer {
        name: "OPA, HTTP",
        servers: vec![server],
        request,
        allow,
        deny,
        _folder: folder,
    }
}

/// cedar-agent, which does not verify tokens and gets the scopes from its caller.
pub fn cedar_agent() -> Peer {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let file = folder.path().join("policies.json");
    let policies = json!([{"id": "call", "content": include_str!("files/policy.cedar")}]);
    fs::write(&file, policies.to_string()).unwrap();
    let program = format!("{}/cedar-agent/bin/cedar-agent", cache());
    let command = [
        &program,
        "--addr",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--log-level",
        "error",
        "--policies",
        file.to_str().unwrap(),
    ];
    let server = start(&command, port);
    let request = Box::new(|_: &str, scope: &str| {
        let scopes: Vec<_> = scope.split(' ').collect();
        let question = json!({
            "principal": "Client::\"user\"",
            "action": "Action::\"tools/call\"",
            "resource": "Tool::\"get_weather\"",
            "context": {"scopes": scopes},
        });
        json_post("/v1/is_authorized", &question)
    });
    let (allow, deny) = ((200, "\"Allow\""), Some((200, "\"Deny\"")));
    let name = "cedar-agent, HTTP, without a token";
    Peer {
        name,
        servers: vec![server],
        request,
        allow,
        deny,
        _folder: folder,
    }
}

fn start(command: &[&str], port: u16) -> Server {
    Server::start(command, SERVER_CORE, port)
}

fn json_post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
