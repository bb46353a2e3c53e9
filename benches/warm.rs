//! The same warm request a number of times, for an instruction counter.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod drive;

use drive::{Driver, SCOPES, Shown, call, config, token};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let kind = arguments.next().unwrap();
    let times: usize = arguments.next().unwrap().parse().unwrap();
    let driver = Driver::start(&config(1));
    let token = token(SCOPES, 1);
    println!("{} bytes of token", token.len());
    let body = if kind == "body" { call("echo") } else { String::new() };
    let shown = Shown::new(Some(&token), &body);
    println!("{}", driver.ask(&shown).status);
    for _ in 0..times {
        std::hint::black_box(driver.ask(std::hint::black_box(&shown)));
    }
}
