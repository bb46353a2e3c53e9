use std::{borrow::Cow, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{REQUEST, record, settings};
use crate::{
    audit::{WhenFull, line::line_of, selection::Selection},
    domain::{Call, CheckRequest, Message, Named, Operation, Query, Reason},
    policy::{Decision, DecisionRecord, Denial, permit_public_for_tests},
    telemetry::{SamplingRatio, log::SubjectLogging},
    token::Identity,
};

fn line(record: &DecisionRecord<'_, '_>, subject: SubjectLogging) -> Value {
    let line = line_of(
        record,
        subject,
        Duration::from_micros(1_795_488_490_029_516),
    );
    assert!(line.is_ascii() && line.ends_with(b"\n") && !line[..line.len() - 1].contains(&b'\n'));
    serde_json::from_slice(&line).unwrap()
}

fn denied(identity: Option<Identity>) -> Decision {
    let denial = Denial::of(Reason::ScopeInsufficient);
    Decision::Deny(match identity {
        Some(identity) => denial.with_identity(Arc::new(identity)),
        None => denial,
    })
}

/// The record of a denied operation.
fn about<'a>(operation: Operation<'a>) -> DecisionRecord<'a, 'a> {
    DecisionRecord {
        operation: Some(operation),
        ..record(denied(None))
    }
}

fn message<'a>(method: &'a str, named: Named<'a>) -> Message<'a> {
    Message::Request(Call {
        method: Cow::from(method),
        is_known: true,
        named,
        query: Query::NotShown,
    })
}

#[test]
fn unknown_fields_are_left_out() {
    let expected = json!({
        "schema": 1, "event": "decision", "time": "2026-11-24T02:48:10.029516Z", "resource": "none",
        "dialect": "auth_request", "http_method": "POST", "decision": "permit", "code": "public",
        "policy_version": "624f48acded3", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "duration_us": 431,
    });
    assert_eq!(
        line(&record(permit_public_for_tests()), SubjectLogging::Plain),
        expected
    );
}

#[test]
fn a_subject_is_hashed_plain_or_omitted() {
    let subject =
        |how| line(&record(denied(Some(Identity::granted("mcp", "a")))), how)["subject"].clone();
    assert_eq!(subject(SubjectLogging::Hashed), "2bd806c97f0e00af");
    assert_eq!(subject(SubjectLogging::Plain), "alice");
    assert_eq!(subject(SubjectLogging::Omitted), Value::Null);
}

#[test]
fn the_identity_of_the_token_is_recorded() {
    let line = line(
        &record(denied(Some(Identity::granted("mcp", "a b")))),
        SubjectLogging::Hashed,
    );
    assert_eq!(line["client_id"], "client");
    assert_eq!(line["issuer"], "https://auth.example.com");
    assert_eq!(line["key_id"], "k1");
    assert_eq!(line["present_scopes"], json!(["a", "b"]));
    assert_eq!(line["scopes_cut"], Value::Null);
}

#[test]
fn a_long_list_of_scopes_is_cut_and_marked() {
    let scopes: Vec<String> = (0..1000)
        .map(|number| format!("scope-{number:04}"))
        .collect();
    let line = line(
        &record(denied(Some(Identity::granted("mcp", &scopes.join(" "))))),
        SubjectLogging::Hashed,
    );
    assert_eq!(line["present_scopes"].as_array().unwrap().len(), 409);
    assert_eq!(line["scopes_cut"], true);
}

#[test]
fn names_from_a_client_are_made_printable_and_cut() {
    let name = format!("a\"\n\u{1b}[31m\u{202e}{}", "x".repeat(500));
    let operation = Operation::Single(message("tools/call", Named::Tool(Cow::from(name))));
    let request = CheckRequest {
        http_method: "P\nOST",
        ..REQUEST
    };
    let record = DecisionRecord {
        request: Some(&request),
        ..about(operation)
    };
    let line = line(&record, SubjectLogging::Hashed);
    assert_eq!(line["http_method"], "P?OST");
    let name = line["name"].as_str().unwrap();
    assert!(
        name.starts_with("a\"??[31m?xxx") && name.len() == 120,
        "{name}"
    );
}

#[test]
fn uris_and_task_ids_are_left_out_like_arguments() {
    for (method, named) in [
        (
            "resources/read",
            Named::Resource(Cow::from("file:///patients/secret")),
        ),
        (
            "subscriptions/listen",
            Named::Resources(vec![Cow::from("file:///secret")]),
        ),
        ("tasks/result", Named::Task(Cow::from("secret"))),
    ] {
        let operation = Operation::Single(message(method, named));
        let line = line(&about(operation), SubjectLogging::Hashed);
        assert_eq!(line["operation"], method);
        assert!(!line.to_string().contains("secret"), "{line}");
    }
}

#[test]
fn each_message_of_a_batch_is_named() {
    let operation = Operation::Batch(vec![
        message("tools/call", Named::Tool(Cow::from("delete_user"))),
        Message::Response,
        message("resources/read", Named::Resource(Cow::from("file:///x"))),
    ]);
    let line = line(&about(operation), SubjectLogging::Hashed);
    assert_eq!(line["operation"], "batch");
    let messages = json!([
        {"operation": "tools/call", "name": "delete_user"}, {"operation": "response"}, {"operation": "resources/read"},
    ]);
    assert_eq!(line["messages"], messages);
}

#[test]
fn denials_are_always_recorded_and_permits_by_rate_or_by_name() {
    let chooses = |operations: &[&str], decision: Decision, operation: &Operation<'static>| {
        let mut settings = settings(WhenFull::Drop);
        settings.permits = SamplingRatio::NONE;
        settings.operations = operations.iter().map(|glob| (*glob).to_owned()).collect();
        let operation = Some(operation.clone());
        Selection::new(&settings).chooses(&DecisionRecord {
            operation,
            ..record(decision)
        })
    };
    let call = Operation::Single(message("tools/call", Named::Tool(Cow::from("delete_user"))));
    let batch = Operation::Batch(vec![
        Message::Response,
        message("prompts/get", Named::Prompt(Cow::from("ask"))),
    ]);
    assert!(chooses(&[], denied(None), &call));
    for (globs, operation, expected) in [
        (&[][..], &call, false),
        (&["tools/*"], &call, true),
        (&["tools/list", "delete_*"], &call, true),
        (&["delete"], &call, false),
        (&["ask"], &batch, true),
        (&["stream"], &Operation::OpenStream, true),
        (&["tools/*"], &batch, false),
    ] {
        assert_eq!(
            chooses(globs, permit_public_for_tests(), operation),
            expected,
            "{globs:?}"
        );
    }
}

#[test]
fn the_longest_line_is_bounded() {
    let ugly = "\"".repeat(200);
    let messages = (0..50).map(|_| message(&ugly, Named::Tool(Cow::from(ugly.as_str()))));
    let operation = Operation::Batch(messages.collect());
    let scopes: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let identity = Identity::granted("mcp", &scopes.join(" ")).with_kid(&ugly);
    let request = CheckRequest {
        http_method: &ugly,
        ..REQUEST
    };
    let record = DecisionRecord {
        request: Some(&request),
        decision: denied(Some(identity)),
        ..about(operation)
    };
    let line = line_of(&record, SubjectLogging::Plain, Duration::ZERO);
    // Required scopes and identity headers can add 4 and 3 KiB.
    assert!((25 << 10..33 << 10).contains(&line.len()), "{}", line.len());
}
