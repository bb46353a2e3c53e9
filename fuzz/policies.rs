//! Protected resources: the facts for the model, and the same facts as a configuration for the
//! service.

use serde_json::{Map, Value, json};
use support::SECRET;

use crate::{
    draw::Draw,
    model::{
        Facts,
        policy::{Entries, Groups, Policy},
        token::{IssuerRule, Key, Source, TokenRules},
    },
    verifies::hmac_verifies,
};

/// One resource.
pub(crate) struct Protected {
    pub(crate) id: String,
    pub(crate) audience: String,
    pub(crate) facts: Facts,
}

/// Some resources with special settings, then many with random policies. They are the same in each
/// run.
pub(crate) fn all() -> Vec<Protected> {
    let mut all: Vec<Protected> = (0..40)
        .map(|index| drawn(index, &mut Draw::of(index)))
        .collect();
    all[0].facts.policy = Policy {
        unknown_operation_is_connect: true,
        ..connect_only()
    };
    all[1].facts.policy.only_reports = true;
    all[2].facts.policy.denies_unlisted = true;
    all[3].facts.trust_mcp_headers = true;
    all[4].facts.allowed_origins = Some(vec!["https://page.example".to_owned()]);
    all
}

fn connect_only() -> Policy {
    Policy {
        initialize: vec![vec!["connect".to_owned()]],
        ..Policy::default()
    }
}

/// A resource whose path and audience have its index.
pub(crate) fn drawn(index: u64, draw: &mut Draw) -> Protected {
    let path = format!("/r{index}/mcp");
    let audience = format!("https://mcp.example.com{path}");
    let facts = Facts {
        extra_paths: if draw.chance(30) {
            vec![format!("/r{index}/sse")]
        } else {
            Vec::new()
        },
        path,
        allowed_origins: None,
        trust_mcp_headers: draw.chance(40),
        policy: policy(draw),
        tokens: TokenRules {
            sources: vec![Source {
                keys: vec![Key {
                    kid: Some("k1".to_owned()),
                    alg: "HS256",
                    verifies: hmac_verifies(SECRET.as_bytes()),
                }],
                issuer: IssuerRule::AbsentOrOneOf(vec!["https://auth.example.com".to_owned()]),
                audiences: vec![audience.clone()],
                leeway_seconds: 30,
                demands_at_jwt: false,
            }],
            scope_claims: vec!["scope".to_owned(), "scp".to_owned()],
        },
    };
    Protected {
        id: format!("r{index}"),
        audience,
        facts,
    }
}

fn policy(draw: &mut Draw) -> Policy {
    Policy {
        initialize: groups(draw),
        tools_list: groups(draw),
        tools_call: groups(draw),
        methods: entries(draw, &METHOD_PATTERNS),
        tools: entries(draw, &TOOL_PATTERNS),
        prompts: entries(draw, &PROMPT_PATTERNS),
        resources: entries(draw, &URI_PATTERNS),
        implies: if draw.chance(40) {
            vec![
                ("root".to_owned(), vec!["admin".to_owned()]),
                (
                    "admin".to_owned(),
                    vec!["write".to_owned(), "read".to_owned()],
                ),
            ]
        } else {
            Vec::new()
        },
        unknown_method_is_connect: draw.chance(30),
        unknown_operation_is_connect: false,
        denies_unlisted: draw.chance(30),
        only_reports: false,
    }
}

fn groups(draw: &mut Draw) -> Groups {
    let count = draw.pick(&[&0, &0, &1, &1, &1, &2, &3]);
    (0..*count)
        .map(|_| {
            (0..=draw.below(2))
                .map(|_| draw.pick(&SCOPES).to_owned())
                .collect()
        })
        .collect()
}

fn entries(draw: &mut Draw, patterns: &[&str]) -> Entries {
    let mut chosen: Vec<&str> = patterns.to_vec();
    chosen.retain(|_| draw.chance(40));
    chosen
        .into_iter()
        .map(|pattern| (pattern.to_owned(), groups(draw)))
        .collect()
}

/// The configuration file, in JSON, which is YAML too.
pub(crate) fn document(all: &[Protected]) -> String {
    json!({"resources": all.iter().map(resource).collect::<Vec<_>>()}).to_string()
}

fn resource(protected: &Protected) -> Value {
    let Facts {
        path,
        extra_paths,
        allowed_origins,
        trust_mcp_headers,
        policy,
        ..
    } = &protected.facts;
    let mut oauth = json!({
        "enabled": true,
        "authorization_server_url": "https://auth.example.com",
        "trust_mcp_headers": trust_mcp_headers,
        "unknown_methods": if policy.unknown_method_is_connect { "initialize" } else { "deny" },
        "unknown_operation": if policy.unknown_operation_is_connect { "initialize" } else { "deny" },
        "unlisted": if policy.denies_unlisted { "deny" } else { "level" },
        "mode": if policy.only_reports { "report" } else { "enforce" },
        "scopes": {
            "initialize": policy.initialize, "tools_list": policy.tools_list, "tools_call": policy.tools_call,
            "methods": named(&policy.methods), "tools": named(&policy.tools),
            "prompts": named(&policy.prompts), "resources": named(&policy.resources),
            "implies": policy.implies.iter().cloned().map(|(k, v)| (k, json!(v))).collect::<Map<_, _>>(),
        },
        "jwks": [{"secret": SECRET, "symmetric_algorithm": "HS256", "header_key_id": "k1"}],
    });
    if let Some(origins) = allowed_origins {
        oauth["allowed_origins"] = json!(origins);
    }
    let server =
        json!({"base_url": "https://mcp.example.com", "path": path, "extra_paths": extra_paths});
    json!({"id": protected.id, "server": server, "oauth": oauth})
}

fn named(entries: &Entries) -> Value {
    Value::Object(
        entries
            .iter()
            .map(|(name, groups)| (name.clone(), json!(groups)))
            .collect(),
    )
}

pub(crate) const SCOPES: [&str; 8] = [
    "connect", "list", "call", "read", "write", "admin", "root", "extra",
];

const METHOD_PATTERNS: [&str; 7] = [
    "vendor/*",
    "vendor/x",
    "resources/read",
    "resources/*",
    "prompts/*",
    "ping",
    "tasks/*",
];
const TOOL_PATTERNS: [&str; 6] = ["echo", "admin-*", "*_user", "delete_*", "*", "é*"];
const PROMPT_PATTERNS: [&str; 3] = ["greet", "greet*", "sec*t"];
const URI_PATTERNS: [&str; 5] = [
    "file:///*",
    "file:///secret/*",
    "https://h/p?q=1",
    "note:*",
    "*",
];
