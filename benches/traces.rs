//! The cost of traces for a request: a decision with traces off, on, and kept.
//! `cargo bench --bench traces` prints the figures of `docs/operations.md`.

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
    alloc::System,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use in_process::{Driver, Shown};
use scopegate::{
    keys::{OutgoingSettings, client_tls},
    policy::Decision,
    telemetry::traces::TracesHandle,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::usual::{SCOPES, config, token};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", sink.local_addr().unwrap());
    thread::spawn(move || sink.incoming().for_each(|stream| take(&stream.unwrap())));
    let (off, on) = (
        Bench::start(""),
        Bench::start(&format!("otlp: {{endpoint: '{endpoint}'}}")),
    );
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
            // The first round fills caches.
            if round > 0 {
                times[number].push(time);
            }
        }
    }
    println!(
        "one decision, a token seen before, a call of a tool   ns: least, quartiles        allocations"
    );
    for ((name, bench, context), times) in cases.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[times.len() * share / 4];
        let request = bench.request(*context);
        let counted = Region::new(ALLOCATOR);
        bench.decide(&request);
        let allocations = counted.change().allocations;
        let [least, one, two, three] = [times[0], at(1), at(2), at(3)];
        println!("{name:<50}{least:>8.0}, {one:.0}, {two:.0}, {three:.0} {allocations:>10}");
    }
}

/// A collector that accepts everything.
fn take(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).unwrap() > 0 {
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.trim().parse().unwrap();
        }
        if line == "\r\n" {
            reader.read_exact(&mut vec![0; length]).unwrap();
            (&*stream)
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
        line.clear();
    }
}

/// A service without listeners.
struct Bench {
    driver: Driver,
    token: String,
    _traces: Option<TracesHandle>,
}

impl Bench {
    fn start(server: &str) -> Self {
        let driver = Driver::start(&format!("server: {{{server}}}\n{}", config(0)));
        let traces = driver.block_on(async {
            driver
                .tracer
                .start(client_tls(&OutgoingSettings::default()).unwrap())
                .unwrap()
        });
        Self {
            driver,
            token: token(SCOPES, 1),
            _traces: traces,
        }
    }

    /// The nanoseconds of a decision, measured over many in a row. Returns after their spans were
    /// sent.
    fn burst(&self, context: Option<&'static str>) -> f64 {
        let (request, before) = (self.request(context), self.sent());
        let started = Instant::now();
        for _ in 0..BURST {
            self.decide(&request);
        }
        let elapsed = started.elapsed();
        if self.driver.tracer.is_on() && context == Some(KEPT) {
            while self.sent() < before + BURST {
                thread::sleep(Duration::from_millis(1));
            }
        }
        elapsed.as_secs_f64() * 1e9 / f64::from(BURST)
    }

    fn sent(&self) -> u32 {
        let families = self.driver.registry.gather();
        let spans = families
            .iter()
            .find(|family| family.name() == "scopegate_spans_total");
        let exported = spans.and_then(|family| {
            family
                .get_metric()
                .iter()
                .find(|metric| metric.get_label()[0].value() == "exported")
        });
        exported.map_or(0, |metric| metric.get_counter().get_value() as u32)
    }

    fn request(&self, traceparent: Option<&'static str>) -> Shown {
        let request = Shown::new(Some(&self.token), MESSAGE);
        match traceparent {
            Some(traceparent) => request.with("traceparent", traceparent),
            None => request,
        }
    }

    fn decide(&self, request: &Shown) {
        assert!(matches!(self.driver.decide(request), Decision::Permit(_)));
    }
}

const KEPT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const DROPPED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

const MESSAGE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}"#;

/// Four whole batches, so that no span waits for its batch to fill. Half of the queue.
const BURST: u32 = 2048;

const ROUNDS: usize = 101;
