//! The mistakes of a first hour, each with its whole message: position, line and what to write.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::config::{Environment, load};

/// nginx in front of one server, keys from Keycloak.
const A: &str = "\
mcp:
  enabled: true
  server:
    base_url: 'https://mcp.example.com'
  oauth:
    enabled: true
    authorization_server_url: 'https://auth.example.com/realms/main'
    scopes:
      initialize: ['mcp:connect']
      tools_list: ['mcp:read']
      tools_call: ['mcp:call']
      tools:
        'delete_*': ['tools:delete']
    jwks:
      - url: 'https://auth.example.com/realms/main/protocol/openid-connect/certs'
server:
  listen_addr: '127.0.0.1:23025'
";

/// Several servers and two providers.
const B: &str = "\
server:
  listen_addr: '127.0.0.1:23025'
  grpc_listen_addr: '127.0.0.1:29191'
  max_body_bytes: 4 MiB
resources:
  - id: 'search'
    server: { base_url: 'https://mcp.example.com', path: '/search/mcp' }
    oauth:
      enabled: true
      authorization_server_url: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0'
      jwks:
        - url: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys'
          issuer: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0'
          audiences: ['api://search']
          algorithms: ['RS256']
  - id: 'files'
    server:
      base_url: 'https://mcp.example.com'
      path: '/files/mcp'
    oauth:
      enabled: true
      authorization_server_url: 'https://id.example.com'
      authorization_server_urls: ['https://login.example.com']
      scopes:
        tools_call: ['files:read']
        implies: { 'files:admin': ['files:read'] }
      unlisted: 'deny'
      jwks:
        - url: 'https://id.example.com/.well-known/openid-configuration'
";

/// A laptop with a shared secret.
const C: &str = "\
mcp:
  enabled: true
  server:
    base_url: 'http://localhost:8080'
  oauth:
    enabled: true
    mode: 'report'
    authorization_server_url: 'http://localhost:8080'
    scopes:
      initialize: ['mcp:connect']
    jwks:
      - secret: '${MCP_SECRET}'
        symmetric_algorithm: 'HS256'
        header_key_id: 'laptop'
        accept_any_audience: true
server:
  log:
    level: 'warn'
";

const CASES: &str = include_str!("first_hour.txt");

/// One mistake: the configuration, the change that makes it, and the output.
struct Case<'a> {
    title: &'a str,
    lines: Vec<&'a str>,
    told: Vec<&'a str>,
}

fn cases() -> (&'static str, Vec<Case<'static>>) {
    let mut parts = CASES.split("\n=== ");
    let head = parts.next().unwrap();
    let case = |part: &'static str| {
        let mut lines = part.lines().filter(|line| !line.is_empty());
        let title = lines.next().unwrap();
        let (told, lines) = lines.partition(|line| line.starts_with('>'));
        Case { title, lines, told }
    };
    (head, parts.map(case).collect())
}

impl Case<'_> {
    fn marked(&self, mark: char) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter_map(move |line| line.strip_prefix(mark))
    }

    fn text(&self) -> String {
        let job = match self.title.split_at(1).0 {
            "a" => A,
            "b" => B,
            _ => C,
        };
        let joined = |mark| {
            self.marked(mark)
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        };
        let (old, new) = (format!("\n{}", joined('-')), format!("\n{}", joined('+')));
        let job = format!("\n{job}");
        assert!(job.contains(&old), "{}", self.title);
        job.replacen(&old, &new, 1).split_off(1)
    }

    fn file(&self, folder: &Path) -> PathBuf {
        let file = folder.join("scopegate.yaml");
        let text = self.text();
        let bytes = match self.marked('!').next().map(str::trim) {
            None => text.into_bytes(),
            Some("crlf") => text.replace('\n', "\r\n").into_bytes(),
            Some("bom") => format!("\u{feff}{text}").into_bytes(),
            Some("utf-16") => [0xfeff]
                .into_iter()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
            Some("latin-1") => text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect(),
            Some("json") => {
                b"{\"mcp\": {\"enabled\": true, \"oauth\": {\"enabled\": false,},},}".to_vec()
            }
            Some("empty") => Vec::new(),
            Some("folder") => return folder.to_owned(),
            Some("absent") => return file,
            Some(other) => panic!("{other}"),
        };
        fs::write(&file, bytes).unwrap();
        file
    }

    fn environment(&self) -> Environment {
        let mut variables = vec![("MCP_SECRET", "0123456789abcdef0123456789abcdef")];
        for variable in self.marked('$').map(str::trim) {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            variables.retain(|(earlier, _)| *earlier != name);
            variables.extend(variable.contains('=').then_some((name, value)));
        }
        variables.into_iter().collect()
    }

    /// The output of `scopegate check`, without the policy.
    fn printed(&self) -> String {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("empty.txt"), "").unwrap();
        let printed = match load(&self.file(folder.path()), &self.environment()) {
            Ok(settings) => {
                let warnings = settings
                    .warnings
                    .iter()
                    .map(|warning| format!("warning: {warning}\n"));
                format!("loads\n{}", warnings.collect::<String>())
            }
            Err(mistakes) => mistakes.with_lines(),
        };
        let name = folder.path().display().to_string();
        printed
            .replace(&format!("{name}/"), "")
            .replace(&name, "FOLDER")
    }
}

#[test]
fn every_mistake_of_a_first_hour_has_the_message_that_helps() {
    let (head, cases) = cases();
    assert!(cases.len() >= 75 + 5, "{}", cases.len());
    let mut written = head.to_owned();
    let mut different = Vec::new();
    for case in &cases {
        let told: Vec<String> = case
            .printed()
            .lines()
            .map(|line| format!("> {line}").trim_end().to_owned())
            .collect();
        written.push_str(&format!("\n=== {}\n", case.title));
        for line in case
            .lines
            .iter()
            .map(|line| (*line).to_owned())
            .chain(told.clone())
        {
            written.push_str(&format!("{line}\n"));
        }
        if case.told != told {
            different.push(format!("{}\n{}", case.title, told.join("\n")));
        }
    }
    if Environment::of_process().get("UPDATE_DOCS").is_some() && !different.is_empty() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/config/tests/first_hour.txt"
        );
        fs::write(file, written).unwrap();
        return;
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn no_secret_is_printed() {
    for case in cases().1 {
        let printed = case.printed();
        for secret in [
            "0123456789abcdef",
            "hunter2",
            "1234567890123456",
            "MY_COMPANY",
        ] {
            assert!(!printed.contains(secret), "{}: {printed}", case.title);
        }
    }
}
