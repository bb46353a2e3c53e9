//! The log line of one decision. It never contains a token, a secret or a tool's arguments.

use std::borrow::Cow;

use crate::{
    domain::{CheckRequest, Operation},
    policy::{DecisionRecord, OutcomeKind},
    telemetry::{
        log::{LogSettings, SubjectLogging},
        redact,
    },
    token::Identity,
};

/// Writes the line. Tracing needs the level at compile time, hence the macro. The last arguments are further
/// fields.
macro_rules! line {
    ($level:ident, $record:expr, $settings:expr, $($field:ident),+) => {{
        let (record, identity) = ($record, $record.decision.identity());
        let (method, name) = record.operation.as_ref().map_or(("unread", None), Operation::method_and_name);
        tracing::$level!(
            resource = record.resource_id(),
            dialect = record.dialect.name(),
            http_method = redacted(record.request.map(|request: &CheckRequest<'_>| request.http_method)).as_deref(),
            operation = &*redact::borrowed(method),
            name = redacted(name).as_deref(),
            $($field,)+
            subject = subject_of(identity, $settings.subject).as_deref(),
            client_id = redacted(identity.and_then(|identity| identity.client_id.as_deref())).as_deref(),
            key_id = redacted(identity.and_then(|identity| identity.kid.as_deref())).as_deref(),
            duration_us = record.duration_us(),
            trace_id = record.trace_id(),
            scopes_cut = identity.is_some_and(|identity| identity.headers.scopes_cut()),
            "decision"
        );
    }};
}

/// Writes denials and reports (`mode: report`) at `info`. Permits are at `debug`, or at `info` for the share that
/// the operator chose. A line below the log's level costs nothing.
pub(super) fn write(record: &DecisionRecord<'_, '_>, settings: LogSettings) {
    let is_informative = match record.decision.outcome().kind {
        OutcomeKind::Deny | OutcomeKind::Report => true,
        OutcomeKind::Permit => settings.permits.includes_next(),
    };
    if is_informative {
        write_at_info(record, settings);
    } else if tracing::enabled!(tracing::Level::DEBUG) {
        write_at_debug(record, settings);
    }
}

fn write_at_info(record: &DecisionRecord<'_, '_>, settings: LogSettings) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let outcome = record.decision.outcome();
    let (decision, reason, detail) = (outcome.kind.name(), outcome.code, outcome.detail);
    line!(info, record, settings, decision, reason, detail);
}

fn write_at_debug(record: &DecisionRecord<'_, '_>, settings: LogSettings) {
    let outcome = record.decision.outcome();
    let (decision, reason) = (outcome.kind.name(), outcome.code);
    line!(debug, record, settings, decision, reason);
}

fn subject_of(identity: Option<&Identity>, subject: SubjectLogging) -> Option<Cow<'_, str>> {
    let identity = identity?;
    match subject {
        SubjectLogging::Hashed => identity.subject_hash().map(Cow::Borrowed),
        SubjectLogging::Plain => redacted(identity.subject.as_deref()),
        SubjectLogging::Omitted => None,
    }
}

fn redacted(foreign: Option<&str>) -> Option<Cow<'_, str>> {
    foreign.map(redact::borrowed)
}
