//! The pieces of a decision and the whole of it, with the allocations that each makes: `cargo bench --bench check`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a bench that cannot go on shall stop"
)]

mod drive;
mod signer;

use std::{cell::Cell, sync::LazyLock};

use divan::{AllocProfiler, Bencher, black_box};
use drive::{Driver, SCOPES, Shown, call, config, deny, method, token};
use scopegate::{
    domain::{Body, CheckRequest, Field, Trust},
    gateway::ext_authz_grpc::{self, CheckMessage},
    mcp::{self},
};
use signer::Known;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// One policy for all threads.
static DRIVER: LazyLock<drive::Shared> = LazyLock::new(|| Driver::start(&config(1)).share());

/// The whole check of a token seen before.
#[divan::bench(args = ["no body", "1 KiB"], threads = [1, 2])]
fn whole(bencher: Bencher<'_, '_>, body: &str) {
    let body = if body == "no body" { String::new() } else { call("echo") };
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
    let message = drive::check_message(&token(SCOPES, 1), &call("echo"));
    bencher.bench(|| drive::check(&DRIVER, black_box(&message)));
}

/// The message alone.
#[divan::bench]
fn read_grpc(bencher: Bencher<'_, '_>) {
    let message = drive::check_message(&token(SCOPES, 1), &call("echo"));
    bencher.bench(|| {
        let message = CheckMessage::read(black_box(message.clone())).unwrap();
        ext_authz_grpc::read(&message, 4 << 20).is_ok()
    });
}

/// A body to its operation.
#[divan::bench(args = [200, 1024, 16384])]
fn json(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = drive::call_of("echo", bytes);
    let request = drive::check_request(Body::Whole(body.as_bytes()));
    bencher.bench(|| mcp::read(black_box(&request), Trust::default()).is_ok());
}

/// What a tool needs, among so many.
#[divan::bench(args = [1, 1000, 10_000])]
fn policy(bencher: Bencher<'_, '_>, tools: usize) {
    let driver = Driver::start(&config(tools));
    let operation = drive::tool_call("tool-77");
    let snapshot = driver.state.authorizer().policy().snapshot();
    let policy = snapshot.resources()[0].policy().unwrap();
    bencher.bench_local(|| policy.table().levels(black_box((&operation).into())).is_ok());
}

/// A token that nobody has seen, from its text to its identity.
#[divan::bench(args = ["HS256", "RS256", "ES256", "EdDSA"])]
fn verify(bencher: Bencher<'_, '_>, algorithm: &str) {
    let (known, turn) = (Known::of(algorithm, 1), Cell::new(0));
    bencher.bench_local(|| {
        turn.set(turn.get() + 1);
        known.verify(turn.get())
    });
}

/// Its signature alone.
#[divan::bench(args = ["HS256", "RS256", "ES256", "EdDSA"])]
fn signature(bencher: Bencher<'_, '_>, algorithm: &str) {
    let known = Known::of(algorithm, 1);
    bencher.bench_local(|| known.check_signature());
}

/// A token that was seen before, from its text to its identity.
#[divan::bench(threads = [1, 2])]
fn cache(bencher: Bencher<'_, '_>) {
    static KNOWN: LazyLock<Known> = LazyLock::new(|| Known::of("ES256", 1000));
    KNOWN.verify(1);
    bencher.bench(|| KNOWN.verify(black_box(1)));
}
