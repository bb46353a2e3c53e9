//! Sends the same warm request many times, for an instruction counter.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

#[path = "../../tests/support/in_process.rs"]
mod in_process;

use std::hint::black_box;

use bytes::Bytes;
use in_process::{Driver, Shared, Shown, check, deny};
use support::usual::{SCOPES, call, check_message, config, token};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (kind, times) = (
        arguments.next().unwrap(),
        arguments.next().unwrap().parse().unwrap(),
    );
    let driver = Driver::start(&config(1)).share();
    let token = token(SCOPES, 1);
    match kind.as_str() {
        "stream" => repeat(times, &driver, &Shown::new(Some(&token), ""), 200),
        "call" => repeat(
            times,
            &driver,
            &Shown::new(Some(&token), &call("echo")),
            200,
        ),
        "denied" => repeat(times, &driver, &deny("403"), 403),
        "grpc" => {
            let message = Bytes::from(check_message(&token, &call("echo")));
            for _ in 0..times {
                black_box(check(&driver, black_box(&message)));
            }
        }
        _ => println!("usage: warm stream|call|denied|grpc TIMES"),
    }
}

fn repeat(times: usize, driver: &Shared, shown: &Shown, status: u16) {
    for _ in 0..times {
        assert_eq!(black_box(driver.ask(black_box(shown))).status, status);
    }
}
