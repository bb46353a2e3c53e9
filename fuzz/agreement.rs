//! Cases with a known outcome, for service and model. They find a model that permits too much,
//! which the other targets would miss.

use support::{SECRET, SigningKey};

use crate::{
    draw::Draw,
    model::{
        self, Request,
        policy::{Groups, Policy},
    },
    policies,
    service::Service,
};

#[test]
fn service_and_model_agree_on_the_written_cases() {
    let mut protected = policies::drawn(0, &mut Draw::of(0));
    protected.facts.policy = policy();
    protected.facts.trust_mcp_headers = true;
    let all = [protected];
    let service = Service::start(&policies::document(&all), NOW);
    let mut wrong = Vec::new();
    for (scopes, body, expected) in CASES {
        let mut request = post(scopes, body);
        if body.is_empty() {
            request
                .headers
                .extend(MIRRORED.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
        }
        let decided = service.permits(&all[0].id, &request);
        let model = model::permits(&all[0].facts, &request, NOW);
        if decided.is_ok() != *expected || model.is_ok() != *expected {
            wrong.push(format!(
                "{scopes} {body}: service {decided:?}, model {model:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn post(scopes: &str, body: &str) -> Request {
    let claims = serde_json::json!({
        "iss": "https://auth.example.com", "aud": "https://mcp.example.com/r0/mcp", "exp": NOW + 60, "scope": scopes,
    });
    let signer = SigningKey::secret(SECRET);
    let token = signer.token(r#"{"alg":"HS256","kid":"k1"}"#, &claims.to_string());
    Request {
        method: "POST".to_owned(),
        target: "/r0/mcp".to_owned(),
        headers: vec![(
            "authorization".to_owned(),
            format!("Bearer {token}").into_bytes(),
        )],
        body: body.as_bytes().to_vec(),
    }
}

fn policy() -> Policy {
    let groups = |groups: &[&[&str]]| -> Groups {
        groups
            .iter()
            .map(|group| group.iter().map(|&scope| scope.to_owned()).collect())
            .collect()
    };
    Policy {
        initialize: groups(&[&["connect"]]),
        tools_list: groups(&[&["list"]]),
        tools_call: groups(&[&["call"]]),
        methods: vec![("vendor/*".to_owned(), groups(&[&["extra"]]))],
        tools: vec![
            (
                "admin-*".to_owned(),
                groups(&[&["admin"], &["root", "list"]]),
            ),
            ("*-reset".to_owned(), groups(&[&["write"]])),
        ],
        resources: vec![("file:///secret/*".to_owned(), groups(&[&["read"]]))],
        implies: vec![("root".to_owned(), vec!["connect".to_owned()])],
        ..Policy::default()
    }
}

/// The scopes of the token, the body, and whether the request may pass. Without a body the headers
/// of [`MIRRORED`] are sent.
const CASES: &[(&str, &str, bool)] = &[
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
        true,
    ),
    ("root", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, true),
    ("", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, false),
    (
        "connect",
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        true,
    ),
    ("connect", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, true),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
        false,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
        false,
    ),
    (
        "connect list",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
        true,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/unheard"}"#,
        false,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#,
        false,
    ),
    (
        "connect extra",
        r#"{"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#,
        true,
    ),
    (
        "connect call",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#,
        true,
    ),
    (
        "connect call",
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"admin-x"}}"#,
        false,
    ),
    (
        "connect call",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"n\u0061me":"admin-x"}}"#,
        false,
    ),
    (
        "connect call admin",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-x"}}"#,
        true,
    ),
    (
        "connect call root",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-x"}}"#,
        false,
    ),
    (
        "call root list",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-x"}}"#,
        true,
    ),
    (
        "connect call admin",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-reset"}}"#,
        false,
    ),
    (
        "connect call admin write",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"admin-reset"}}"#,
        true,
    ),
    (
        "connect call",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"a"}}"#,
        false,
    ),
    (
        "connect call",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"a"}}"#,
        false,
    ),
    (
        "connect call",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"Name":1,"x":"\ud800","n":1e999}}}"#,
        true,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a"}}"#,
        true,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///secret/a"}}"#,
        false,
    ),
    (
        "connect read",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///secret/a"}}"#,
        true,
    ),
    (
        "connect read",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a/../secret/a"}}"#,
        false,
    ),
    (
        "connect read",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///%73ecret/a"}}"#,
        false,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"file:///secret/a"}}}"#,
        false,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["file:///a","file:///secret/a"]}}}"#,
        false,
    ),
    (
        "connect list",
        r#"[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
        true,
    ),
    (
        "connect",
        r#"[{"jsonrpc":"2.0","id":2,"method":"ping"},{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#,
        false,
    ),
    ("connect", "[]", false),
    (
        "connect",
        "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        false,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#,
        false,
    ),
    (
        "connect",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
        false,
    ),
    ("connect", r#"{"id":1,"method":"ping"}"#, false),
    ("connect call", "", false),
    ("connect call admin", "", true),
];

const MIRRORED: [(&str, &str); 3] = [
    ("mcp-protocol-version", "2026-07-28"),
    ("mcp-method", "tools/call"),
    ("mcp-name", "=?base64?YWRtaW4teA==?="),
];

const NOW: i64 = 1_767_225_600;
