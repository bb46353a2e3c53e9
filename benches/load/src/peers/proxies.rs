//! Envoy by itself, with its own filters, and with scopegate behind it.

use std::fs;

use super::Peer;
use crate::{
    process::{SERVER_CORE, Server, free_port},
    requests::{call, post},
};

/// Envoy that permits everything.
pub fn plain() -> Peer {
    let mut peer = envoy("Envoy that checks nothing", "", "", 0);
    peer.deny = None;
    peer
}

/// Envoy that verifies tokens and checks their scopes without another service. It caches verified
/// tokens only if configured.
pub fn jwt_rbac(name: &'static str, keys: &str, with_cache: bool) -> Peer {
    let cache = "                          jwt_cache_config: {jwt_cache_size: 10000}\n";
    let cache = if with_cache { cache } else { "" };
    envoy(
        name,
        &include_str!("files/envoy-jwt-rbac.yaml").replace("CACHE\n", cache),
        keys,
        0,
    )
}

/// Envoy that asks a scopegate on the same core.
pub fn ext_authz(scopegate: Server, grpc_port: u16) -> Peer {
    let filter = include_str!("files/envoy-ext-authz.yaml");
    let mut peer = envoy("Envoy and scopegate over gRPC", filter, "", grpc_port);
    peer.servers.push(scopegate);
    peer
}

fn envoy(name: &'static str, filters: &str, keys: &str, grpc_port: u16) -> Peer {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let [file, keys_file] = ["envoy.yaml", "keys.json"].map(|name| folder.path().join(name));
    let text = include_str!("files/envoy.yaml")
        .replace("FILTERS\n", filters)
        .replace("PORT", &port.to_string())
        .replace("GRPC", &grpc_port.to_string())
        .replace("KEYS", keys_file.to_str().unwrap());
    fs::write(&file, text).unwrap();
    fs::write(&keys_file, keys).unwrap();
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/.cache/envoy/envoy"
    );
    let command = [
        program,
        "-c",
        file.to_str().unwrap(),
        "--concurrency",
        "1",
        "--log-level",
        "error",
        "--use-dynamic-base-id",
    ];
    Peer {
        name,
        servers: vec![Server::start(&command, SERVER_CORE, port)],
        request: Box::new(|token, _| {
            let request =
                String::from_utf8(post("/mcp", token, &call("get_weather", 1024))).unwrap();
            request.replacen("/authorize/mcp", "/mcp", 1).into_bytes()
        }),
        allow: (200, ""),
        deny: Some((403, "")),
        _folder: folder,
    }
}
