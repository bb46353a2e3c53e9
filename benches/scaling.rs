//! Decisions on one core and on two, without sockets: `cargo bench --bench scaling`. Rounds
//! alternate. The result is the ratio, by its median and quartiles.
//!
//! Rates use the processor time of the threads, which includes cache lines that move between cores
//! and excludes other processes. If another process keeps one of the cores busy, the two threads
//! contend less and the ratio is too good. Therefore the bench also prints the share of time in
//! which both ran.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench stops at the first surprise"
)]

#[path = "../tests/support/in_process.rs"]
mod in_process;

use std::{
    fs,
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use in_process::{Driver, Shared, Shown, deny};
use support::usual::{SCOPES, call, config, token};

fn main() {
    let driver = Driver::start(&config(1)).share();
    let warm = |body: &str, count| {
        (0..count)
            .map(|n| Shown::new(Some(&token(SCOPES, n)), body))
            .collect::<Vec<_>>()
    };
    compare(&driver, "no body, one token", &warm("", 1));
    compare(&driver, "no body, 1000 tokens", &warm("", 1000));
    compare(&driver, "1 KiB, one token", &warm(&call("echo"), 1));
    compare(&driver, "1 KiB, 1000 tokens", &warm(&call("echo"), 1000));
    compare(&driver, "denied, 403", &[deny("403")]);
}

fn compare(driver: &Shared, name: &str, requests: &[Shown]) {
    let mut rounds: Vec<[f64; 4]> = (0..ROUNDS)
        .map(|_| {
            let ((one, _), (two, busy)) = (rate(driver, requests, 1), rate(driver, requests, 2));
            [two / one, one, two, busy]
        })
        .collect();
    rounds.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let [low, middle, high] =
        [ROUNDS / 4, ROUNDS / 2, ROUNDS - 1 - ROUNDS / 4].map(|index| rounds[index]);
    println!(
        "{name:<22} {:>7.3} to {:>7.3} million decisions a second: {:.2} times (quartiles {:.2} and {:.2}), cores {:.0} % ours",
        middle[1],
        middle[2],
        middle[0],
        low[0],
        high[0],
        middle[3] * 100.0
    );
}

/// Millions of decisions a second of processor time, and the share of time in which the threads
/// ran.
fn rate(driver: &Shared, requests: &[Shown], workers: usize) -> (f64, f64) {
    let start = Barrier::new(workers);
    thread::scope(|scope| {
        let worker = || {
            requests
                .iter()
                .for_each(|request| drop(driver.ask(request)));
            start.wait();
            let (began, ran, mut count) = (Instant::now(), processor_seconds(), 0_u32);
            while began.elapsed() < SPAN {
                for request in requests.iter().cycle().take(500) {
                    black_box(driver.ask(black_box(request)));
                    count += 1;
                }
            }
            let ran = processor_seconds() - ran;
            (
                f64::from(count) / ran / 1e6,
                ran / began.elapsed().as_secs_f64(),
            )
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let rates: Vec<(f64, f64)> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect();
        let busy = rates.iter().map(|(_, busy)| busy).sum::<f64>() / rates.len() as f64;
        (rates.iter().map(|(rate, _)| rate).sum(), busy)
    })
}

/// Seconds of this thread by the kernel's count.
fn processor_seconds() -> f64 {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedstat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

const ROUNDS: usize = 15;
const SPAN: Duration = Duration::from_millis(300);
