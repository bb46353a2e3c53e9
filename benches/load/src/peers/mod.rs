//! scopegate and its peers with the same tokens and the most similar policies. All processes of one
//! side share a core.

mod engines;
mod proxies;

use serde_json::json;
use support::{KeyEndpoint, ProviderKey};
use tempfile::TempDir;

use crate::{
    envoy::question,
    process::{SERVER_CORE, Server},
    report::Report,
    requests::{call, post},
    series::{Plan, Side, alternate, charged},
    service::{self, Service},
    targets::expect,
    tokens::{SCOPE, token},
    tools::h2load,
};

/// The request for a token, and for the scopes that are in it.
type Question = Box<dyn Fn(&str, &str) -> Vec<u8>>;

/// A service that decides about a call of `get_weather`.
pub struct Peer {
    name: &'static str,
    /// All servers that a decision needs. Requests go to the first.
    servers: Vec<Server>,
    request: Question,
    /// Status and text of a permit.
    allow: (u16, &'static str),
    /// Status and text of a denial, unless the peer permits everything.
    deny: Option<(u16, &'static str)>,
    _folder: TempDir,
}

impl Peer {
    /// Checks its decisions for a token that grants the call, and for another that does not.
    fn check(&self, key: &ProviderKey) {
        for (scope, expected) in [(SCOPE, Some(self.allow)), (NARROW, self.deny)] {
            let Some((status, text)) = expected else {
                continue;
            };
            let request = (self.request)(&token(key, 7, scope), scope);
            let answer = expect(&self.servers[0], status, &request);
            assert!(answer.contains(text), "{}: {answer}", self.name);
        }
    }
}

/// Measures all peers with tokens of both algorithms.
pub fn measure(plan: Plan, report: &mut Report) {
    let keys = ["ES256", "RS256"].map(|name| (name, ProviderKey::generate(name, name)));
    let document = json!({"keys": keys.each_ref().map(|(_, key)| key.jwk())}).to_string();
    let endpoint = KeyEndpoint::start(&[&keys[0].1, &keys[1].1]);
    let start = || Service::start(SERVER_CORE, 1, "", &service::usual(&endpoint.url));
    let (over_grpc, behind_envoy) = (start(), start());
    let grpc_port = behind_envoy.grpc_port;
    let peers = [
        scopegate(start()),
        proxies::plain(),
        proxies::jwt_rbac(
            "Envoy, `jwt_authn` with its cache and `rbac`",
            &document,
            true,
        ),
        proxies::jwt_rbac(
            "Envoy, `jwt_authn` without a cache and `rbac`",
            &document,
            false,
        ),
        proxies::ext_authz(behind_envoy.server, grpc_port),
        engines::cerbos(&document),
        engines::cerbos_authzen(&document),
        engines::opa(&document),
        engines::cedar_agent(),
    ];
    for (name, key) in &keys {
        let token = token(key, 1, SCOPE);
        let check = question(Some(&token), &call("get_weather", 1024));
        let requests = peers.each_ref().map(|peer| (peer.request)(&token, SCOPE));
        let servers = peers
            .each_ref()
            .map(|peer| peer.servers.iter().collect::<Vec<_>>());
        let mut sides = vec![Side::new("scopegate, gRPC `Check`", || {
            charged(&[&over_grpc.server], || {
                h2load(over_grpc.grpc_port, &check, plan.duration)
            })
        })];
        for ((peer, request), servers) in peers.iter().zip(&requests).zip(&servers) {
            peer.check(key);
            sides.push(Side::http(peer.name, servers, request, peer.allow.0, plan));
        }
        report.peers.push((
            format!("{name} tokens, seen before"),
            alternate(plan, sides),
        ));
    }
}

fn scopegate(service: Service) -> Peer {
    Peer {
        name: "scopegate, HTTP",
        servers: vec![service.server],
        request: Box::new(|token, _| post("/mcp", token, &call("get_weather", 1024))),
        allow: (200, "x-auth-subject: user-00000007"),
        deny: Some((403, "insufficient_scope")),
        _folder: service.folder,
    }
}

/// The scope that permits only the connection.
const NARROW: &str = "mcp:connect";
