//! What a large graph costs: 2 000 types, 20 000 fields, 1 000 operations, against a graph with one operation.
//! `cargo bench --bench graphql` prints the figures of `docs/graphql.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: it may stop, it prints, and it reads the clock"
)]

mod graph;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use graph::write_graph;
use scopegate::{
    app::{Core, LoadSettings},
    clock::SystemClock,
    config::{self, Environment},
    domain::{Field, Silent},
    gateway::{AUTH_REQUEST, HeaderSource, Incoming},
    graphql::{AbstractTypes, Graph, GraphFiles, SchemaSource},
    mcp::Body,
    policy::Decision,
};
use serde_json::json;

fn main() {
    load();
    decide();
}

fn load() {
    let folder = tempfile::tempdir().unwrap();
    write_graph(folder.path(), TYPES, OPERATIONS);
    let files = GraphFiles {
        schema: SchemaSource::Sdl(folder.path().join("schema.graphql")),
        operations: Some(folder.path().join("operations")),
        abstract_types: AbstractTypes::PossibleTypes,
        exclude_mutations: false,
        omit_tool_name_prefix: false,
    };
    let before = resident_bytes();
    let started = Instant::now();
    let (graph, warnings) = Graph::load(&files).unwrap();
    let elapsed = started.elapsed();
    let bytes = resident_bytes() - before;
    assert!(warnings.is_empty(), "{warnings:?}");
    let schema = fs::metadata(folder.path().join("schema.graphql")).unwrap().len();
    println!("schema                      {:>10} KiB", schema / 1024);
    println!("load                        {:>10} ms", elapsed.as_millis());
    println!("memory                      {:>10} KiB  (version {})", bytes / 1024, graph.version());
}

fn decide() {
    let one = Bench::start(3, 1);
    let many = Bench::start(TYPES, OPERATIONS);
    let tool =
        |index: usize| json!({"name": format!("execute_operation_operation_{index}"), "arguments": {}});
    let query = |text: String| json!({"name": "execute_graphql", "arguments": {"query": text}});
    println!("\none decision, whole, with a token that was seen before");
    let base = one.report("a tool, graph of 1 operation", |_| tool(0));
    let large = many.report("a tool, graph of 1000", |round| tool(round % OPERATIONS));
    println!("ratio                       {:>10.2}", large / base);
    many.report("a query seen before", |_| query("{ type0 { field0 field3 next { field1 } } }".to_owned()));
    many.report("a query not seen before", |round| {
        query(format!("{{ a{round}: type0 {{ field0 next {{ field1 }} }} }}"))
    });
    let fields: String = (0..60).map(|index| format!("p{index} ")).collect();
    many.report("60 fields of 4 groups", |_| query(format!("{{ {fields} }}")));
    println!("\nqueries at the limits, none seen before");
    for (name, text) in worst_cases() {
        many.report(name, |round| query(format!("{text} #{round}")));
    }
}

/// Shapes that cost as much as the limits let them.
fn worst_cases() -> Vec<(&'static str, String)> {
    let flat: String = (0..2400).map(|_| "t:__typename ").take(190).collect();
    let same: String = "type0{id}".repeat(1600);
    let wide: String = (0..TYPES).map(|index| format!("type{index}{{id}}")).take(1600).collect();
    let fragments: String =
        (0..500).map(|index| format!("fragment F{index} on Query{{...F{}}}", index + 1)).take(28).collect();
    let strings = format!("{{ type0(s: \"{}\") {{ id }} }}", "\\u0041".repeat(10_000));
    vec![
        ("190 aliases", format!("{{{flat}}}")),
        ("one field 1600 times", format!("{{{same}}}")),
        ("1600 fields", format!("{{{wide}}}")),
        ("a chain of fragments", format!("{{...F0}}{fragments}fragment F28 on Query{{type0{{id}}}}")),
        ("tokens beyond the limit", format!("{{{}}}", "a ".repeat(30_000))),
        ("open brackets", "{".repeat(60_000)),
        ("a long string", strings),
    ]
}

/// A service without listeners.
struct Bench {
    system: actix::SystemRunner,
    core: Core,
    token: String,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn start(types: usize, operations: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_graph(folder.path(), types, operations);
        let file = folder.path().join("config.yaml");
        fs::write(&file, CONFIG).unwrap();
        let load: LoadSettings = Box::new(move || config::load(&file, &Environment::default()));
        let system = actix::System::new();
        let core = system.block_on(async { Core::start(load, Arc::new(SystemClock::default())).unwrap() });
        let scope = (0..100).map(|index| format!(" scope{index}")).collect::<String>();
        let token = token(&format!("mcp:connect mcp:tools:execute{scope}"));
        Self { system, core, token, _folder: folder }
    }

    /// Prints and returns the nanoseconds of one decision.
    fn report(&self, name: &str, params: impl Fn(usize) -> serde_json::Value) -> f64 {
        let bodies: Vec<_> = (0..2000)
            .map(|round| {
                json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params(round)})
                    .to_string()
            })
            .collect();
        let mut outcome = String::new();
        let mut rounds = 0_u32;
        let mut spent = Duration::ZERO;
        for body in
            bodies.iter().chain(bodies.iter().filter(|_| name.starts_with("a tool")).cycle().take(100_000))
        {
            let started = Instant::now();
            outcome = self.decide(body.as_bytes());
            spent += started.elapsed();
            rounds += 1;
            if spent > Duration::from_secs(3) {
                break;
            }
        }
        let nanoseconds = spent.as_secs_f64() * 1e9 / f64::from(rounds);
        println!("{name:<28}{:>10.1} µs  {outcome}", nanoseconds / 1000.0);
        nanoseconds
    }

    fn decide(&self, body: &[u8]) -> String {
        let headers = Headers { authorization: format!("Bearer {}", self.token) };
        let asked =
            Incoming { method: "POST", target: "/authorize", headers: &headers, body: Body::Whole(body) };
        let Ok(request) = (AUTH_REQUEST.read)(&asked) else { return "not read".to_owned() };
        let checked = self.system.block_on(self.core.authorizer.check(&request, &mut Silent));
        match checked.decision {
            Decision::Permit(_) => "permit".to_owned(),
            Decision::Deny(denial) => format!("{} {}", denial.reason().code(), denial.refusal().detail),
        }
    }
}

struct Headers {
    authorization: String,
}

impl HeaderSource for Headers {
    fn field(&self, name: &'static str) -> Field<'_> {
        match name {
            "authorization" => Field::One(self.authorization.as_bytes()),
            "x-original-method" => Field::One(b"POST"),
            "x-original-uri" => Field::One(b"/mcp"),
            "content-type" => Field::One(b"application/json"),
            _ => Field::Absent,
        }
    }
}

fn token(scope: &str) -> String {
    use scopegate::{
        keys::{Algorithm, SecretKey, SecretSettings},
        token::{NewClaims, mint},
    };
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
        scope: scope.to_owned(),
        issued_at: 1_700_000_000,
        expires_at: 4_000_000_000,
        token_id: "1".to_owned(),
    };
    mint(&secret, &claims).unwrap()
}

/// The resident memory of this process; 0 where the system does not tell.
fn resident_bytes() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

const TYPES: usize = 2000;

const OPERATIONS: usize = 1000;

const CONFIG: &str = r"
mcp:
  enabled: true
  schema_file: schema.graphql
  enable_arbitrary_operations: true
  storage: {provider_id: ops}
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
storage_providers: {file_system: [{id: ops, path: operations}]}
";
