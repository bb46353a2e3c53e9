//! Measures a release build of scopegate against bare servers, and against its peers.
//! `benches/load/run` installs the tools, builds both programs and starts this one.
//! `docs/performance.md` explains each figure, and the tables are written into it.

#![allow(
    clippy::too_many_lines,
    reason = "a target lists its rows in one place"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a measurement: it stops at the first surprise, it prints, and it reads the clock"
)]

mod bare;
mod bare_grpc;
mod envoy;
mod generator;
mod peers;
mod process;
mod report;
mod requests;
mod series;
mod service;
mod targets;
mod tokens;
mod tools;

use std::{fs, time::Duration};

use report::{Report, publish};
use series::Plan;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve-http", port, fields] => {
            bare::serve_http(port.parse().unwrap(), &fs::read_to_string(fields).unwrap());
        }
        ["serve-grpc", port, message] => {
            bare_grpc::serve_grpc(port.parse().unwrap(), fs::read(message).unwrap());
        }
        ["check-signatures", algorithm] => {
            println!("{}", targets::fresh::nanoseconds_of_a_check(algorithm))
        }
        options => measure(&Options::read(options)),
    }
}

fn measure(options: &Options) {
    process::move_to_client_core();
    let mut report = Report::begin();
    let numbers: Vec<_> = options
        .only
        .clone()
        .unwrap_or_else(|| (1..=targets::LAST).collect());
    targets::measure(&numbers, options.plan, &mut report);
    let targets = report.targets(options.plan);
    println!("{targets}");
    // The document must not mix rows of several runs.
    let is_whole = options.only.is_none();
    if is_whole {
        publish("targets", &targets);
    }
    if options.with_peers {
        peers::measure(options.plan, &mut report);
        let peers = report.peers(options.plan);
        println!("{peers}");
        if is_whole {
            publish("peers", &peers);
        }
    }
}

/// The options of the command line.
struct Options {
    plan: Plan,
    with_peers: bool,
    /// Numbers of targets.
    only: Option<Vec<u8>>,
}

impl Options {
    fn read(arguments: &[&str]) -> Self {
        let mut options = Self {
            plan: FULL,
            with_peers: false,
            only: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                "--quick" => options.plan = QUICK,
                "--peers" => options.with_peers = true,
                "--only" => {
                    let numbers = arguments.next().expect("--only needs numbers, as `1,2`");
                    let numbers = numbers.split(',').filter(|number| !number.is_empty());
                    options.only = Some(numbers.map(|number| number.parse().unwrap()).collect());
                }
                other => panic!("unknown option {other}; there are --quick, --peers, --only N,M"),
            }
        }
        options
    }
}

const FULL: Plan = Plan {
    rounds: 9,
    duration: Duration::from_secs(2),
};

const QUICK: Plan = Plan {
    rounds: 3,
    duration: Duration::from_millis(1000),
};
