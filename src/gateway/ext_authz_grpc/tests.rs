//! Every kind of decision as bytes on the wire, decoded as Envoy decodes it: Envoy must not read
//! any denial as "allow" because a field is missing. And every rule of reading a `CheckRequest`.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use super::{
    check_message::{Attributes, CheckMessage, Entry, HeaderMap, HttpRequest, Request},
    *,
};
use crate::{
    domain::{Reason, Refusal},
    policy::Denial,
    token::Identity,
};

/// The fields that Envoy reads (`ext_authz_grpc_impl.cc`): the code of the status, absent for 0;
/// then the response that is set, and the code of its HTTP status, absent for 0.
#[derive(Clone, PartialEq, Message)]
struct EnvoyView {
    #[prost(message, optional, tag = "1")]
    status: Option<Number>,
    #[prost(message, optional, tag = "2")]
    denied: Option<Response>,
    #[prost(message, optional, tag = "3")]
    ok: Option<Response>,
    #[prost(message, optional, tag = "5")]
    error: Option<Response>,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    status: Option<Number>,
}

#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(int32, tag = "1")]
    code: i32,
}

fn as_envoy_reads(answer: &CheckAnswer) -> EnvoyView {
    let mut wire = Vec::new();
    answer.write(&mut wire).unwrap();
    EnvoyView::decode(&*wire).unwrap()
}

fn denied(denial: Denial) -> Checked<'static> {
    Checked {
        decision: Decision::Deny(denial),
        removes_token: false,
        operation: None,
    }
}

#[test]
fn envoy_reads_no_denial_as_a_permit() {
    let identity = Arc::new(Identity::granted("mcp", "mcp:connect"));
    for reason in Reason::ALL {
        for denial in [
            Denial::of(reason),
            Denial::of(reason).with_identity(Arc::clone(&identity)),
        ] {
            let seen = as_envoy_reads(&write(&denied(denial), None));
            assert_ne!(seen.status.unwrap().code, 0, "{reason:?}");
            assert_eq!(seen.ok, None, "{reason:?}");
            let is_undecided = reason.status() >= 500;
            assert_eq!(
                (seen.denied.is_some(), seen.error.is_some()),
                (!is_undecided, is_undecided)
            );
            let http = seen.denied.or(seen.error).unwrap().status.unwrap().code;
            assert_eq!(http, i32::from(reason.status()), "{reason:?}");
            assert!((400..600).contains(&http), "{reason:?}");
        }
    }
}

#[test]
fn envoy_reads_a_permit_as_a_permit() {
    let decision = crate::policy::permit_for_tests(Identity::granted("mcp", "mcp:connect"));
    let permit = Checked {
        decision,
        removes_token: false,
        operation: None,
    };
    let seen = as_envoy_reads(&write(&permit, None));
    assert_eq!(seen.status, Some(Number { code: 0 }));
    assert!(seen.ok.is_some() && seen.denied.is_none() && seen.error.is_none());
}

fn entry(key: &'static str, value: &'static str) -> Entry {
    Entry {
        key: key.into(),
        value: value.into(),
        raw_value: Bytes::new(),
    }
}

fn raw(key: &'static str, value: &'static str) -> Entry {
    Entry {
        key: key.into(),
        value: Bytes::new(),
        raw_value: value.into(),
    }
}

fn message(change: impl FnOnce(&mut HttpRequest)) -> CheckMessage {
    let mut http = HttpRequest {
        method: "POST".into(),
        path: "/mcp?a=b".into(),
        host: "mcp.example.com".into(),
        ..HttpRequest::default()
    };
    change(&mut http);
    let request = Some(Request { http: Some(http) });
    CheckMessage {
        attributes: Some(Attributes {
            request,
            context_extensions: Vec::new(),
        }),
    }
}

fn body(change: impl FnOnce(&mut HttpRequest)) -> Result<String, Refusal> {
    read(&message(change), 8).map(|request| format!("{:?}", request.body))
}

