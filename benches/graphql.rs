//! The cost of a large graph (2 000 types, 20 000 fields, 1 000 operations), compared with a graph
//! of one operation. `cargo bench --bench graphql` prints the figures of `docs/graphql.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: it may stop, it prints, and it reads the clock"
)]

#[path = "../tests/support/in_process.rs"]
mod in_process;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use in_process::{Driver, Shown};
use scopegate::{
    clock::SystemClock,
    config::Environment,
    graphql::{AbstractTypes, Graph, GraphFiles, SchemaSource},
    policy::Decision,
};
use serde_json::json;
use support::{Claims, graph::write_graph, token_of};

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
    let schema = fs::metadata(folder.path().join("schema.graphql"))
        .unwrap()
        .len();
    println!("schema                      {:>10} KiB", schema / 1024);
    println!("load                        {:>10} ms", elapsed.as_millis());
    println!(
        "memory                      {:>10} KiB  (version {})",
        bytes / 1024,
        graph.version()
    );
}

fn decide() {
    let one = Bench::start(3, 1);
    let many = Bench::start(TYPES, OPERATIONS);
    let tool = |index: usize| json!({"name": format!("execute_operation_operation_{index}"), "arguments": {}});
    let query = |text: String| json!({"name": "execute_graphql", "arguments": {"query": text}});
    println!("\none decision, whole, with a token that was seen before");
    let base = one.report("a tool, graph of 1 operation", |_| tool(0));
    let large = many.report("a tool, graph of 1000", |round| tool(round % OPERATIONS));
    println!("ratio                       {:>10.2}", large / base);
    many.report("a query seen before", |_| {
        query("{ type0 { field0 field3 next { field1 } } }".to_owned())
    });
    many.report("a query not seen before", |round| {
        query(format!(
            "{{ a{round}: type0 {{ field0 next {{ field1 }} }} }}"
        ))
    });
    let fields: String = (0..60).map(|index| format!("p{index} ")).collect();
    many.report("60 fields of 4 groups", |_| {
        query(format!("{{ {fields} }}"))
    });
    println!("\nqueries at the limits, none seen before");
    for (name, text) in worst_cases() {
        many.report(name, |round| query(format!("{text} #{round}")));
    }
}

/// The most expensive queries within the limits.
fn worst_cases() -> Vec<(&'static str, String)> {
    let flat: String = (0..2400).map(|_| "t:__typename ").take(190).collect();
    let same: String = "type0{id}".repeat(1600);
    let wide: String = (0..TYPES)
        .map(|index| format!("type{index}{{id}}"))
        .take(1600)
        .collect();
    let fragments: String = (0..500)
        .map(|index| format!("fragment F{index} on Query{{...F{}}}", index + 1))
        .take(28)
        .collect();
    let strings = format!("{{ type0(s: \"{}\") {{ id }} }}", "\\u0041".repeat(10_000));
    vec![
        ("190 aliases", format!("{{{flat}}}")),
        ("one field 1600 times", format!("{{{same}}}")),
        ("1600 fields", format!("{{{wide}}}")),
        (
            "a chain of fragments",
            format!("{{...F0}}{fragments}fragment F28 on Query{{type0{{id}}}}"),
        ),
        (
            "tokens beyond the limit",
            format!("{{{}}}", "a ".repeat(30_000)),
        ),
        ("open brackets", "{".repeat(60_000)),
        ("a long string", strings),
    ]
}

/// A service without listeners, and the token of its client.
struct Bench {
    driver: Driver,
    token: String,
}

impl Bench {
    fn start(types: usize, operations: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_graph(folder.path(), types, operations);
        let clock = Arc::new(SystemClock::default());
        let driver = Driver::start_in(folder, CONFIG, Environment::default(), clock);
        let scope = (0..100)
            .map(|index| format!(" scope{index}"))
            .collect::<String>();
        let claims = support::claims(&format!("mcp:connect mcp:tools:execute{scope}"));
        Self {
            driver,
            token: token_of(&Claims {
                expires_at: 4_000_000_000,
                ..claims
            }),
        }
    }

    /// Prints and returns the nanoseconds of one decision.
    fn report(&self, name: &str, params: impl Fn(usize) -> serde_json::Value) -> f64 {
        let requests: Vec<_> = (0..2000)
            .map(|round| {
                let call =
                    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params(round)});
                Shown::new(Some(&self.token), &call.to_string())
            })
            .collect();
        let mut outcome = String::new();
        let mut rounds = 0_u32;
        let mut spent = Duration::ZERO;
        let again = if name.starts_with("a tool") {
            100_000
        } else {
            0
        };
        for shown in requests.iter().chain(requests.iter().cycle().take(again)) {
            let started = Instant::now();
            outcome = self.decide(shown);
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

    fn decide(&self, shown: &Shown) -> String {
        match self.driver.decide(shown) {
            Decision::Permit(_) => "permit".to_owned(),
            Decision::Deny(denial) => {
                format!("{} {}", denial.reason().code(), denial.refusal().detail)
            }
        }
    }
}

/// The resident memory of this process in bytes, or 0 if the system does not report it.
fn resident_bytes() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok())
        .unwrap_or(0)
        * 4096
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
