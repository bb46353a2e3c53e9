use std::{
    fs::File,
    io::{BufRead, BufReader, PipeReader},
    os::fd::OwnedFd,
    sync::Arc,
    thread,
};

use prometheus::Registry;
use serde_json::{Value, json};

use super::{record, settings};
use crate::{
    audit::{
        AuditHandle, AuditSettings, WhenFull, actor::Entry, output::Output, selection::Selection,
    },
    clock::ManualClock,
    domain::Reason,
    policy::{Decision, Denial, permit_public_for_tests},
    telemetry::SamplingRatio,
    token::Identity,
};

/// An audit log whose actor blocks on a pipe that is not read, with an empty queue.
fn stalled(when_full: WhenFull) -> (AuditHandle, PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let audit = start(File::from(OwnedFd::from(writer)), when_full);
    let mut more_than_a_pipe_takes = vec![b'x'; 1 << 20];
    more_than_a_pipe_takes.push(b'\n');
    audit
        .queue
        .try_send(Entry::Record(more_than_a_pipe_takes))
        .unwrap();
    until(|| audit.queue.capacity() == audit.queue.max_capacity());
    (audit, reader)
}

fn start(output: File, when_full: WhenFull) -> AuditHandle {
    let clock = Arc::new(ManualClock::at(0));
    AuditHandle::start_with(
        Output::Stdout(output),
        &settings(when_full),
        clock,
        &Registry::new(),
    )
    .unwrap()
}

/// Waits for a condition; the actor has its own thread.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

fn deny(with_token: bool) -> Decision {
    let denial = Denial::of(Reason::ScopeInsufficient);
    let identity = Arc::new(Identity::granted("mcp", "a"));
    Decision::Deny(if with_token {
        denial.with_identity(identity)
    } else {
        denial
    })
}

/// Records `count` denials, and returns how many records were lost.
fn lost_of(audit: &AuditHandle, count: usize, with_token: bool) -> u64 {
    let before = audit.metrics.dropped.get();
    for _ in 0..count {
        assert_eq!(
            recorded(audit, deny(with_token)),
            Some(Reason::ScopeInsufficient)
        );
    }
    audit.metrics.dropped.get() - before
}

/// Records a decision, and returns the reason if the request is denied afterwards.
fn recorded(audit: &AuditHandle, decision: Decision) -> Option<Reason> {
    let mut record = record(decision);
    audit.record(&mut record);
    record.decision.refusal().map(|refusal| refusal.reason)
}

/// Runs a test in an actor system.
fn in_a_system(test: impl Future<Output = ()>) {
    actix::System::new().block_on(test);
}

#[test]
fn a_full_queue_loses_and_counts_records_or_refuses_permits() {
    for (when_full, expected, counts) in [
        (WhenFull::Drop, None, (2, 0)),
        (WhenFull::Refuse, Some(Reason::AuditUnavailable), (1, 1)),
    ] {
        in_a_system(async {
            let (audit, _reader) = stalled(when_full);
            assert_eq!(recorded(&audit, permit_public_for_tests()), None);
            assert_eq!(lost_of(&audit, 63, true), 0);
            assert_eq!(recorded(&audit, permit_public_for_tests()), expected);
            // As a 503, the denial would pass some gateways.
            lost_of(&audit, 1, true);
            assert_eq!(
                (audit.metrics.dropped.get(), audit.metrics.refused.get()),
                counts
            );
        });
    }
}

#[test]
fn requests_without_a_token_leave_half_of_the_queue_to_those_with_one() {
    in_a_system(async {
        let (audit, _reader) = stalled(WhenFull::Refuse);
        assert_eq!(lost_of(&audit, 40, false), 8);
        assert_eq!(lost_of(&audit, 40, true), 8);
    });
}

#[test]
fn a_permit_that_is_not_recorded_takes_no_place_in_the_queue() {
    in_a_system(async {
        let (mut audit, _reader) = stalled(WhenFull::Refuse);
        lost_of(&audit, 64, true);
        let none = AuditSettings {
            permits: SamplingRatio::NONE,
            ..settings(WhenFull::Refuse)
        };
        audit.selection = Arc::new(Selection::new(&none));
        assert_eq!(recorded(&audit, permit_public_for_tests()), None);
    });
}

#[test]
fn the_log_reports_missing_records_and_drain_waits_for_all_others() {
    in_a_system(async {
        let (audit, reader) = stalled(WhenFull::Drop);
        assert_eq!(lost_of(&audit, 70, true), 6);
        let reading = thread::spawn(move || {
            let lines = BufReader::new(reader).lines().skip(1).take(66);
            lines
                .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
                .collect::<Vec<Value>>()
        });
        audit.drain().await;
        assert_eq!(audit.metrics.written.get(), 1 + 64 + 1);
        assert_eq!(lost_of(&audit, 1, true), 0);
        let lines = reading.join().unwrap();
        let time = "1970-01-01T00:00:00.000000Z";
        let lost = json!({"schema": 1, "event": "lost", "time": time, "dropped": 6, "refused": 0});
        assert_eq!(lines.iter().filter(|line| **line == lost).count(), 1);
        assert_eq!(
            lines
                .iter()
                .filter(|line| line["event"] == "decision")
                .count(),
            65
        );
    });
}

#[test]
fn while_writing_fails_permits_are_refused_or_wait_as_configured() {
    for (when_full, expected) in [
        (WhenFull::Refuse, Some(Reason::AuditUnavailable)),
        (WhenFull::Drop, None),
    ] {
        in_a_system(async {
            let audit = start(
                File::options().write(true).open("/dev/full").unwrap(),
                when_full,
            );
            lost_of(&audit, 1, true);
            until(|| audit.failure().is_some());
            assert!(
                audit.failure().unwrap().contains("No space left"),
                "{:?}",
                audit.failure()
            );
            assert_eq!(recorded(&audit, permit_public_for_tests()), expected);
            assert_eq!(audit.metrics.last_write_succeeded.get(), 0);
            assert_eq!(lost_of(&audit, 10, true), 0);
            assert!(audit.is_alive());
        });
    }
}
