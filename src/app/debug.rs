//! What the debug pages show: the compiled policy, and the key sources without their keys.

use std::sync::Arc;

use serde_json::{Value, json};

use super::health::trouble;
use crate::{
    clock::SharedClock,
    http::DebugPages,
    policy::{PolicyHandle, PolicySnapshot},
};

pub(super) fn pages(policy: &PolicyHandle, clock: &SharedClock, hosts: Vec<String>) -> DebugPages {
    let (for_policy, for_keys, clock) = (policy.clone(), policy.clone(), Arc::clone(clock));
    DebugPages {
        hosts,
        policy: Arc::new(move || policy_page(&for_policy.snapshot())),
        keys: Arc::new(move || keys_page(&for_keys.snapshot(), &clock)),
    }
}

fn policy_page(snapshot: &PolicySnapshot) -> Value {
    let resources = snapshot.resources().iter().map(|resource| {
        json!({
            "id": resource.id().as_str(),
            "resource": resource.settings().identifier,
            "path": resource.settings().path,
            "enforced": resource.policy().is_some(),
            "operations": resource.policy().map(|policy| policy.table().rows()),
        })
    });
    json!({"version": snapshot.version(), "resources": resources.collect::<Vec<_>>()})
}

fn keys_page(snapshot: &PolicySnapshot, clock: &SharedClock) -> Value {
    let now = clock.uptime();
    let mut sources = Vec::new();
    for resource in snapshot.resources() {
        for source in resource.policy().map(|policy| policy.tokens().sources()).unwrap_or_default() {
            let keys = source.keys.snapshot();
            sources.push(json!({
                "resource": resource.id().as_str(),
                "source": source.name,
                "issuer": keys.issuer.as_ref().map(|issuer| issuer.as_str().to_owned()),
                "generation": keys.generation,
                "age_seconds": keys.last_success.map(|at| now.saturating_sub(at).as_secs()),
                "usable": keys.is_usable(now),
                "trouble": trouble(&keys, now),
                "keys": keys.keys.iter().map(|key| json!({
                    "kid": key.kid(),
                    "alg": key.algorithm().name(),
                })).collect::<Vec<_>>(),
                "skipped": keys.skipped.iter().map(|key| json!({
                    "kid": key.kid,
                    "cause": key.cause.to_string(),
                })).collect::<Vec<_>>(),
            }));
        }
    }
    json!({"sources": sources})
}
