//! Runs the real service on port 0 and speaks to it over a real socket, byte for byte as a gateway would.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use scopegate::{
    app::{Core, LoadSettings, Service},
    clock::{Clock, ManualClock},
    config::{self, Environment},
    keys::{Algorithm, SecretKey, SecretSettings},
    policy::PolicyHandle,
    token::{NewClaims, mint},
};
use tempfile::TempDir;

/// The secret that the configurations of these tests share with their tokens.
pub(crate) const SECRET: &str = "an-example-secret-of-thirty-two-bytes!";
/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

/// One running service.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) policy: PolicyHandle,
    folder: TempDir,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// One request of nginx's `auth_request`, with what a test changes of it.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) resource: Option<&'static str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl TestApp {
    /// Starts a service with the configuration `yaml`, to which listeners on free ports are added.
    pub(crate) fn spawn(yaml: &str) -> Self {
        Self::spawn_in(tempfile::tempdir().unwrap(), yaml)
    }

    /// Starts a service with further files beside its configuration.
    pub(crate) fn spawn_with(yaml: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            write(&folder.path().join(name), content);
        }
        Self::spawn_in(folder, yaml)
    }

    /// The same, with the files of a folder beside the configuration.
    pub(crate) fn spawn_in(folder: TempDir, yaml: &str) -> Self {
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, with_server(yaml)).unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::clone(&clock);
        thread::spawn(move || {
            let load: LoadSettings = Box::new(move || config::load(&file, &Environment::default()));
            actix::System::new().block_on(async move {
                let core = Core::start(load, shared).unwrap();
                let service = Service::bind(core).unwrap();
                let addresses =
                    (service.addresses()[0], service.grpc_addresses()[0], service.admin_addresses()[0]);
                sender.send((addresses, service.policy().clone())).unwrap();
                service.run().await.unwrap();
            });
        });
        let ((address, grpc, admin), policy) = receiver.recv().unwrap();
        Self { address, grpc, admin, clock, policy, folder }
    }

    /// Writes or replaces a file beside the configuration.
    pub(crate) fn write(&self, name: &str, content: &str) {
        write(&self.folder.path().join(name), content);
    }

    /// The configuration file, to be changed while the service runs.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("config.yaml")
    }

    /// Where the configuration file is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces the configuration file in one step.
    pub(crate) fn rewrite_config(&self, yaml: &str) {
        let next = self.folder.path().join("next.yaml");
        std::fs::write(&next, with_server(yaml)).unwrap();
        std::fs::rename(next, self.config_file()).unwrap();
    }

    /// Loads the configuration anew, as SIGHUP does.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let policy = self.policy.clone();
        actix::System::new().block_on(async move { policy.reload().await }).map_err(|error| error.to_string())
    }

    /// Asks as nginx would.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        let query = ask.resource.map(|id| format!("?resource={id}")).unwrap_or_default();
        let mut head = format!("POST /authorize{query} HTTP/1.1\r\nHost: scopegate\r\nConnection: close\r\n");
        for (name, value) in &ask.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &ask.body {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend(ask.body.iter().flatten());
        exchange(self.address, &bytes)
    }

    /// Sends bytes as they are to the decision listener.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        exchange(self.address, bytes)
    }

    /// Asks for a page of the decision listener.
    pub(crate) fn get(&self, path: &str) -> Answer {
        exchange(self.address, get(path, "scopegate").as_bytes())
    }

    /// Asks for an admin page.
    pub(crate) fn admin(&self, path: &str) -> Answer {
        exchange(self.admin, get(path, "localhost").as_bytes())
    }

    /// Sends bytes as they are to the admin listener.
    pub(crate) fn admin_raw(&self, bytes: &[u8]) -> Answer {
        exchange(self.admin, bytes)
    }

    /// Asks for an admin page under another `Host`.
    pub(crate) fn admin_as(&self, path: &str, host: &str) -> Answer {
        exchange(self.admin, get(path, host).as_bytes())
    }
}

impl Ask {
    /// A POST of `body` to `/mcp`.
    pub(crate) fn post(body: impl Into<Vec<u8>>) -> Self {
        Self::of("POST").header("Content-Type", "application/json").body(body)
    }

    /// A request to `/mcp` without a body.
    pub(crate) fn of(method: &str) -> Self {
        let original = [("X-Original-Method", method), ("X-Original-URI", "/mcp")];
        let headers = original.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { resource: None, headers, body: None }
    }

    /// Adds a header; one of the same name stays.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    /// Takes a header away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    pub(crate) fn resource(mut self, id: &'static str) -> Self {
        self.resource = Some(id);
        self
    }
}

impl Answer {
    /// The one value of a header; it panics where there are more.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} comes more than once: {self:?}");
        value
    }

    /// Status and reason, as `403 scope-insufficient`; of a permit `200`.
    pub(crate) fn outcome(&self) -> String {
        match self.header("x-scopegate-reason") {
            Some(reason) => format!("{} {reason}", self.status),
            None => self.status.to_string(),
        }
    }
}

/// A token for the resource of [`CONFIG`], valid for an hour from [`NOW`].
pub(crate) fn token(scope: &str) -> String {
    sign(&claims(scope))
}

/// The claims of [`token`].
pub(crate) fn claims(scope: &str) -> NewClaims {
    NewClaims {
        issuer: Some("https://auth.example.com".to_owned()),
        subject: "alice".to_owned(),
        audience: Some("https://mcp.example.com/mcp".to_owned()),
        client_id: "client-1".to_owned(),
        scope: scope.to_owned(),
        issued_at: NOW,
        expires_at: NOW + 3600,
        token_id: "1".to_owned(),
    }
}

/// Signs with [`SECRET`].
pub(crate) fn sign(claims: &NewClaims) -> String {
    mint(&secret(), claims).unwrap()
}

/// The key of [`CONFIG`].
pub(crate) fn secret() -> SecretSettings {
    SecretSettings {
        secret: SecretKey::new(SECRET.as_bytes()),
        algorithm: Algorithm::Hs256,
        key_id: "k1".to_owned(),
    }
}

/// A JSON-RPC request.
pub(crate) fn call(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

/// A resource with a level for everything.
pub(crate) const CONFIG: &str = r#"
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

fn write(file: &Path, content: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
}

/// Adds listeners on free ports to a configuration that says nothing of `server`.
fn with_server(yaml: &str) -> String {
    if yaml.contains("\nserver:") {
        return yaml.to_owned();
    }
    format!(
        "{yaml}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  workers: 2\n  drain: '0s'\n"
    )
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

/// One request on a connection of its own.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A server that refuses a body may reset the connection after its answer.
    let _ = stream.read_to_end(&mut answer);
    parse(&answer)
}

pub(crate) fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Answer { status, headers, body: body.to_owned() }
}

/// The samples of `/metrics`, by name and labels.
pub(crate) fn metrics(app: &TestApp) -> HashMap<String, f64> {
    let page = app.admin("/metrics");
    let samples = page.body.lines().filter(|line| !line.starts_with('#'));
    samples
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect()
}

/// The time on a service's clock, as claims write it.
pub(crate) fn now(app: &TestApp) -> i64 {
    app.clock.unix_seconds()
}

/// Waits for what another thread brings about, where it has no other sign.
pub(crate) fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "nothing happened");
        thread::sleep(Duration::from_millis(20));
    }
}
