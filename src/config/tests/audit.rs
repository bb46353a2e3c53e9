use std::path::PathBuf;

use super::{PLAIN, Plain, load_in, load_with};
use crate::{
    audit::{AuditOutput, AuditSettings, WhenFull},
    telemetry::{SamplingRatio, log::SubjectLogging},
};

fn with_audit(audit: &str) -> String {
    format!("{}server: {{audit: {{{audit}}}}}\n", PLAIN.yaml())
}

#[test]
fn no_section_means_no_log() {
    assert_eq!(PLAIN.settings().audit, None);
}

#[test]
fn an_output_is_enough() {
    let read = |audit| {
        load_in(
            std::path::Path::new("/etc/scopegate"),
            &with_audit(audit),
            &[],
        )
        .unwrap()
        .audit
        .unwrap()
    };
    let expected = AuditSettings {
        output: AuditOutput::Stdout,
        permits: SamplingRatio::NONE,
        operations: Vec::new(),
        subject: SubjectLogging::Hashed,
        queue: 8192,
        when_full: WhenFull::Drop,
    };
    assert_eq!(read("output: stdout"), expected);
    assert_eq!(
        read("output: a.jsonl").output,
        AuditOutput::File(PathBuf::from("/etc/scopegate/a.jsonl"))
    );
    assert_eq!(
        read("output: /var/a.jsonl").output,
        AuditOutput::File(PathBuf::from("/var/a.jsonl"))
    );
}

#[test]
fn all_keys_are_read_from_the_file_and_the_environment() {
    let audit = "output: stdout, permits: 0.25, operations: ['tools/*'], subject: plain, queue: 16, when_full: refuse";
    let read = load_with(&with_audit(audit), &[]).unwrap().audit;
    let expected = AuditSettings {
        output: AuditOutput::Stdout,
        permits: SamplingRatio::of(0.25).unwrap(),
        operations: vec!["tools/*".to_owned()],
        subject: SubjectLogging::Plain,
        queue: 16,
        when_full: WhenFull::Refuse,
    };
    assert_eq!(read, Some(expected.clone()));
    let variables = [
        ("SCOPEGATE__SERVER__AUDIT__OUTPUT", "stdout"),
        ("SCOPEGATE__SERVER__AUDIT__PERMITS", "0.25"),
        ("SCOPEGATE__SERVER__AUDIT__OPERATIONS", "tools/*"),
        ("SCOPEGATE__SERVER__AUDIT__SUBJECT", "plain"),
        ("SCOPEGATE__SERVER__AUDIT__QUEUE", "16"),
        ("SCOPEGATE__SERVER__AUDIT__WHEN_FULL", "refuse"),
    ];
    assert_eq!(
        load_with(&PLAIN.yaml(), &variables).unwrap().audit,
        Some(expected)
    );
}

#[test]
fn mistakes_name_field_found_and_expected() {
    for (audit, mistake) in [
        (
            "permits: 1",
            "server.audit.output: is missing; expected `stdout`, or the path of a file",
        ),
        (
            "output: ''",
            "server.audit.output: found an empty text, expected `stdout`, or the path of a file",
        ),
        (
            "output: a, permits: 1.5",
            "server.audit.permits: found `1.5`, expected `true`, `false`, or a number from 0 to 1",
        ),
        (
            "output: a, permits: -1",
            "server.audit.permits: found the number `-1`, expected `true`, `false`, or a number from 0 to 1",
        ),
        (
            "output: a, permits: all",
            "server.audit.permits: found the text `all`, expected `true`, `false`, or a number from 0 to 1",
        ),
        (
            "output: a, operations: ['']",
            "server.audit.operations[0]: found ``, expected a method, a name, or a glob",
        ),
        (
            "output: a, queue: 8",
            "server.audit.queue: found `8`, expected a number from 16 to 1000000",
        ),
        (
            "output: a, when_full: wait",
            "server.audit.when_full: found `wait`, expected `drop` or `refuse`",
        ),
        (
            "output: a, when_fool: drop",
            "server.audit.when_fool: found an unknown key, expected `when_full`",
        ),
    ] {
        assert_eq!(
            load_with(&with_audit(audit), &[]).unwrap_err().plain(),
            mistake,
            "{audit}"
        );
    }
}
