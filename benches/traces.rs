//! What traces cost the one who asks: a decision with traces off, on, and kept.
//! `cargo bench --bench traces` prints the figures of `docs/operations.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: it may stop, it prints, and it reads the clock"
)]

use std::{
    alloc::System,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use scopegate::{
    app::{Core, LoadSettings},
    clock::SystemClock,
    config::{self, Environment},
    domain::{Field, Silent},
    gateway::{AUTH_REQUEST, HeaderSource, Incoming},
    keys::{Algorithm, OutgoingSettings, SecretKey, SecretSettings, client_tls},
    mcp::Body,
    policy::Decision,
    telemetry::traces::TracesHandle,
    token::{NewClaims, mint},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", sink.local_addr().unwrap());
    thread::spawn(move || sink.incoming().for_each(|stream| take(&stream.unwrap())));
    let (off, on) = (Bench::start(""), Bench::start(&format!("otlp: {{endpoint: '{endpoint}'}}")));
    let cases = [
        ("off, no context", &off, None),
        ("off, context of a kept trace", &off, Some(KEPT)),
        ("on, no context", &on, None),
        ("on, context of a dropped trace", &on, Some(DROPPED)),
        ("on, context of a kept trace", &on, Some(KEPT)),
    ];
    let mut times: [Vec<f64>; 5] = Default::default();
    for round in 0..=ROUNDS {
        for (number, (_, bench, context)) in cases.iter().enumerate() {
            let time = bench.burst(*context);
            // The first round warms.
            if round > 0 {
                times[number].push(time);
            }
        }
    }
    println!("one decision, a token seen before, a call of a tool   ns: least, quartiles        allocations");
    for ((name, bench, context), times) in cases.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[times.len() * share / 4];
        let counted = Region::new(ALLOCATOR);
        bench.decide(*context);
        let allocations = counted.change().allocations;
        let [least, one, two, three] = [times[0], at(1), at(2), at(3)];
        println!("{name:<50}{least:>8.0}, {one:.0}, {two:.0}, {three:.0} {allocations:>10}");
    }
}

/// A collector that takes everything.
fn take(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).unwrap() > 0 {
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.trim().parse().unwrap();
        }
        if line == "\r\n" {
            reader.read_exact(&mut vec![0; length]).unwrap();
            (&*stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
        line.clear();
    }
}

/// A service without listeners.
struct Bench {
    system: actix::SystemRunner,
    core: Core,
    authorization: String,
    _traces: Option<TracesHandle>,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn start(server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        fs::write(&file, format!("server: {{{server}}}\n{CONFIG}")).unwrap();
        let load: LoadSettings = Box::new(move || config::load(&file, &Environment::default()));
        let system = actix::System::new();
        let core = system.block_on(async { Core::start(load, Arc::new(SystemClock::default())).unwrap() });
        let traces = core.tracer.start(client_tls(&OutgoingSettings::default()).unwrap()).unwrap();
        let authorization = format!("Bearer {}", token());
        Self { system, core, authorization, _traces: traces, _folder: folder }
    }

    /// The nanoseconds of a decision, of many in a row. What they gave away has been sent when it returns.
    fn burst(&self, context: Option<&'static str>) -> f64 {
        let before = self.sent();
        let started = Instant::now();
        for _ in 0..BURST {
            self.decide(context);
        }
        let elapsed = started.elapsed();
        if self.core.tracer.is_on() && context == Some(KEPT) {
            while self.sent() < before + BURST {
                thread::sleep(Duration::from_millis(1));
            }
        }
        elapsed.as_secs_f64() * 1e9 / f64::from(BURST)
    }

    fn sent(&self) -> u32 {
        let families = self.core.registry.gather();
        let spans = families.iter().find(|family| family.name() == "scopegate_spans_total");
        let exported = spans.and_then(|family| {
            family.get_metric().iter().find(|metric| metric.get_label()[0].value() == "exported")
        });
        exported.map_or(0, |metric| metric.get_counter().get_value() as u32)
    }

    fn decide(&self, traceparent: Option<&'static str>) {
        let headers = Headers { authorization: &self.authorization, traceparent };
        let body = Body::Whole(MESSAGE);
        let asked = Incoming { method: "POST", target: "/authorize", headers: &headers, body };
        let request = (AUTH_REQUEST.read)(&asked).unwrap();
        let checked = self.system.block_on(self.core.authorizer.check(&request, &mut Silent));
        assert!(matches!(checked.decision, Decision::Permit(_)));
    }
}

struct Headers<'a> {
    authorization: &'a str,
    traceparent: Option<&'static str>,
}

impl HeaderSource for Headers<'_> {
    fn field(&self, name: &'static str) -> Field<'_> {
        match name {
            "authorization" => Field::One(self.authorization.as_bytes()),
            "traceparent" => self.traceparent.map_or(Field::Absent, |text| Field::One(text.as_bytes())),
            "x-original-method" => Field::One(b"POST"),
            "x-original-uri" => Field::One(b"/mcp"),
            "content-type" => Field::One(b"application/json"),
            _ => Field::Absent,
        }
    }
}

fn token() -> String {
    let secret = SecretSettings {
        secret: SecretKey::new(b"an-example-secret-of-thirty-two-bytes!"),
        algorithm: Algorithm::Hs256,
        key_id: "k1".to_owned(),
    };
    let claims = NewClaims {
        issuer: Some("https://auth.example.com".to_owned()),
        subject: "alice".to_owned(),
        audience: Some("https://mcp.example.com/mcp".to_owned()),
        client_id: "client-1".to_owned(),
        scope: "mcp:connect mcp:tools:execute".to_owned(),
        issued_at: 1_700_000_000,
        expires_at: 4_000_000_000,
        token_id: "1".to_owned(),
    };
    mint(&secret, &claims).unwrap()
}

const KEPT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const DROPPED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

const MESSAGE: &[u8] =
    br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}"#;

/// Four whole batches, so that nothing waits for the rest of one; half of the queue.
const BURST: u32 = 2048;

const ROUNDS: usize = 101;

const CONFIG: &str = r"
mcp:
  enabled: true
  server:
    base_url: 'https://mcp.example.com'
  oauth:
    enabled: true
    authorization_server_url: 'https://auth.example.com'
    scopes:
      initialize: ['mcp:connect']
      tools_call: ['mcp:tools:execute']
    jwks:
      - secret: 'an-example-secret-of-thirty-two-bytes!'
        symmetric_algorithm: 'HS256'
        header_key_id: 'k1'
";
