//! Counts the allocations of a warm decision, from the parsed request to the response. Those of the
//! HTTP framework do not count.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops at the line that failed"
)]

#[path = "support/in_process.rs"]
mod in_process;

use std::alloc::System;

use bytes::Bytes;
use in_process::{Driver, Shown, check, deny};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::usual::{SCOPES, call, check_message, config, token};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Returns the allocations of one request, once everything is warm. The actors' threads run now and
/// then, so the least of several counts is that of the request.
fn allocations(mut ask: impl FnMut()) -> usize {
    let mut counted = || {
        let region = Region::new(ALLOCATOR);
        ask();
        let change = region.change();
        change.allocations + change.reallocations
    };
    (0..20).map(|_| counted()).min().unwrap()
}

#[test]
fn a_warm_permit_allocates_nothing_and_a_challenge_little() {
    let driver = Driver::start(&config(10)).share();
    let token = token(SCOPES, 1);
    let (stream, with_body) = (
        Shown::new(Some(&token), ""),
        Shown::new(Some(&token), &call("echo")),
    );
    let message = Bytes::from(check_message(&token, &call("echo")));
    let asked =
        |shown: &Shown, status: u16| allocations(|| assert_eq!(driver.ask(shown).status, status));
    let counted = [
        ("a permit without a body", asked(&stream, 200)),
        ("a permit with a body", asked(&with_body, 200)),
        ("a challenge that is ready", asked(&deny("401"), 401)),
        ("a challenge that is written", asked(&deny("403"), 403)),
        (
            "a permit over gRPC",
            allocations(|| drop(check(&driver, &message))),
        ),
    ];
    assert_eq!(counted, EXPECTED);
}

/// If a change makes one of them smaller, lower it here.
const EXPECTED: [(&str, usize); 5] = [
    ("a permit without a body", 0),
    // serde_json's stack, since the part that it skips is nested.
    ("a permit with a body", 1),
    ("a challenge that is ready", 0),
    // Two lists of scopes, the text, and the handle that passes the text on without a copy.
    ("a challenge that is written", 5),
    // The lists of the message, those of the response, and its buffer.
    ("a permit over gRPC", 14),
];
