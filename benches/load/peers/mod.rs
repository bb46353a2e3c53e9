//! scopegate beside its peers: the same tokens, the nearest same policy, everything of one side on one core.

mod engines;
mod proxies;

use scopegate::keys::Algorithm;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    envoy::question,
    process::{SERVER_CORE, Server},
    report::Report,
    requests::{call, post},
    series::{Plan, Side, alternate, charged},
    service::{self, Service},
    targets::expect,
    tokens::{SCOPE, SigningKey},
    tools::h2load,
};

/// The request for a token, and for the scopes that are in it.
type Question = Box<dyn Fn(&str, &str) -> Vec<u8>>;

/// A service that decides about a call of `get_weather`.
pub struct Peer {
    name: &'static str,
    /// All that the decision takes; the first is asked.
    servers: Vec<Server>,
    request: Question,
    /// Status and text of an allow.
    allow: (u16, &'static str),
    /// Of a deny; one that checks nothing has none.
    deny: Option<(u16, &'static str)>,
    _folder: TempDir,
}

impl Peer {
    /// It must be right about a token that grants the call, and about one that does not.
    fn check(&self, key: &SigningKey) {
        for (scope, expected) in [(SCOPE, Some(self.allow)), (NARROW, self.deny)] {
            let Some((status, text)) = expected else { continue };
            let request = (self.request)(&key.token(7, scope), scope);
            let answer = expect(&self.servers[0], status, &request);
            assert!(answer.contains(text), "{}: {answer}", self.name);
        }
    }
}

/// Measures all of them with tokens of both algorithms.
pub fn measure(plan: Plan, report: &mut Report) {
    let keys = [("ES256", Algorithm::Es256), ("RS256", Algorithm::Rs256)]
        .map(|(name, algorithm)| (name, SigningKey::generate(name, algorithm)));
    let document = json!({"keys": keys.each_ref().map(|(_, key)| key.jwk())}).to_string();
    let endpoint = crate::keys::KeyEndpoint::start(&[&keys[0].1, &keys[1].1]);
    let start = || Service::start(SERVER_CORE, 1, "", &service::usual(&endpoint.url));
    let (over_grpc, behind_envoy) = (start(), start());
    let grpc_port = behind_envoy.grpc_port;
    let peers = [
        scopegate(start()),
        proxies::plain(),
        proxies::jwt_rbac("Envoy, `jwt_authn` with its cache and `rbac`", &document, true),
        proxies::jwt_rbac("Envoy, `jwt_authn` without a cache and `rbac`", &document, false),
        proxies::ext_authz(behind_envoy.server, grpc_port),
        engines::cerbos(&document),
        engines::cerbos_authzen(&document),
        engines::opa(&document),
        engines::cedar_agent(),
    ];
    for (name, key) in &keys {
        let token = key.token(1, SCOPE);
        let check = question(Some(&token), &call("get_weather", 1024));
        let requests = peers.each_ref().map(|peer| (peer.request)(&token, SCOPE));
        let servers = peers.each_ref().map(|peer| peer.servers.iter().collect::<Vec<_>>());
        let mut sides = vec![Side::new("scopegate, gRPC `Check`", || {
            charged(&[&over_grpc.server], || h2load(over_grpc.grpc_port, &check, plan.duration))
        })];
        for ((peer, request), servers) in peers.iter().zip(&requests).zip(&servers) {
            peer.check(key);
            sides.push(Side::http(peer.name, servers, request, peer.allow.0, plan));
        }
        report.peers.push((format!("{name} tokens, seen before"), alternate(plan, sides)));
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

/// Connects, and no more.
const NARROW: &str = "mcp:connect";
