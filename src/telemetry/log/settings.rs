//! The validated keys of the section `server.log`.

use crate::telemetry::SamplingRatio;

/// How the service logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The format of a line.
    pub format: LogFormat,
    /// The least severe level that is written.
    pub level: LogLevel,
    /// The share of permits that is logged at `info`; the others are logged at `debug`.
    pub permits: SamplingRatio,
    /// Whether each line has its time.
    pub timestamps: bool,
    /// How the subject of a token appears.
    pub subject: SubjectLogging,
}

/// `server.log.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Text for people.
    Text,
}

/// `server.log.level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures that need an operator at once.
    Error,
    /// Also conditions that an operator should check.
    Warn,
    /// Also denials, starts and reloads.
    Info,
    /// Also permits.
    Debug,
    /// All events.
    Trace,
}

/// `server.log.subject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectLogging {
    /// The first 16 hex digits of its SHA-256.
    Hashed,
    /// The value in the token.
    Plain,
    /// It does not appear.
    Omitted,
}
