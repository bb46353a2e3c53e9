//! Load generators: h2load for gRPC, oha for the latencies of an open loop.

use std::{fs, net::SocketAddr, time::Duration};

use serde_json::Value;

use crate::process::{LOG_FOLDER, run};

/// Calls `Check` with one message over two connections with 32 streams each. Returns the requests
/// and the time.
pub fn h2load(port: u16, message: &[u8], duration: Duration) -> (u64, Duration) {
    fs::create_dir_all(LOG_FOLDER).unwrap();
    let file = format!("{LOG_FOLDER}/check.bin");
    fs::write(&file, framed(message)).unwrap();
    let seconds = format!("--duration={}", duration.as_secs_f64().ceil());
    let url = format!("http://127.0.0.1:{port}/envoy.service.auth.v3.Authorization/Check");
    let (is_good, text) = run(
        "h2load",
        &[
            &seconds,
            "-c2",
            "-m32",
            "-t1",
            "-d",
            &file,
            "-H",
            "content-type: application/grpc",
            "-H",
            "te: trailers",
            &url,
        ],
    );
    let succeeded = number_after(&text, "status codes: ");
    assert!(
        is_good && number_after(&text, "succeeded, ").abs() < f64::EPSILON,
        "{text}"
    );
    (
        succeeded as u64,
        Duration::from_secs_f64(duration.as_secs_f64().ceil()),
    )
}

/// A message as gRPC sends it.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], length.as_slice(), message].concat()
}

fn number_after(text: &str, label: &str) -> f64 {
    let rest = text
        .split_once(label)
        .unwrap_or_else(|| panic!("no `{label}` in {text}"))
        .1;
    rest.split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// The result of an open loop.
#[derive(Clone, Copy)]
pub struct Paced {
    /// In µs: median, p99, p99.9.
    pub latencies: [f64; 3],
    /// Whether the generator sent as many requests as it should.
    pub kept_up: bool,
}

/// Sends requests at a fixed rate. A latency counts from the time at which the request was due.
pub fn oha(
    address: SocketAddr,
    path: &str,
    headers: &[&str],
    body: Option<&str>,
    rate: usize,
    duration: Duration,
) -> Paced {
    let [duration, asked] = [format!("{}ms", duration.as_millis()), rate.to_string()];
    let url = format!("http://{address}{path}");
    let mut arguments = vec![
        "--no-tui",
        "-z",
        &duration,
        "-q",
        &asked,
        "-c",
        "32",
        "--latency-correction",
        "-w",
    ];
    arguments.extend(["--output-format", "json"]);
    arguments.extend(headers.iter().flat_map(|header| ["-H", header]));
    if let Some(body) = body {
        arguments.extend(["-m", "POST", "-d", body]);
    }
    arguments.push(&url);
    let (is_good, text) = run(&format!("{}/oha/bin/oha", cache()), &arguments);
    let report: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let codes = report["statusCodeDistribution"].as_object().unwrap();
    assert!(
        is_good && codes.len() == 1 && codes.contains_key("200"),
        "{codes:?}"
    );
    let latencies = ["p50", "p99", "p99.9"]
        .map(|name| report["latencyPercentiles"][name].as_f64().unwrap() * 1e6);
    let achieved = report["summary"]["requestsPerSec"].as_f64().unwrap();
    eprintln!("  {achieved:.0} of {rate} requests/s: {latencies:.0?} µs");
    Paced {
        latencies,
        kept_up: achieved > 0.98 * rate as f64,
    }
}

/// The folder into which `benches/load/run` installs its tools.
pub fn cache() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/.cache").to_owned()
}
