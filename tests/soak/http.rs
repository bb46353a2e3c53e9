//! The real binary under mixed load while its configuration is reloaded every second. `SOAK_SECONDS` says for how
//! long; without it a moment has to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on shall stop"
)]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use scopegate::{
    keys::{Algorithm, SecretKey, SecretSettings},
    token::{NewClaims, mint},
};
use tempfile::TempDir;

#[test]
fn under_load_and_reloads_every_request_is_answered_and_counted_in_bounded_memory() {
    let service = Service::start();
    let seconds = env::var("SOAK_SECONDS").map_or(3, |text| text.parse().unwrap());
    let sent = AtomicU64::new(0);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut resident = Vec::new();
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (service, sent) = (&service, &sent);
            scope.spawn(move || load(service, worker, end, sent));
        }
        while Instant::now() < end {
            thread::sleep(Duration::from_secs(1));
            service.reload(resident.len());
            resident.push(service.resident_kib());
        }
    });
    let (sent, counted) = (sent.load(Ordering::SeqCst), service.metric("scopegate_decisions_total"));
    let reloads = service.metric("scopegate_policy_reload_total{outcome=\"success\"}");
    println!("soak: {sent} requests in {seconds} s, {reloads} reloads, resident KiB {resident:?}");
    assert_eq!(counted, sent);
    assert!(reloads as usize >= resident.len() / 2, "{reloads} reloads");
    check_memory(&resident);
}

/// After the caches had time to fill, memory stays as it is.
fn check_memory(resident: &[u64]) {
    let settled = resident[resident.len() / 3];
    let last = *resident.last().unwrap();
    assert!(last < 256 << 10, "{last} KiB resident");
    assert!(last <= settled + settled / 4 + (16 << 10), "from {settled} to {last} KiB resident");
}

/// One gateway connection after the other, a few hundred requests on each.
fn load(service: &Service, worker: u64, end: Instant, sent: &AtomicU64) {
    let mut number = worker * 1_000_000_000;
    while Instant::now() < end {
        let mut connection = BufReader::new(TcpStream::connect(service.address).unwrap());
        for _ in 0..300 {
            number += 1;
            let (request, expected) = request(number);
            connection.get_mut().write_all(request.as_bytes()).unwrap();
            let status = read_status(&mut connection);
            sent.fetch_add(1, Ordering::SeqCst);
            assert_eq!(status, expected, "{request}");
        }
    }
}

/// A request of the mix, and what its answer must be whatever policy is in force.
fn request(number: u64) -> (String, u16) {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    // The same claims give the same token, which is found in the cache.
    let (token, body, expected) = match number % 8 {
        0 | 1 => (token("connect call", now / 3600 * 3600 + 7200, "same"), call, 200),
        2 => (token("connect call", now + 600, &number.to_string()), call, 200),
        3 => (token("connect", now + 600, &(number % 100).to_string()), call, 403),
        4 => (token("connect call", now - 600, "same"), call, 401),
        5 => (token("connect call", now + 600, "same") + "A", call, 401),
        6 => (token("connect call", now + 600, "same"), r#"{"method":1}"#, 403),
        _ => ("no.token".to_owned(), call, 401),
    };
    let length = body.len();
    let head =
        "POST /authorize HTTP/1.1\r\nHost: scopegate\r\nX-Original-Method: POST\r\nX-Original-URI: /mcp";
    (format!("{head}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"), expected)
}

fn token(scope: &str, expires_at: i64, id: &str) -> String {
    let secret = SecretSettings {
        secret: SecretKey::new(SECRET.as_bytes()),
        algorithm: Algorithm::Hs256,
        key_id: "k1".to_owned(),
    };
    let claims = NewClaims {
        issuer: Some("https://auth.example.com".to_owned()),
        subject: "alice".to_owned(),
        audience: Some("https://mcp.example.com/mcp".to_owned()),
        client_id: "client-1".to_owned(),
        scope: scope.to_owned(),
        issued_at: 0,
        expires_at,
        token_id: id.to_owned(),
    };
    mint(&secret, &claims).unwrap()
}

/// Reads one answer, which has no body.
fn read_status(connection: &mut BufReader<TcpStream>) -> u16 {
    let mut status = None;
    loop {
        let mut line = String::new();
        assert_ne!(connection.read_line(&mut line).unwrap(), 0, "the connection ended");
        status = status.or_else(|| line.split(' ').nth(1).and_then(|code| code.parse().ok()));
        if line == "\r\n" {
            return status.unwrap();
        }
    }
}

/// The running binary.
struct Service {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    folder: TempDir,
}

impl Service {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scopegate.yaml");
        fs::write(&file, config(0)).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scopegate"))
            .arg("serve")
            .arg("--config")
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let addresses = addresses(&mut child);
        Self { child, address: addresses[0], admin: addresses[1], folder }
    }

    /// Replaces the file in one step by one that differs, which the service notices by itself.
    fn reload(&self, number: usize) {
        let next = self.folder.path().join("next.yaml");
        fs::write(&next, config(number + 1)).unwrap();
        fs::rename(next, self.folder.path().join("scopegate.yaml")).unwrap();
    }

    fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The sum of the samples whose names begin so.
    fn metric(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        let samples = page.lines().filter(|line| line.starts_with(name));
        samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() as u64).sum()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The addresses from the line that says "listening". All further output is read and dropped.
fn addresses(child: &mut Child) -> Vec<SocketAddr> {
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    for output in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
        let sender = sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if line.contains("listening") {
                    let _ = sender.send(line);
                }
            }
        });
    }
    let line = receiver.recv_timeout(Duration::from_secs(30)).expect("the service did not start");
    let line: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
    let address = |name: &str| {
        let listed = line[name].as_str().unwrap().trim_matches(['[', ']']);
        listed.split(", ").next().unwrap().parse().unwrap()
    };
    vec![address("listen"), address("admin")]
}

/// Every reload changes something that the load does not touch.
fn config(number: usize) -> String {
    format!(
        "
server: {{listen_addr: '127.0.0.1:0', admin_listen_addr: '127.0.0.1:0', grpc_listen_addr: '127.0.0.1:0', workers: 2, drain: 0s}}
mcp:
  enabled: true
  server: {{base_url: 'https://mcp.example.com'}}
  oauth:
    enabled: true
    authorization_server_url: 'https://auth.example.com'
    scopes:
      initialize: ['connect']
      tools_call: ['call']
      tools: {{'unused-{number}': ['unused']}}
    jwks:
      - {{secret: '{SECRET}', symmetric_algorithm: HS256, header_key_id: k1}}
"
    )
}

const SECRET: &str = "an-example-secret-of-thirty-two-bytes!";
const WORKERS: u64 = 3;
