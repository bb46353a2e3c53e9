//! The whole way of a request but for sockets and HTTP: what a listener calls for each request, called directly.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each bench uses a part of it, and one that cannot go on shall stop"
)]

use std::{borrow::Cow, path::Path, sync::Arc};

use actix::SystemRunner;
use bytes::Bytes;
use futures_util::FutureExt;
use prometheus::Registry;
use scopegate::{
    admission::Admission,
    app::Core,
    clock::SystemClock,
    config::{self, Environment},
    domain::{
        Body, Call, CheckRequest, Dialect, Field, GatewayRequest, Message, Named, Operation, Query, Selector,
    },
    gateway::{
        AUTH_REQUEST, HeaderSource, Incoming, Reply,
        ext_authz_grpc::{self, CheckMessage},
    },
    keys::{Algorithm, SecretKey, SecretSettings},
    token::{NewClaims, mint},
};

const SECRET: &str = "an-example-secret-of-thirty-two-bytes!";

/// A policy in force, and what decides by it.
pub(crate) struct Driver {
    pub(crate) state: Arc<Admission>,
    pub(crate) registry: Registry,
    system: SystemRunner,
}

/// The same for many threads; its actors live as long as the process.
pub(crate) struct Shared(Arc<Admission>);

/// One request as nginx shows it.
pub(crate) struct Shown {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// The response of an MCP server's stream is opened by a GET.
pub(crate) fn method(body: &str) -> &'static str {
    if body.is_empty() { "GET" } else { "POST" }
}

impl Driver {
    /// Loads `yaml`.
    pub(crate) fn start(yaml: &str) -> Self {
        let system = actix::System::new();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, yaml).unwrap();
        let load = move || config::load(Path::new(&file), &Environment::default());
        let core = Core::start(Box::new(load), Arc::new(SystemClock::default())).unwrap();
        let state = Arc::new(Admission::new(core.authorizer, 10_000, 4 << 20, Arc::default()));

        Self { state, registry: core.registry, system }
    }

    /// Decides as the handler of `/authorize` does.
    pub(crate) fn ask(&self, shown: &Shown) -> Reply {
        ask(&self.state, shown)
    }

    /// For threads.
    pub(crate) fn share(self) -> Shared {
        std::mem::forget(self.system);
        Shared(self.state)
    }
}

impl Shared {
    /// Decides as the handler of `/authorize` does.
    pub(crate) fn ask(&self, shown: &Shown) -> Reply {
        ask(&self.0, shown)
    }
}

/// Decides as the handler of `/authorize` does.
pub(crate) fn ask(state: &Admission, shown: &Shown) -> Reply {
    let _request_guard = state.enter(AUTH_REQUEST.dialect).unwrap();
    let mut body_guard = state.body_guard();
    assert!(body_guard.grow(shown.body.len()));
    let body = if shown.body.is_empty() { Body::Absent } else { Body::Whole(&shown.body) };
    let asked = Incoming { method: "POST", target: "/authorize?resource=mcp", headers: shown, body };
    let read = (AUTH_REQUEST.read)(&asked);
    let checked = state.check(AUTH_REQUEST.dialect, &read).now_or_never().unwrap();
    (AUTH_REQUEST.write)(&checked, read.as_ref().ok())
}

