//! The span of one decision, by OpenTelemetry's semantic conventions where they have a name, else under `scopegate.`. As
//! in the log line, no token, secret or argument is in it.

use std::time::Duration;

use bytes::Bytes;

use super::CheckRequest;
use crate::{
    domain::{Call, Dialect, Field, Message, Named, Operation, Reason},
    policy::{Decision, Grounds, Selector},
    telemetry::{
        log::SubjectLogging,
        redact,
        traces::{Span, SpanContext, SpanKind},
    },
    token::Identity,
};

#[cfg(test)]
mod tests;

/// What the span is made of.
pub(super) struct SpanSource<'a> {
    pub(super) subject: SubjectLogging,
    pub(super) scheme: &'static str,
    pub(super) resource: &'a str,
    pub(super) decision: &'a Decision,
    pub(super) operation: Option<&'a Operation<'a>>,
    pub(super) request: &'a CheckRequest<'a>,
    pub(super) duration: Duration,
}

impl SpanSource<'_> {
    pub(super) fn span(&self, context: SpanContext, end: Duration) -> Span {
        let name = self.name();
        let mut span = Span::new(context, name, SpanKind::Server, end, self.duration);
        match route(self.request.dialect) {
            Some(route) => self.add_http(route, &mut span),
            None => add_rpc(&mut span),
        }
        self.add_decision(&mut span);
        self.add_original(&mut span);
        if let Some(identity) = self.identity() {
            self.add_identity(identity, &mut span);
        }
        span
    }

    /// `GET /authorize`, or the method of a gRPC service: few of them.
    fn name(&self) -> Bytes {
        match route(self.request.dialect) {
            Some(route) => {
                let (method, _) = self.request.asked_by;
                let method = if known_method(method).is_some() { method } else { "HTTP" };
                Bytes::from(format!("{method} {route}"))
            }
            None => Bytes::from_static(CHECK.as_bytes()),
        }
    }

    /// The gateway's own request.
    fn add_http(&self, route: &'static str, span: &mut Span) {
        let (method, target) = self.request.asked_by;
        match known_method(method) {
            Some(method) => span.word("http.request.method", method),
            None => {
                span.word("http.request.method", "_OTHER");
                span.text("http.request.method_original", redact::text(method));
            }
        }
        span.word("http.route", route);
        span.word("url.scheme", self.scheme);
        span.text("url.path", redact::text(target.split_once('?').map_or(target, |(path, _)| path)));
        span.number("http.response.status_code", self.status());
        if let Selector::Host(host) = self.request.selector {
            add_host(host, span);
        }
    }

    fn status(&self) -> u16 {
        match self.decision {
            Decision::Permit(_) => 200,
            Decision::Deny(denial) => self.request.dialect.status_of(denial.reason()),
        }
    }

    fn add_decision(&self, span: &mut Span) {
        let (decision, reason) = match self.decision {
            Decision::Deny(denial) => ("deny", denial.reason().code()),
            Decision::Permit(permit) => match permit.grounds() {
                Grounds::Reported(reason) => ("report", reason.code()),
                grounds @ (Grounds::Granted | Grounds::Public | Grounds::Unenforced) => {
                    ("permit", grounds.code())
                }
            },
        };
        span.text("scopegate.resource", self.resource.to_owned());
        span.word("scopegate.dialect", self.request.dialect.name());
        span.word("scopegate.decision", decision);
        span.word("scopegate.reason", reason);
        if let Some(failure) = self.failure() {
            span.fail(failure.code());
        }
    }

    /// Why nothing could be decided. What was decided against is no failure of ours.
    fn failure(&self) -> Option<Reason> {
        match self.decision {
            Decision::Deny(denial) => Some(denial.reason()).filter(|reason| reason.status() >= 500),
            Decision::Permit(_) => None,
        }
    }

    /// The request that was asked about.
    fn add_original(&self, span: &mut Span) {
        let shown = &self.request.shown;
        span.text("scopegate.request.method", redact::text(shown.http_method));
        span.text("scopegate.request.path", redact::text(self.request.path()));
        if let Field::One(version) = shown.protocol_version {
            span.text("mcp.protocol.version", redact::text(&String::from_utf8_lossy(version)));
        }
        if let Some(operation) = self.operation {
            add_operation(operation, span);
        }
    }

    fn identity(&self) -> Option<&Identity> {
        match self.decision {
            Decision::Permit(permit) => permit.identity(),
            Decision::Deny(denial) => denial.identity(),
        }
    }

    fn add_identity(&self, identity: &Identity, span: &mut Span) {
        let subject = match self.subject {
            SubjectLogging::Hashed => {
                identity.subject_hash().map(|hash| ("enduser.pseudo.id", hash.to_owned()))
            }
            SubjectLogging::Plain => {
                identity.subject.as_deref().map(|subject| ("enduser.id", redact::text(subject)))
            }
            SubjectLogging::Omitted => None,
        };
        if let Some((key, subject)) = subject {
            span.text(key, subject);
        }
        if let Some(client) = identity.client_id.as_deref() {
            span.text("scopegate.client_id", redact::text(client));
        }
    }
}

fn add_rpc(span: &mut Span) {
    span.word("rpc.system.name", "grpc");
    span.word("rpc.method", CHECK);
    // Denials are answers too: a call never fails for one.
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

/// URIs and task ids stay out, as they do in the log.
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

/// The path that a dialect asks at, as it is routed; gRPC has none.
const fn route(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::AuthRequest => Some("/authorize"),
        Dialect::ExtAuthzHttp => Some("/authorize/{path}"),
        Dialect::ForwardAuth => Some("/forward-auth"),
        Dialect::ExtAuthzGrpc => None,
    }
}

/// The methods that the conventions know. Others would make as many values as anybody can think of.
fn known_method(method: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|known| *known == method)
}

const METHODS: [&str; 10] =
    ["GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH", "CONNECT", "TRACE", "QUERY"];

const CHECK: &str = "envoy.service.auth.v3.Authorization/Check";