#[test]
fn a_body_that_envoy_may_have_cut_is_not_whole() {
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(body(|_| ()), ok("Absent"));
    assert_eq!(body(|http| http.size = -1), ok("Absent"));
    assert_eq!(
        body(|http| http.raw_body = "{}".into()),
        ok("Whole(2 bytes)")
    );
    assert_eq!(body(|http| http.body = "{}".into()), ok("Text(2 bytes)"));
    assert_eq!(
        body(|http| http.raw_body = "123456789".into()),
        ok("TooLarge")
    );
    assert_eq!(body(|http| http.size = 1), ok("Cut"));
    let sized = |size| {
        body(move |http| {
            http.raw_body = "{}".into();
            http.size = size;
        })
    };
    assert_eq!(sized(2), ok("Whole(2 bytes)"));
    assert_eq!(
        [sized(3), sized(i64::MAX), sized(-1)],
        [ok("Cut"), ok("Cut"), ok("Cut")]
    );
    let marked = |value| {
        body(move |http| {
            http.raw_body = "{}".into();
            http.headers.push(entry("x-envoy-auth-partial-body", value));
        })
    };
    assert_eq!(marked("false"), ok("Whole(2 bytes)"));
    assert_eq!(
        [marked("true"), marked("false,false"), marked("")],
        [ok("Cut"), ok("Cut"), ok("Cut")]
    );
    let both = body(|http| {
        http.raw_body = "{}".into();
        http.body = "{}".into();
    });
    assert_eq!(
        both,
        Err(request_malformed("raw_body and body are both set"))
    );
}

#[test]
fn headers_and_header_map_are_both_read_and_must_agree() {
    let field = |headers: Vec<Entry>, map: Vec<Entry>| {
        let message = message(|http| {
            http.headers = headers;
            http.header_map = Some(HeaderMap { headers: map });
        });
        read(&message, 8)
            .map(|request| format!("{:?}", request.authorization))
            .unwrap()
    };
    let one = format!("{:?}", Field::One(b"Bearer a"));
    assert_eq!(field(vec![], vec![]), "Absent");
    assert_eq!(field(vec![entry("authorization", "Bearer a")], vec![]), one);
    assert_eq!(field(vec![], vec![raw("Authorization", "Bearer a")]), one);
    assert_eq!(field(vec![], vec![entry("authorization", "Bearer a")]), one);
    assert_eq!(
        field(
            vec![entry("authorization", "Bearer a")],
            vec![raw("authorization", "Bearer a")]
        ),
        one
    );
    for (headers, map) in [
        (
            vec![],
            vec![
                raw("authorization", "Bearer a"),
                raw("authorization", "Bearer a"),
            ],
        ),
        (
            vec![],
            vec![raw("authorization", "Bearer a"), raw("AUTHORIZATION", "")],
        ),
        (
            vec![entry("authorization", "Bearer a")],
            vec![raw("authorization", "Bearer b")],
        ),
        (
            vec![
                entry("authorization", "Bearer a"),
                entry("authorization", "Bearer a"),
            ],
            vec![],
        ),
        (
            vec![],
            vec![Entry {
                raw_value: "Bearer b".into(),
                ..entry("authorization", "Bearer a")
            }],
        ),
    ] {
        assert_eq!(field(headers, map), "Repeated");
    }
}

#[test]
fn a_message_with_a_missing_or_repeated_part_is_refused() {
    for broken in [
        message(|http| http.method = Bytes::new()),
        message(|http| http.path = Bytes::new()),
        message(|http| http.path = "/a b".into()),
        message(|http| http.path = Bytes::from_static(b"/\xff")),
        message(|http| http.host = Bytes::new()),
        CheckMessage { attributes: None },
        CheckMessage {
            attributes: Some(Attributes::default()),
        },
    ] {
        assert!(read(&broken, 8).is_err());
    }
    let with = |extensions: Vec<Entry>| {
        let mut message = message(|http| http.host = Bytes::new());
        message.attributes.as_mut().unwrap().context_extensions = extensions;
        read(&message, 8)
            .map(|request| format!("{:?}", request.selector))
            .ok()
    };
    assert_eq!(
        with(vec![entry("resource", "mcp")]),
        Some("Id(\"mcp\")".to_owned())
    );
    assert_eq!(
        with(vec![entry("resource", "mcp"), entry("resource", "mcp")]),
        None
    );
    assert_eq!(with(vec![entry("resource", "")]), None);
    assert!(CheckMessage::read(&b"\x0a\xff"[..]).is_err());
}

#[test]
fn debug_output_does_not_show_a_message() {
    let secret = message(|http| http.headers.push(entry("authorization", "Bearer secret")));
    assert_eq!(format!("{secret:?}"), "CheckMessage { .. }");
}
