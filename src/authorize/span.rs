//! The span of one decision. Attributes have the names of OpenTelemetry's semantic conventions, or begin with
//! `scopegate.` if there is none. Like the log line, the span contains no token, secret or argument.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    domain::{
        Call, CheckRequest, Dialect, Field, GatewayRequest, Message, Named, Operation, Selector,
    },
    policy::DecisionRecord,
    telemetry::{
        log::SubjectLogging,
        redact,
        traces::{Span, SpanContext, SpanKind},
    },
    token::Identity,
};

#[cfg(test)]
mod tests;

/// Options for the spans of decisions.
#[derive(Clone, Copy)]
pub(super) struct SpanOptions {
    /// The form of a token's subject.
    pub(super) subject: SubjectLogging,
    /// The scheme of the listener: `http` or `https`.
    pub(super) scheme: &'static str,
}

/// The span of the decision about `request`, which ended at `end` (since 1970).
pub(super) fn of(
    record: &DecisionRecord<'_, '_>,
    request: &CheckRequest<'_>,
    options: SpanOptions,
    context: SpanContext,
    end: Duration,
) -> Span {
    let mut span = Span::new(
        context,
        name(request),
        SpanKind::Server,
        end,
        record.duration,
    );
    match route(request.dialect) {
        Some(route) => add_http(route, record, request, options.scheme, &mut span),
        None => add_rpc(&mut span),
    }
    add_decision(record, &mut span);
    add_original(record, request, &mut span);
    if let Some(identity) = record.decision.identity() {
        add_identity(identity, options.subject, &mut span);
    }
    span
}

/// `GET /authorize`, or the method of a gRPC service. There are only a few names.
fn name(request: &CheckRequest<'_>) -> Bytes {
    match route(request.dialect) {
        Some(route) => {
            let method = known_method(request.asked_by.method).unwrap_or("HTTP");
            Bytes::from(format!("{method} {route}"))
        }
        None => Bytes::from_static(CHECK.as_bytes()),
    }
}

/// The gateway's own request.
fn add_http(
    route: &'static str,
    record: &DecisionRecord<'_, '_>,
    request: &CheckRequest<'_>,
    scheme: &'static str,
    span: &mut Span,
) {
    let GatewayRequest { method, target } = request.asked_by;
    match known_method(method) {
        Some(method) => span.word("http.request.method", method),
        None => {
            span.word("http.request.method", "_OTHER");
            span.text("http.request.method_original", redact::text(method));
        }
    }
    span.word("http.route", route);
    span.word("url.scheme", scheme);
    span.text(
        "url.path",
        redact::text(target.split_once('?').map_or(target, |(path, _)| path)),
    );
    span.number("http.response.status_code", status(record));
    if let Selector::Host(host) = request.selector {
        add_host(host, span);
    }
}

fn status(record: &DecisionRecord<'_, '_>) -> u16 {
    record
        .decision
        .refusal()
        .map_or(200, |refusal| record.dialect.status_of(refusal.reason))
}

fn add_decision(record: &DecisionRecord<'_, '_>, span: &mut Span) {
    let outcome = record.decision.outcome();
    span.text("scopegate.resource", record.resource_id().to_owned());
    span.word("scopegate.dialect", record.dialect.name());
    span.word("scopegate.decision", outcome.kind.name());
    span.word("scopegate.reason", outcome.code);
    // The span has an error only if scopegate could not decide. A denial is a regular answer.
    if record
        .decision
        .refusal()
        .is_some_and(|refusal| refusal.reason.status() >= 500)
    {
        span.fail(outcome.code);
    }
}

/// The original request.
fn add_original(record: &DecisionRecord<'_, '_>, request: &CheckRequest<'_>, span: &mut Span) {
    span.text(
        "scopegate.request.method",
        redact::text(request.http_method),
    );
    span.text("scopegate.request.path", redact::text(request.path()));
    if let Field::One(version) = request.protocol_version {
        span.text(
            "mcp.protocol.version",
            redact::text(&String::from_utf8_lossy(version)),
        );
    }
    if let Some(operation) = &record.operation {
        add_operation(operation, span);
    }
}

fn add_identity(identity: &Identity, subject: SubjectLogging, span: &mut Span) {
    match subject {
        SubjectLogging::Hashed => {
            if let Some(hash) = identity.subject_hash() {
                span.text("enduser.pseudo.id", hash.to_owned());
            }
        }
        SubjectLogging::Plain => {
            if let Some(subject) = identity.subject.as_deref() {
                span.text("enduser.id", redact::text(subject));
            }
        }
        SubjectLogging::Omitted => {}
    }
    if let Some(client) = identity.client_id.as_deref() {
        span.text("scopegate.client_id", redact::text(client));
    }
}

fn add_rpc(span: &mut Span) {
    span.word("rpc.system.name", "grpc");
    span.word("rpc.method", CHECK);
    // A denial is an answer too: a call never fails because of one.
    span.word("rpc.response.status_code", "OK");
}

fn add_host(host: &str, span: &mut Span) {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse::<u16>().ok()),
        Some(_) | None => (host, None),
    };
    span.text("server.address", redact::text(name));
    if let Some(port) = port {
        span.number("server.port", port);
    }
}

/// Adds the operation. URIs and task ids are left out, as in the log.
fn add_operation(operation: &Operation<'_>, span: &mut Span) {
    let (method, name) = redact::operation(operation);
    let Operation::Single(message) = operation else {
        return span.text("scopegate.operation", method);
    };
    match message {
        Message::Response => span.text("scopegate.operation", method),
        Message::Notification(_) => span.text("mcp.method.name", method),
        Message::Request(Call { named, .. }) => {
            span.text("mcp.method.name", method);
            match (named, name) {
                (Named::Tool(_), Some(name)) => span.text("gen_ai.tool.name", name),
                (Named::Prompt(_), Some(name)) => span.text("gen_ai.prompt.name", name),
                (
                    Named::Nothing
                    | Named::Tool(_)
                    | Named::Prompt(_)
                    | Named::Resource(_)
                    | Named::Resources(_)
                    | Named::Task(_),
                    _,
                ) => {}
            }
        }
    }
}

/// The route of a dialect's requests; `None` for gRPC.
const fn route(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::AuthRequest => Some("/authorize"),
        Dialect::ExtAuthzHttp => Some("/authorize/{path}"),
        Dialect::ForwardAuth => Some("/forward-auth"),
        Dialect::ExtAuthzGrpc => None,
    }
}

/// The methods that the conventions list. Clients could use any number of others.
fn known_method(method: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|known| *known == method)
}

const METHODS: [&str; 10] = [
    "GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH", "CONNECT", "TRACE", "QUERY",
];

const CHECK: &str = "envoy.service.auth.v3.Authorization/Check";
