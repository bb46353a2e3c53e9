//! The log line of one decision. It never holds a token, a secret or a tool's arguments.

use std::{borrow::Cow, time::Duration};

use super::CheckRequest;
use crate::{
    domain::{Dialect, Operation},
    policy::{Decision, Grounds},
    telemetry::{
        log::{LogSettings, SubjectLogging},
        redact,
    },
    token::Identity,
};

/// What the line is made of.
pub(super) struct Line<'a> {
    pub(super) settings: LogSettings,
    pub(super) dialect: Dialect,
    pub(super) resource: &'a str,
    pub(super) decision: &'a Decision,
    pub(super) operation: Option<&'a Operation<'a>>,
    /// `None` where the request could not be read as its dialect demands.
    pub(super) request: Option<&'a CheckRequest<'a>>,
    pub(super) duration: Duration,
    /// The trace that began here, if one did.
    pub(super) begun_trace: Option<&'a str>,
}

/// The line at one level, which tracing wants to know when it is compiled. The last arguments are fields by their
/// own names.
macro_rules! line {
    ($level:ident, $line:expr, $identity:ident, $($field:ident),+) => {{
        let (method, name) = $line.operation.map_or(("unread", None), Operation::method_and_name);
        tracing::$level!(
            resource = $line.resource,
            dialect = $line.dialect.name(),
            http_method = shown($line.request.map(|request| request.shown.http_method)).as_deref(),
            operation = &*redact::borrowed(method),
            name = shown(name).as_deref(),
            $($field,)+
            subject = $line.subject($identity).as_deref(),
            client_id = shown($identity.and_then(|identity| identity.client_id.as_deref())).as_deref(),
            key_id = shown($identity.and_then(|identity| identity.kid.as_deref())).as_deref(),
            duration_us = $line.duration_us(),
            trace_id = $line.trace_id(),
            scopes_cut = $identity.is_some_and(|identity| identity.headers.scopes_cut()),
            "decision"
        );
    }};
}

impl Line<'_> {
    /// Denials, and what `mode: report` would have denied, at `info`; permits at `debug` unless told
    /// otherwise. What is not written costs nothing.
    pub(super) fn write(&self) {
        match self.decision {
            Decision::Deny(denial) => {
                self.write_at_info(
                    "deny",
                    denial.reason().code(),
                    denial.refusal().detail,
                    denial.identity(),
                );
            }
            Decision::Permit(permit) => match permit.grounds() {
                Grounds::Reported(reason) => {
                    self.write_at_info("report", reason.code(), "", permit.identity());
                }
                grounds @ (Grounds::Granted | Grounds::Public | Grounds::Unenforced) => {
                    if self.settings.permits.includes_next() {
                        self.write_at_info("permit", grounds.code(), "", permit.identity());
                    } else if tracing::enabled!(tracing::Level::DEBUG) {
                        self.write_at_debug(grounds.code(), permit.identity());
                    }
                }
            },
        }
    }

    fn write_at_info(&self, decision: &str, reason: &str, detail: &str, identity: Option<&Identity>) {
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        line!(info, self, identity, decision, reason, detail);
    }

    fn write_at_debug(&self, reason: &str, identity: Option<&Identity>) {
        let decision = "permit";
        line!(debug, self, identity, decision, reason);
    }

    fn trace_id(&self) -> Option<&str> {
        self.begun_trace.or_else(|| self.request.and_then(CheckRequest::trace_id))
    }

    fn duration_us(&self) -> u64 {
        u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX)
    }

    fn subject<'i>(&self, identity: Option<&'i Identity>) -> Option<Cow<'i, str>> {
        let identity = identity?;
        match self.settings.subject {
            SubjectLogging::Hashed => identity.subject_hash().map(Cow::Borrowed),
            SubjectLogging::Plain => shown(identity.subject.as_deref()),
            SubjectLogging::Omitted => None,
        }
    }
}

fn shown(foreign: Option<&str>) -> Option<Cow<'_, str>> {
    foreign.map(redact::borrowed)
}
