//! Decisions on one core and on two, without sockets: `cargo bench --bench scaling`. Rounds alternate; what counts is
//! the ratio, of which the median and the quartiles are printed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on shall stop"
)]

mod drive;

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use drive::{Driver, SCOPES, Shared, Shown, call, config, deny, token};

fn main() {
    let driver = Driver::start(&config(1)).share();
    let warm =
        |body: &str, count| (0..count).map(|n| Shown::new(Some(&token(SCOPES, n)), body)).collect::<Vec<_>>();
    compare(&driver, "no body, one token", &warm("", 1));
    compare(&driver, "no body, 1000 tokens", &warm("", 1000));
    compare(&driver, "1 KiB, one token", &warm(&call("echo"), 1));
    compare(&driver, "1 KiB, 1000 tokens", &warm(&call("echo"), 1000));
    compare(&driver, "denied, 403", &[deny("403")]);
}

fn compare(driver: &Shared, name: &str, requests: &[Shown]) {
    let mut rounds: Vec<[f64; 3]> = (0..ROUNDS)
        .map(|_| {
            let (one, two) = (rate(driver, requests, 1), rate(driver, requests, 2));
            [two / one, one, two]
        })
        .collect();
    rounds.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let [low, middle, high] = [ROUNDS / 4, ROUNDS / 2, ROUNDS - 1 - ROUNDS / 4].map(|index| rounds[index]);
    println!(
        "{name:<22} {:>7.3} to {:>7.3} million decisions a second: {:.2} times (quartiles {:.2} and {:.2})",
        middle[1], middle[2], middle[0], low[0], high[0]
    );
}

/// Millions of decisions a second.
fn rate(driver: &Shared, requests: &[Shown], workers: usize) -> f64 {
    let start = Barrier::new(workers);
    thread::scope(|scope| {
        let worker = || {
            requests.iter().for_each(|request| drop(driver.ask(request)));
            start.wait();
            let (began, mut count) = (Instant::now(), 0_u32);
            while began.elapsed() < SPAN {
                for request in requests.iter().cycle().take(500) {
                    black_box(driver.ask(black_box(request)));
                    count += 1;
                }
            }
            f64::from(count) / began.elapsed().as_secs_f64() / 1e6
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

const ROUNDS: usize = 15;
const SPAN: Duration = Duration::from_millis(300);