impl Shown {
    pub(crate) fn new(token: Option<&str>, body: &str) -> Self {
        let mut headers = vec![
            ("host", "scopegate".to_owned()),
            ("x-original-method", method(body).to_owned()),
            ("x-original-uri", "/mcp".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
            ("user-agent", "an-mcp-client/1.0".to_owned()),
            ("mcp-protocol-version", "2025-06-18".to_owned()),
        ];
        headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
        Self { headers, body: body.as_bytes().to_vec() }
    }
}

impl HeaderSource for Shown {
    fn field(&self, name: &'static str) -> Field<'_> {
        let named = self.headers.iter().filter(|(known, _)| *known == name);
        Field::of(named.map(|(_, value)| value.as_bytes()))
    }
}

/// A token of about 800 bytes.
pub(crate) fn token(scope: &str, number: usize) -> String {
    let claims = NewClaims {
        issuer: Some("https://auth.example.com".to_owned()),
        subject: "2b0e0d58-7f0a-4d83-9f39-0f6f1d2f5a11".to_owned(),
        audience: Some("https://mcp.example.com/mcp".to_owned()),
        client_id: "an-mcp-client".to_owned(),
        scope: scope.to_owned(),
        issued_at: 1_767_225_600,
        expires_at: 4_000_000_000,
        token_id: format!("{number:0250}"),
    };
    let secret = SecretSettings {
        secret: SecretKey::new(SECRET.as_bytes()),
        algorithm: Algorithm::Hs256,
        key_id: "k1".to_owned(),
    };
    mint(&secret, &claims).unwrap()
}

/// A request that is denied with a full challenge.
pub(crate) fn deny(status: &str) -> Shown {
    match status {
        "401" => Shown::new(None, &call("echo")),
        _ => Shown::new(Some(&token(SCOPES, 1)), &call("delete_all")),
    }
}

/// Decides about a message of Envoy as the gRPC service does; the answer as it is sent.
pub(crate) fn check(shared: &Shared, message: &Bytes) -> Vec<u8> {
    let state = &shared.0;
    let _request_guard = state.enter(Dialect::ExtAuthzGrpc).unwrap();
    let message = CheckMessage::read(message.clone()).unwrap();
    let mut body_guard = state.body_guard();
    assert!(body_guard.grow(message.body_len()));
    let read = ext_authz_grpc::read(&message, 4 << 20);
    let checked = state.check(Dialect::ExtAuthzGrpc, &read).now_or_never().unwrap();
    let mut wire = Vec::with_capacity(1024);
    ext_authz_grpc::write(&checked, read.as_ref().ok()).write(&mut wire).unwrap();
    wire
}

/// A `CheckRequest` with the headers that Envoy usually sends.
pub(crate) fn check_message(token: &str, body: &str) -> Bytes {
    let entry =
        |name: &str, value: &str| field(3, &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat());
    let bearer = format!("Bearer {token}");
    let headers = [
        (":authority", "mcp.example.com"),
        (":method", "POST"),
        (":path", "/mcp"),
        (":scheme", "https"),
        ("accept", "application/json, text/event-stream"),
        ("authorization", &bearer),
        ("content-length", "1024"),
        ("content-type", "application/json"),
        ("mcp-protocol-version", "2025-06-18"),
        ("user-agent", "an-mcp-client/1.0"),
        ("x-envoy-auth-partial-body", "false"),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "5b2b1a5e-8c0e-4b6a-9a43-2d1c7a0d7a11"),
    ];
    let headers: Vec<u8> = headers.iter().flat_map(|(name, value)| entry(name, value)).collect();
    let parts = [
        field(2, b"POST"),
        headers,
        field(4, b"/mcp"),
        field(5, b"mcp.example.com"),
        field(12, body.as_bytes()),
    ];
    let http = field(2, &parts.concat());
    let extension = field(10, &[field(1, b"resource"), field(2, b"mcp")].concat());
    field(1, &[field(4, &http), extension].concat()).into()
}

/// One length-delimited field of a protobuf message.
fn field(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(value.len() + 8);
    prost::encoding::encode_key(tag, prost::encoding::WireType::LengthDelimited, &mut wire);
    prost::encoding::encode_varint(value.len() as u64, &mut wire);
    wire.extend_from_slice(value);
    wire
}

/// A call of a tool as an operation.
pub(crate) fn tool_call(name: &'static str) -> Operation<'static> {
    Operation::Single(Message::Request(Call {
        method: Cow::Borrowed("tools/call"),
        is_known: true,
        named: Named::Tool(Cow::Borrowed(name)),
        query: Query::NotShown,
    }))
}

/// A `tools/call` of 1 KiB.
pub(crate) fn call(tool: &str) -> String {
    call_of(tool, 1024)
}

/// A `tools/call` of so many bytes, or the fewest that it can have.
pub(crate) fn call_of(tool: &str, bytes: usize) -> String {
    let head = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"text":""#
    );
    let tail = r#"","limit":10,"filters":[{"field":"a","value":1},{"field":"b","value":2}]}}}"#;
    let fill = "x".repeat(bytes.saturating_sub(head.len() + tail.len()));
    format!("{head}{fill}{tail}")
}

/// A resource with a level for everything and so many entries for tools, half of them globs, of which one of fifty
/// begins with its `*`.
pub(crate) fn config(tools: usize) -> String {
    let entry = |n: usize| {
        let (before, after) = match n % 100 {
            99 => ("*-", ""),
            n if n % 2 == 1 => ("", "-*"),
            _ => ("", ""),
        };
        format!("        '{before}tool-{n}{after}': ['mcp:tools:t{}']\n", n % 50)
    };
    let tools: String = (0..tools).map(entry).collect();
    format!(
        "mcp:
  enabled: true
  server:
    base_url: 'https://mcp.example.com'
  oauth:
    enabled: true
    authorization_server_url: 'https://auth.example.com'
    scopes:
      initialize: ['mcp:connect']
      tools_list: ['mcp:tools:read']
      tools_call: ['mcp:tools:execute']
      tools:
        'delete_*': ['mcp:tools:delete']
{tools}    jwks:
      - secret: '{SECRET}'
        symmetric_algorithm: 'HS256'
        header_key_id: 'k1'
"
    )
}

pub(crate) const SCOPES: &str = "mcp:connect mcp:tools:read mcp:tools:execute";

/// A POST of a body, as nginx shows it.
pub(crate) fn check_request(body: Body<'_>) -> CheckRequest<'_> {
    CheckRequest {
        dialect: Dialect::AuthRequest,
        selector: Selector::Sole,
        http_method: "POST",
        target: "/mcp",
        authorization: Field::Absent,
        origin: Field::Absent,
        access_control_request_method: Field::Absent,
        traceparent: Field::Absent,
        tracestate: Field::Absent,
        content_type: Field::Absent,
        content_encoding: Field::Absent,
        protocol_version: Field::Absent,
        mcp_method: Field::Absent,
        mcp_name: Field::Absent,
        body,
        asked_by: GatewayRequest { method: "POST", target: "/authorize" },
    }
}
