//! The configuration, the issuer and the secret that most tests have in common.

/// A secret that configurations of tests share with their tokens.
pub const SECRET: &str = "an-example-secret-of-thirty-two-bytes!";

/// The `kid` of [`SECRET`] in [`CONFIG`].
pub const KEY_ID: &str = "k1";

/// The issuer in [`CONFIG`].
pub const ISSUER: &str = "https://auth.example.com";

/// The audience of the resource of [`CONFIG`].
pub const AUDIENCE: &str = "https://mcp.example.com/mcp";

/// 2026-01-01T00:00:00Z in seconds since 1970: the time of fixed clocks in tests.
pub const NOW: i64 = 1_767_225_600;

/// One resource, with a level for every kind of operation.
pub const CONFIG: &str = r#"
mcp:
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
        'admin-*': [['mcp:admin'], ['mcp:root', 'mcp:tools:read']]
    jwks:
      - secret: 'an-example-secret-of-thirty-two-bytes!'
        symmetric_algorithm: 'HS256'
        header_key_id: 'k1'
"#;

/// The entry for tools in [`CONFIG`], for tests that replace it.
pub(crate) const TOOL_ENTRY: &str =
    "        'admin-*': [['mcp:admin'], ['mcp:root', 'mcp:tools:read']]\n";

/// A JSON-RPC request.
#[must_use]
pub fn call(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}
