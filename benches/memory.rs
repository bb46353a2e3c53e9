//! The memory of the service: `cargo bench --bench memory [-- TOKENS]`. Each number is the kernel's
//! count for a separate process.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench stops at the first surprise"
)]

#[path = "../tests/support/in_process.rs"]
mod in_process;

use std::{env, fs, process::Command};

use in_process::{Driver, Shown};
use support::usual::{SCOPES, config, token};

fn main() {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["tokens", count] => tokens(count.parse().unwrap()),
        ["tools", count] => tools(count.parse().unwrap()),
        ["resources", count] => resources(count.parse().unwrap()),
        [] => all(1_000_000),
        [count] => all(count.parse().unwrap()),
        _ => println!("usage: memory [TOKENS]"),
    }
}

fn all(token_count: usize) {
    let rest = measure("tokens", 0);
    println!("at rest                {:>12} KiB", rest / 1024);
    let with = measure("tokens", token_count);
    println!(
        "{token_count:>9} tokens      {:>12} KiB, {} bytes each",
        with / 1024,
        (with - rest) / token_count
    );
    for (what, count) in [("tools", 10_000), ("resources", 1000)] {
        let (none, with) = (measure(what, 1), measure(what, count));
        println!(
            "{count:>9} {what:<11} {:>12} KiB, {} bytes each",
            with / 1024,
            (with - none) / count
        );
    }
}

/// The resident bytes of a separate process after it did this.
fn measure(what: &str, count: usize) -> usize {
    let output = Command::new(env::current_exe().unwrap())
        .args([what, &count.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// Distinct tokens in a cache that has room for them.
fn tokens(count: usize) {
    let room = format!(
        "server:\n  token_cache: {{ max_entries: {}, max_bytes: '8 GiB' }}\n",
        count * 5 / 4 + 1
    );
    let driver = Driver::start(&(config(1) + &room));
    for number in 0..count {
        driver.ask(&Shown::new(Some(&token(SCOPES, number)), ""));
    }
    report();
    let entries = driver.registry.gather();
    let entries = entries
        .iter()
        .find(|family| family.name() == "scopegate_token_cache_entries")
        .unwrap();
    assert!(
        entries
            .get_metric()
            .iter()
            .all(|metric| metric.get_gauge().get_value() >= count as f64)
    );
}

fn tools(count: usize) {
    let driver = Driver::start(&config(count));
    report();
    drop(driver);
}

fn resources(count: usize) {
    let of = |number: usize| {
        let resource: String = config(1)
            .lines()
            .skip(2)
            .map(|line| format!("  {line}\n"))
            .collect();
        let resource = resource.replace("/mcp'", &format!("/mcp{number}'"));
        let server = format!("path: '/r{number}/mcp'\n");
        let resource = resource.replacen("base_url", &format!("{server}      base_url"), 1);
        format!("  - id: 'r{number}'\n{resource}")
    };
    let driver = Driver::start(&format!(
        "resources:\n{}",
        (0..count).map(of).collect::<String>()
    ));
    report();
    drop(driver);
}

/// Prints the resident bytes of this process.
fn report() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    println!(
        "{}",
        line.trim()
            .trim_end_matches(" kB")
            .parse::<usize>()
            .unwrap()
            * 1024
    );
}
