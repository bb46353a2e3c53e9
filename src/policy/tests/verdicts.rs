//! The verdict, and that a decision renders it.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Reason, ResourceId},
    token::{Identity, TokenRules},
};

fn policy(settings: &OauthSettings) -> Policy {
    let id = ResourceId::parse("mcp").unwrap();
    let tokens = TokenRules::new(id.clone(), Vec::new(), Vec::new());
    Policy::compile(&id, settings, tokens, None)
}

fn settings() -> OauthSettings {
    let mut settings = oauth();
    settings.scopes = ScopeSettings {
        initialize: groups("connect"),
        tools_call: groups("call"),
        execute_graphql: groups("graphql"),
        tools: vec![("admin-*".to_owned(), groups("admin | root"))],
        resources: vec![("file:///private/*".to_owned(), groups("private"))],
        ..ScopeSettings::default()
    };
    settings
}

fn verdict_for(granted: &str, operation: &Operation<'_>) -> Verdict {
    let identity = Identity::granted("mcp", granted);
    verdict(
        &policy(&settings()),
        Facts::Verified(&identity),
        operation.into(),
    )
}

#[test]
fn a_verdict_is_permit_acquirable_or_never() {
    assert_eq!(verdict_for("connect call", &tool("echo")), Verdict::Permit);
    let Verdict::Acquirable(missing) = verdict_for("connect", &tool("admin-x")) else {
        panic!("acquirable")
    };
    assert_eq!(missing.missing.to_string(), "call admin");
    assert_eq!(missing.needed.to_string(), "connect call admin");
    let never = |operation| verdict_for("connect call admin root private", &operation).reason();
    assert_eq!(
        never(request("x/unknown", Named::Nothing)),
        Some(Reason::MethodUnknown)
    );
    assert_eq!(never(Operation::NotShown), Some(Reason::OperationUnknown));
}

#[test]
fn an_anonymous_caller_has_no_scope_at_all() {
    let operation = Operation::OpenStream;
    let anonymous = |settings: &OauthSettings| {
        verdict(&policy(settings), Facts::Anonymous, (&operation).into())
    };
    assert_eq!(anonymous(&oauth()), Verdict::Permit);
    assert_eq!(
        anonymous(&settings()).reason(),
        Some(Reason::ScopeInsufficient)
    );
}

#[test]
fn a_pattern_leaves_out_levels_that_depend_on_the_arguments() {
    let mut settings = settings();
    settings.graphql.graph = Some(graph(
        "type Query { a: Int @requiresScopes(scopes: [[\"field\"]]) b: Int }",
    ));
    settings.graphql.enable_arbitrary_operations = true;
    let (policy, caller) = (
        policy(&settings),
        Identity::granted("mcp", "connect call graphql"),
    );
    let call = |query| {
        let named = Named::Tool(Cow::Borrowed("execute_graphql"));
        Call {
            method: Cow::Borrowed("tools/call"),
            is_known: true,
            named,
            query,
        }
    };
    let one = |query| {
        let operation = Operation::Single(Message::Request(call(query)));
        verdict(&policy, Facts::Verified(&caller), (&operation).into()).reason()
    };
    let pattern = verdict(
        &policy,
        Facts::Verified(&caller),
        Target::Pattern(&call(Query::NotShown)),
    );
    assert_eq!(pattern, Verdict::Permit);
    assert_eq!(one(Query::Text(Cow::Borrowed("{ b }"))), None);
    assert_eq!(
        one(Query::Text(Cow::Borrowed("{ a }"))),
        Some(Reason::ScopeInsufficient)
    );
    assert_eq!(one(Query::NotShown), Some(Reason::OperationUnknown));
}

/// Names of each kind that the settings treat differently.
fn calls() -> impl Strategy<Value = Call<'static>> {
    let (tool, uri) = (
        |name| Named::Tool(Cow::Borrowed(name)),
        |uri| Named::Resource(Cow::Borrowed(uri)),
    );
    let named = prop_oneof![
        Just(("tools/call", tool("echo"))),
        Just(("tools/call", tool("admin-x"))),
        Just(("tools/call", tool("execute_graphql"))),
        Just(("resources/read", uri("file:///private/a"))),
        Just(("resources/read", uri("file:///public/../private/a"))),
        Just(("tools/list", Named::Nothing)),
        Just(("x/unknown", Named::Nothing)),
    ];
    named.prop_map(|(method, named)| {
        let is_known = crate::mcp::is_known_request(method);
        Call {
            method: Cow::Borrowed(method),
            is_known,
            named,
            query: Query::NotShown,
        }
    })
}

fn some_scopes() -> impl Strategy<Value = String> {
    let all = ["connect", "call", "graphql", "admin", "root", "private"];
    prop::sample::subsequence(all.to_vec(), 0..=all.len()).prop_map(|scopes| scopes.join(" "))
}

proptest! {
    #[test]
    fn a_decision_is_its_verdict(call in calls(), granted in some_scopes(), is_report in any::<bool>()) {
        let mut settings = settings();
        settings.mode = if is_report { Mode::Report } else { Mode::Enforce };
        let policy = policy(&settings);
        let (identity, operation) = (Identity::granted("mcp", &granted), Operation::Single(Message::Request(call)));
        let verdict = verdict(&policy, Facts::Verified(&identity), (&operation).into());
        let outcome = decide(&policy, Arc::new(identity), &operation).outcome();
        prop_assert_eq!(outcome.kind == OutcomeKind::Permit, verdict == Verdict::Permit);
        let code = verdict.reason().map_or("granted", Reason::code);
        prop_assert_eq!(outcome.code, code);
        // A malformed operation is denied in every mode.
        let is_reported = is_report && verdict.reason().is_some_and(|reason| reason != Reason::OperationMalformed);
        prop_assert_eq!(outcome.kind == OutcomeKind::Report, is_reported);
    }

    #[test]
    fn a_call_never_requires_less_than_its_pattern(call in calls(), granted in some_scopes()) {
        let (policy, identity) = (policy(&settings()), Identity::granted("mcp", &granted));
        let pattern = verdict(&policy, Facts::Verified(&identity), Target::Pattern(&call));
        let operation = Operation::Single(Message::Request(call.clone()));
        let one = verdict(&policy, Facts::Verified(&identity), (&operation).into());
        prop_assert!(one != Verdict::Permit || pattern == Verdict::Permit, "{:?} {:?}", one, pattern);
    }

    #[test]
    fn the_missing_scopes_acquire_a_permit(call in calls(), granted in some_scopes()) {
        let operation = Operation::Single(Message::Request(call));
        if let Verdict::Acquirable(missing) = verdict_for(&granted, &operation) {
            let with_it = format!("{granted} {}", missing.missing);
            prop_assert_eq!(verdict_for(with_it.trim(), &operation), Verdict::Permit);
        }
    }
}
