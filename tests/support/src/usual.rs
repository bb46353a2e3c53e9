//! A policy, tokens and requests of the usual size, for measurements.

use crate::{CONFIG, Claims, claims, fixture::TOOL_ENTRY, protobuf::Message, token_of};

/// Scopes for most of the calls, but not for `delete_all`.
pub const SCOPES: &str = "mcp:connect mcp:tools:read mcp:tools:execute";

/// A resource with a level for every kind of operation and this many entries for tools. Half of the
/// entries are globs. One glob of fifty begins with its `*`.
#[must_use]
pub fn config(tools: usize) -> String {
    let entry = |n: usize| {
        let (before, after) = match n % 100 {
            99 => ("*-", ""),
            n if n % 2 == 1 => ("", "-*"),
            _ => ("", ""),
        };
        format!(
            "        '{before}tool-{n}{after}': ['mcp:tools:t{}']\n",
            n % 50
        )
    };
    let tools: String = (0..tools).map(entry).collect();
    let entries = format!("        'delete_*': ['mcp:tools:delete']\n{tools}");
    CONFIG.trim_start().replace(TOOL_ENTRY, &entries)
}

/// A token of about 800 bytes that does not expire. `number` makes it differ from others.
#[must_use]
pub fn token(scope: &str, number: usize) -> String {
    token_of(&lasting_claims(scope, number))
}

/// The claims of [`token`].
#[must_use]
pub fn lasting_claims(scope: &str, number: usize) -> Claims {
    Claims {
        subject: "2b0e0d58-7f0a-4d83-9f39-0f6f1d2f5a11".to_owned(),
        client_id: "an-mcp-client".to_owned(),
        expires_at: 4_000_000_000,
        token_id: format!("{number:0250}"),
        ..claims(scope)
    }
}

/// A `tools/call` of 1 KiB.
#[must_use]
pub fn call(tool: &str) -> String {
    call_of(tool, 1024)
}

/// A `tools/call` of this many bytes, or of the smallest possible size.
#[must_use]
pub fn call_of(tool: &str, bytes: usize) -> String {
    let head = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"text":""#
    );
    let tail = r#"","limit":10,"filters":[{"field":"a","value":1},{"field":"b","value":2}]}}}"#;
    let fill = "x".repeat(bytes.saturating_sub(head.len() + tail.len()));
    format!("{head}{fill}{tail}")
}

/// A `CheckRequest` with the headers that Envoy usually sends, as bytes.
#[must_use]
pub fn check_message(token: &str, body: &str) -> Vec<u8> {
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
    let http = Message::default().bytes(2, "POST");
    let http = headers
        .iter()
        .fold(http, |http, (name, value)| http.entry(3, name, value));
    let http = http
        .bytes(4, "/mcp")
        .bytes(5, "mcp.example.com")
        .bytes(12, body);
    let request = Message::default().bytes(2, http.0);
    let attributes = Message::default()
        .bytes(4, request.0)
        .entry(10, "resource", "mcp");
    Message::default().bytes(1, attributes.0).0
}
