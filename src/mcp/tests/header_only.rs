//! Headers that name the operation of a POST without a body.

use super::*;
use crate::domain::Refusal;

fn trusted<'a>(
    version: &'a str,
    method: &'a str,
    name: Field<'a>,
) -> Result<Operation<'a>, Refusal> {
    let request = CheckRequest {
        protocol_version: Field::One(version.as_bytes()),
        mcp_method: Field::One(method.as_bytes()),
        mcp_name: name,
        ..BARE
    };
    assert_eq!(
        read(&request, Trust::default()).unwrap_or(Operation::NotShown),
        Operation::NotShown,
        "untrusted headers never name an operation"
    );
    read(&request, TRUSTED)
}

fn modern<'a>(method: &'a str, name: Field<'a>) -> Result<Operation<'a>, Refusal> {
    trusted("2026-07-28", method, name)
}

#[test]
fn trusted_headers_name_the_operation() {
    for (method, name, named) in [
        ("tools/call", "a", Named::Tool("a".into())),
        (
            "tools/call",
            " =?base64?YWRtaW4=?= ",
            Named::Tool("admin".into()),
        ),
        ("tools/call", "=?base64?YSxi?=", Named::Tool("a,b".into())),
        ("prompts/get", "p", Named::Prompt("p".into())),
        (
            "resources/read",
            "file:///a b",
            Named::Resource("file:///a b".into()),
        ),
        ("tasks/get", "t", Named::Task("t".into())),
        ("tasks/update", "t", Named::Task("t".into())),
        ("tasks/cancel", "t", Named::Task("t".into())),
    ] {
        assert_eq!(
            modern(method, Field::One(name.as_bytes())),
            known(method, named),
            "{method} {name}"
        );
    }
    for method in [
        "tools/list",
        "server/discover",
        "resources/list",
        "prompts/list",
    ] {
        assert_eq!(modern(method, Field::Absent), known(method, Named::Nothing));
    }
    let unknown = Ok(single("skills/get", false, Named::Nothing));
    assert_eq!(modern("skills/get", Field::Absent), unknown);
    assert_eq!(modern("skills/get", Field::One(b"s")), unknown);
}

#[test]
fn headers_count_only_under_a_revision_that_demands_them() {
    for version in [
        "2024-11-05",
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-29",
        "2027-01-01",
        "DRAFT",
        "",
    ] {
        assert_eq!(
            trusted(version, "tools/list", Field::Absent),
            Ok(Operation::NotShown),
            "{version}"
        );
    }
    let without_version = CheckRequest {
        mcp_method: Field::One(b"tools/list"),
        ..BARE
    };
    assert_eq!(read(&without_version, TRUSTED), Ok(Operation::NotShown));
    let without_method = CheckRequest {
        protocol_version: Field::One(b"2026-07-28"),
        ..BARE
    };
    assert_eq!(read(&without_method, TRUSTED), Ok(Operation::NotShown));
}

#[test]
fn operations_that_the_headers_do_not_determine_are_not_shown() {
    for method in [
        "completion/complete",
        "subscriptions/listen",
        "initialize",
        "ping",
        "resources/subscribe",
        "tasks/result",
        "tasks/list",
        "logging/setLevel",
        "notifications/initialized",
        "",
    ] {
        assert_eq!(
            modern(method, Field::Absent),
            Ok(Operation::NotShown),
            "{method}"
        );
        assert_eq!(
            modern(method, Field::One(b"x")),
            Ok(Operation::NotShown),
            "{method}"
        );
    }
    for method in ["tools/call", "prompts/get", "resources/read", "tasks/get"] {
        assert_eq!(
            modern(method, Field::Absent),
            Ok(Operation::NotShown),
            "{method}"
        );
    }
}

#[test]
fn a_name_without_a_body_must_be_a_single_name() {
    let malformed = Some((Reason::OperationMalformed, -32020));
    for name in [
        "a,b",
        "a, b",
        "",
        "=?base64?YQ?=",
        "=?base64?YQA=?=",
        "=?base64?=",
    ] {
        assert_eq!(
            refusal(modern("tools/call", Field::One(name.as_bytes()))),
            malformed,
            "{name}"
        );
    }
    let mismatch = Some((Reason::OperationMismatch, -32020));
    assert_eq!(refusal(modern("tools/list", Field::One(b"a"))), mismatch);
}
