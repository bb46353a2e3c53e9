//! The whole decision and its parts, with the allocations of each: `cargo bench --bench check`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a bench stops at the first surprise"
)]

#[path = "../tests/support/in_process.rs"]
mod in_process;
mod known_key;

use std::{cell::Cell, sync::LazyLock};

use bytes::Bytes;
use divan::{AllocProfiler, Bencher, black_box};
use in_process::{Driver, Shown, deny, method};
use known_key::Known;
use scopegate::{
    domain::{Body, Trust},
    gateway::ext_authz_grpc::{self, CheckMessage},
    mcp::{self},
};
use support::usual::{SCOPES, call, call_of, check_message, config, token};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// All threads share one policy.
static DRIVER: LazyLock<in_process::Shared> = LazyLock::new(|| Driver::start(&config(1)).share());

/// The whole check of a cached token.
#[divan::bench(args = ["no body", "1 KiB"], threads = [1, 2])]
fn whole(bencher: Bencher<'_, '_>, body: &str) {
    let body = if body == "no body" {
        String::new()
    } else {
        call("echo")
    };
    let shown = Shown::new(Some(&token(SCOPES, 1)), &body);
    assert_eq!(DRIVER.ask(&shown).status, 200, "{}", method(&body));
    bencher.bench(|| DRIVER.ask(black_box(&shown)));
}

/// The same for denials with their challenges.
#[divan::bench(args = ["401", "403"])]
fn challenge(bencher: Bencher<'_, '_>, status: &str) {
    let shown = deny(status);
    assert_eq!(DRIVER.ask(&shown).status.to_string(), status);
    bencher.bench(|| DRIVER.ask(black_box(&shown)));
}

/// The same over gRPC, from the message to the answer on the wire.
#[divan::bench]
fn whole_grpc(bencher: Bencher<'_, '_>) {
    let message = Bytes::from(check_message(&token(SCOPES, 1), &call("echo")));
    bencher.bench(|| in_process::check(&DRIVER, black_box(&message)));
}

/// Only reading the message.
#[divan::bench]
fn read_grpc(bencher: Bencher<'_, '_>) {
    let message = Bytes::from(check_message(&token(SCOPES, 1), &call("echo")));
    bencher.bench(|| {
        let message = CheckMessage::read(black_box(message.clone())).unwrap();
        ext_authz_grpc::read(&message, 4 << 20).is_ok()
    });
}

/// Reads the operation from a body.
#[divan::bench(args = [200, 1024, 16384])]
fn json(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = call_of("echo", bytes);
    let request = in_process::check_request(Body::Whole(body.as_bytes()));
    bencher.bench(|| mcp::read(black_box(&request), Trust::default()).is_ok());
}

/// Looks up one tool among this many.
#[divan::bench(args = [1, 1000, 10_000])]
fn policy(bencher: Bencher<'_, '_>, tools: usize) {
    let driver = Driver::start(&config(tools));
    let operation = in_process::tool_call("tool-77");
    let snapshot = driver.state.authorizer().policy().snapshot();
    let policy = snapshot.resources()[0].policy().unwrap();
    bencher.bench_local(|| {
        policy
            .table()
            .levels(black_box((&operation).into()))
            .is_ok()
    });
}

/// Verifies a token that is not in the cache.
#[divan::bench(args = ["HS256", "RS256", "ES256", "EdDSA"])]
fn verify(bencher: Bencher<'_, '_>, algorithm: &str) {
    let (known, turn) = (Known::of(algorithm, 1), Cell::new(0));
    bencher.bench_local(|| {
        turn.set(turn.get() + 1);
        known.verify(turn.get())
    });
}

/// Verifies only its signature.
#[divan::bench(args = ["HS256", "RS256", "ES256", "EdDSA"])]
fn signature(bencher: Bencher<'_, '_>, algorithm: &str) {
    let known = Known::of(algorithm, 1);
    bencher.bench_local(|| known.check_signature());
}

/// Verifies a token that is in the cache.
#[divan::bench(threads = [1, 2])]
fn cache(bencher: Bencher<'_, '_>) {
    static KNOWN: LazyLock<Known> = LazyLock::new(|| Known::of("ES256", 1000));
    KNOWN.verify(1);
    bencher.bench(|| KNOWN.verify(black_box(1)));
}
