//! `server.log`: what is logged, and in which format.

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Choice, Flag, Ratio},
            shape::Keys,
        },
        file::section::Section,
    },
    telemetry::log::{LogFormat, LogLevel, LogSettings, SubjectLogging},
};

/// The keys of `server.log`.
pub(in crate::config) const KEYS: Keys = &[&[&FORMAT, &TIMESTAMPS, &LEVEL, &PERMITS, &SUBJECT]];

const FORMAT: Key<Choice<LogFormat>> = Key::new(
    "format",
    Choice {
        default: LogFormat::Json,
        words: &[("json", LogFormat::Json), ("text", LogFormat::Text)],
    },
    "One JSON object a line, or text for people.",
);

const TIMESTAMPS: Key<Flag> = Key::new(
    "timestamps",
    Flag::ON,
    "`false` leaves the time out of log lines, for collectors that stamp lines themselves, such as journald.",
);

const LEVEL: Key<Choice<LogLevel>> = Key::new(
    "level",
    Choice {
        default: LogLevel::Info,
        words: &[
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
            ("trace", LogLevel::Trace),
        ],
    },
    "The least severe level that is logged. Denials are `info`, permits are `debug`.",
);

const PERMITS: Key<Ratio> = Key::new(
    "permits",
    Ratio,
    "Logs permits at `info` too: all with `true`; with a number from 0 to 1 that ratio of them, drawn by chance (`0.01`: \
     one in a hundred). One line a request costs more than the decision itself; a permit that is not logged costs \
     nothing.",
);

const SUBJECT: Key<Choice<SubjectLogging>> = Key::new(
    "subject",
    Choice {
        default: SubjectLogging::Hashed,
        words: SUBJECTS,
    },
    "How a token's subject appears in the log and in spans.",
);

/// How the log and the audit log show a token's subject.
pub(in crate::config) const SUBJECTS: &[(&str, SubjectLogging)] = &[
    ("hashed", SubjectLogging::Hashed),
    ("plain", SubjectLogging::Plain),
    ("omitted", SubjectLogging::Omitted),
];

/// Reads the section.
pub(in crate::config) fn read(log: &Section) -> LogSettings {
    LogSettings {
        format: log.get(&FORMAT),
        timestamps: log.get(&TIMESTAMPS),
        level: log.get(&LEVEL),
        permits: log.get(&PERMITS),
        subject: log.get(&SUBJECT),
    }
}
