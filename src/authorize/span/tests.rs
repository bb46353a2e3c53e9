//! The attributes of a decision's span; tests/real compares whole spans that a collector has received.

use super::*;
use crate::{
    domain::{Query, Reason},
    policy::{Decision, Denial},
    telemetry::{SamplingRatio, traces::Sampler},
};
use std::sync::Arc;

fn request(
    dialect: Dialect,
    method: &'static str,
    selector: Selector<'static>,
) -> CheckRequest<'static> {
    CheckRequest {
        dialect,
        selector,
        target: "/mcp?secret=1",
        authorization: Field::One(b"Bearer secret"),
        protocol_version: Field::Repeated,
        asked_by: GatewayRequest {
            method,
            target: "/authorize/mcp?secret=1",
        },
        ..CheckRequest::BARE
    }
}

struct Case {
    request: CheckRequest<'static>,
    subject: SubjectLogging,
    denial: Denial,
    operation: Option<Operation<'static>>,
}

impl Case {
    fn new(reason: Reason) -> Self {
        let request = request(Dialect::AuthRequest, "GET", Selector::Sole);
        Self {
            request,
            subject: SubjectLogging::Hashed,
            denial: Denial::of(reason),
            operation: None,
        }
    }

    fn span(self) -> Span {
        let record = DecisionRecord {
            decision: Decision::Deny(self.denial),
            operation: self.operation,
            duration: Duration::from_micros(7),
            ..DecisionRecord::of_request(&self.request, "version")
        };
        let options = SpanOptions {
            subject: self.subject,
            scheme: "https",
        };
        let context = Sampler::of(SamplingRatio::ALL)
            .sample(Field::Absent, Field::Absent)
            .unwrap();
        of(
            &record,
            &self.request,
            options,
            context,
            Duration::from_secs(1_700_000_000),
        )
    }
}

fn calling(method: &'static str, named: Named<'static>) -> Operation<'static> {
    let call = Call {
        method: method.into(),
        is_known: true,
        named,
        query: Query::NotShown,
    };
    Operation::Single(Message::Request(call))
}

#[test]
fn the_status_is_that_of_the_answer() {
    for (dialect, status) in [(Dialect::AuthRequest, "403"), (Dialect::ForwardAuth, "400")] {
        let request = request(dialect, "GET", Selector::Sole);
        let span = Case {
            request,
            ..Case::new(Reason::OperationMalformed)
        }
        .span();
        assert_eq!(
            span.attribute("http.response.status_code").as_deref(),
            Some(status)
        );
        assert_eq!(span.attribute("error.type"), None);
    }
    let span = Case::new(Reason::KeysUnavailable).span();
    assert_eq!(
        span.attribute("http.response.status_code").as_deref(),
        Some("503")
    );
    assert_eq!(
        span.attribute("error.type").as_deref(),
        Some("keys-unavailable")
    );
}

#[test]
fn an_invented_method_does_not_name_the_span() {
    let request = request(Dialect::ExtAuthzHttp, "BR\u{e9}W", Selector::Sole);
    let span = Case {
        request,
        ..Case::new(Reason::TokenMissing)
    }
    .span();
    assert_eq!(span.name(), "HTTP /authorize/{path}");
    assert_eq!(
        span.attribute("http.request.method").as_deref(),
        Some("_OTHER")
    );
    assert_eq!(
        span.attribute("http.request.method_original").as_deref(),
        Some("BR?W")
    );
    assert_eq!(
        span.attribute("url.path").as_deref(),
        Some("/authorize/mcp")
    );
    assert_eq!(span.attribute("url.scheme").as_deref(), Some("https"));
}

#[test]
fn a_host_is_split_into_name_and_port() {
    for (host, name, port) in [
        ("a.example", "a.example", None),
        ("a.example:8080", "a.example", Some("8080")),
        ("[::1]", "[::1]", None),
        ("[::1]:80", "[::1]", Some("80")),
    ] {
        let request = request(Dialect::ForwardAuth, "GET", Selector::Host(host));
        let span = Case {
            request,
            ..Case::new(Reason::TokenMissing)
        }
        .span();
        assert_eq!(span.attribute("server.address").as_deref(), Some(name));
        assert_eq!(span.attribute("server.port").as_deref(), port);
    }
}

#[test]
fn a_subject_has_the_same_form_as_in_the_log() {
    for (subject, hashed, plain) in [
        (SubjectLogging::Hashed, Some(redact::hash("alice")), None),
        (SubjectLogging::Plain, None, Some("alice".to_owned())),
        (SubjectLogging::Omitted, None, None),
    ] {
        let identity = Arc::new(Identity::granted("mcp", "a"));
        let denial = Denial::of(Reason::ScopeInsufficient).with_identity(identity);
        let span = Case {
            subject,
            denial,
            ..Case::new(Reason::ScopeInsufficient)
        }
        .span();
        assert_eq!(span.attribute("enduser.pseudo.id"), hashed);
        assert_eq!(span.attribute("enduser.id"), plain);
    }
}

#[test]
fn the_operation_is_named_without_uris_and_task_ids() {
    let named = |operation| {
        let span = Case {
            operation: Some(operation),
            ..Case::new(Reason::ScopeInsufficient)
        }
        .span();
        [
            "mcp.method.name",
            "gen_ai.tool.name",
            "gen_ai.prompt.name",
            "scopegate.operation",
        ]
        .map(|key| span.attribute(key))
        .map(|value| value.unwrap_or_default())
    };
    let tool = calling("tools/call", Named::Tool("a\nb".into()));
    assert_eq!(named(tool), ["tools/call", "a?b", "", ""]);
    assert_eq!(
        named(calling("prompts/get", Named::Prompt("p".into()))),
        ["prompts/get", "", "p", ""]
    );
    assert_eq!(
        named(calling(
            "resources/read",
            Named::Resource("x:secret".into())
        ))[1..],
        ["", "", ""]
    );
    assert_eq!(
        named(calling("tasks/get", Named::Task("secret".into())))[1..],
        ["", "", ""]
    );
    let notification = Operation::Single(Message::Notification("notifications/initialized"));
    assert_eq!(
        named(notification),
        ["notifications/initialized", "", "", ""]
    );
    assert_eq!(
        named(Operation::Single(Message::Response)),
        ["", "", "", "response"]
    );
    assert_eq!(named(Operation::OpenStream), ["", "", "", "stream"]);
    assert_eq!(named(Operation::Batch(Vec::new())), ["", "", "", "batch"]);
}

#[test]
fn queries_and_headers_are_left_out() {
    let request = request(Dialect::ExtAuthzGrpc, "POST", Selector::Host("h"));
    let span = Case {
        request,
        ..Case::new(Reason::TokenMissing)
    }
    .span();
    assert!(!format!("{span:?}").contains("secret"));
    assert_eq!(
        span.attribute("scopegate.request.path").as_deref(),
        Some("/mcp")
    );
    assert_eq!(
        span.attribute("rpc.response.status_code").as_deref(),
        Some("OK")
    );
    assert_eq!(span.attribute("url.path"), None);
    assert_eq!(
        span.attribute("mcp.protocol.version"),
        None,
        "the header was repeated"
    );
}
