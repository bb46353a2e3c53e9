//! `server.audit`: which decisions the audit log records, and where it is written.

use std::path::Path;

use crate::{
    audit::{AuditOutput, AuditSettings, WhenFull},
    config::{
        declaration::{
            key::Key,
            kind::{Choice, List, Number, Ratio, Text},
            shape::Keys,
        },
        file::section::Section,
        mistake::{Report, shown},
        sections::log::SUBJECTS,
    },
    telemetry::log::SubjectLogging,
};

/// The keys of `server.audit`.
pub(in crate::config) const KEYS: Keys =
    &[&[&OUTPUT, &PERMITS, &OPERATIONS, &SUBJECT, &QUEUE, &WHEN_FULL]];

const OUTPUT: Key<Text> = Key::new(
    "output",
    Text::PATH,
    "Switches the [audit log](audit.md) on: `stdout`, or the path of a file that is appended to. Required where another \
     key of `server.audit` is written.",
);

const PERMITS: Key<Ratio> = Key::new(
    "permits",
    Ratio,
    "Which permits are written: all with `true`, or a ratio of them. Denials always are.",
);

const OPERATIONS: Key<List> = Key::new(
    "operations",
    List::EMPTY,
    "JSON-RPC methods, tools and prompts, or globs of them, whose permits are always written.",
);

const SUBJECT: Key<Choice<SubjectLogging>> = Key::new(
    "subject",
    Choice {
        default: SubjectLogging::Hashed,
        words: SUBJECTS,
    },
    "How a token's subject appears in it.",
);

const QUEUE: Key<Number> = Key::new(
    "queue",
    Number {
        default: Some(8192),
        range: 16..=1_000_000,
    },
    "How many records may wait to be written.",
);

const WHEN_FULL: Key<Choice<WhenFull>> = Key::new(
    "when_full",
    Choice {
        default: WhenFull::Drop,
        words: &[("drop", WhenFull::Drop), ("refuse", WhenFull::Refuse)],
    },
    "What happens to a permit if the queue has no room for its record, or records cannot be \
     written. `drop` permits, loses the record and counts the loss. `refuse` denies with \
     `audit-unavailable`.",
);

/// Reads the section; paths are relative to `folder`. Without the section there is no audit log. A
/// section without `output` is a mistake, since its author expects a log.
pub(in crate::config) fn read(
    audit: &Section,
    folder: &Path,
    report: &mut Report,
) -> Option<AuditSettings> {
    if !audit.is_written() {
        return None;
    }
    let expected = "`stdout`, or the path of a file";
    audit.require(&OUTPUT, expected, report);
    let output = audit.find(&OUTPUT);
    if output == Some("") {
        report.mistake(&audit.at(&OUTPUT), "an empty text", expected);
    }
    let settings = AuditSettings {
        output: match output? {
            "stdout" => AuditOutput::Stdout,
            path => AuditOutput::File(folder.join(path)),
        },
        permits: audit.get(&PERMITS),
        operations: operations(audit, report),
        subject: audit.get(&SUBJECT),
        queue: audit.get(&QUEUE),
        when_full: audit.get(&WHEN_FULL),
    };
    Some(settings)
}

fn operations(audit: &Section, report: &mut Report) -> Vec<String> {
    let globs = audit.get(&OPERATIONS);
    for (index, glob) in globs.iter().enumerate().filter(|(_, glob)| glob.is_empty()) {
        let path = format!("{}[{index}]", audit.at(&OPERATIONS));
        report.mistake(&path, shown(glob), "a method, a name, or a glob");
    }
    globs
}
