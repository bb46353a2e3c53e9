//! The keys of `server.log`, checked.

use crate::telemetry::SamplingRatio;

/// How the service logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// One JSON object a line, or text.
    pub format: LogFormat,
    /// The least severe level that is written.
    pub level: LogLevel,
    /// The share of permits that is logged at `info`; the others are at `debug`.
    pub permits: SamplingRatio,
    /// Whether each line has its time.
    pub timestamps: bool,
    /// How a token's subject appears.
    pub subject: SubjectLogging,
}

/// `server.log.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// `server.log.level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what needs an operator.
    Error,
    /// And what should be looked at.
    Warn,
    /// And denials, starts and reloads.
    Info,
    /// And permits.
    Debug,
    /// Everything.
    Trace,
}

/// `server.log.subject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectLogging {
    /// The first 16 hex digits of its SHA-256.
    Hashed,
    /// As it stands in the token.
    Plain,
    /// Not at all.
    Omitted,
}
