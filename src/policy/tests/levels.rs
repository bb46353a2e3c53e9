//! The levels that an operation requires.

use std::{borrow::Cow, path::PathBuf};

use super::*;

fn full() -> OauthSettings {
    let mut settings = oauth();
    settings.scopes = ScopeSettings {
        initialize: groups("connect"),
        tools_list: groups("list"),
        tools_call: groups("call"),
        methods: vec![
            ("prompts/*".to_owned(), groups("prompts")),
            ("x/own".to_owned(), groups("own")),
            ("tools/call".to_owned(), groups("extra")),
        ],
        tools: vec![("admin-*".to_owned(), groups("admin | root"))],
        prompts: vec![("secret".to_owned(), groups("secret"))],
        resources: vec![("file:///private/*".to_owned(), groups("private"))],
        ..ScopeSettings::default()
    };
    settings
}

fn resource(method: &'static str, uri: &'static str) -> Operation<'static> {
    request(method, Named::Resource(Cow::Borrowed(uri)))
}

#[test]
fn every_operation_requires_its_levels() {
    let table = PolicyTable::compile(&full());
    let prompt = |name| request("prompts/get", Named::Prompt(Cow::Borrowed(name)));
    let cases: [(Operation<'_>, &[&str]); 16] = [
        (Operation::OpenStream, &["connect"]),
        (Operation::EndSession, &["connect"]),
        (Operation::NotShown, &["operation-unknown"]),
        (Operation::Single(Message::Response), &["connect"]),
        (
            Operation::Single(Message::Notification("notifications/cancelled")),
            &["connect"],
        ),
        (request("initialize", Named::Nothing), &["connect"]),
        (request("server/discover", Named::Nothing), &["connect"]),
        (request("ping", Named::Nothing), &["connect"]),
        (request("tools/list", Named::Nothing), &["connect", "list"]),
        (tool("echo"), &["connect", "call", "extra"]),
        (
            tool("admin-reset"),
            &["connect", "call", "extra", "(admin | root)"],
        ),
        (request("x/own", Named::Nothing), &["connect", "own"]),
        (request("x/other", Named::Nothing), &["method-unknown"]),
        (prompt("secret"), &["connect", "prompts", "secret"]),
        (
            resource("resources/read", "file:///private/a"),
            &["connect", "private"],
        ),
        (
            resource("resources/read", "file:///public/../private/a"),
            &["operation-malformed"],
        ),
    ];
    for (operation, expected) in cases {
        assert_eq!(
            requirements_of(&table, &operation),
            expected,
            "{operation:?}"
        );
    }
}

#[test]
fn a_batch_requires_the_levels_of_all_its_messages() {
    let table = PolicyTable::compile(&full());
    let message = |operation: Operation<'static>| operation.messages()[0].clone();
    let batch = |operations: Vec<Operation<'static>>| {
        Operation::Batch(operations.into_iter().map(message).collect())
    };
    let list_and_call = batch(vec![request("tools/list", Named::Nothing), tool("admin-x")]);
    assert_eq!(
        requirements_of(&table, &list_and_call),
        ["connect", "list", "call", "extra", "(admin | root)"]
    );
    let with_unknown = batch(vec![
        request("ping", Named::Nothing),
        request("x/other", Named::Nothing),
    ]);
    assert_eq!(requirements_of(&table, &with_unknown), ["method-unknown"]);
}

#[test]
fn every_uri_of_a_subscription_counts() {
    let table = PolicyTable::compile(&full());
    let uris = |uris: &[&'static str]| {
        let uris = uris.iter().map(|uri| Cow::Borrowed(*uri)).collect();
        request("subscriptions/listen", Named::Resources(uris))
    };
    assert_eq!(
        requirements_of(&table, &uris(&["file:///a", "file:///private/b"])),
        ["connect", "private"]
    );
    assert_eq!(
        requirements_of(&table, &uris(&["file:///a", "file:///%70rivate/b"])),
        ["operation-malformed"]
    );
}

#[test]
fn unlisted_names_can_be_denied() {
    let mut settings = full();
    settings.unlisted = Unlisted::Deny;
    let table = PolicyTable::compile(&settings);
    assert_eq!(
        requirements_of(&table, &tool("echo")),
        ["operation-unknown"]
    );
    assert_eq!(
        requirements_of(&table, &tool("admin-x")),
        ["connect", "call", "extra", "(admin | root)"]
    );
    assert_eq!(
        requirements_of(&table, &resource("resources/read", "file:///a")),
        ["operation-unknown"]
    );
    let task = request("tasks/get", Named::Task(Cow::Borrowed("1")));
    assert_eq!(requirements_of(&table, &task), ["connect"]);
}

#[test]
fn hidden_and_unknown_operations_can_require_only_the_initialize_level() {
    let mut settings = oauth();
    settings.scopes.initialize = groups("connect");
    settings.unknown_operation = Unknown::Initialize;
    settings.unknown_methods = Unknown::Initialize;
    let table = PolicyTable::compile(&settings);
    assert_eq!(requirements_of(&table, &Operation::NotShown), ["connect"]);
    assert_eq!(
        requirements_of(&table, &request("x/other", Named::Nothing)),
        ["connect"]
    );
}

#[test]
fn tools_that_a_router_does_not_have_are_denied() {
    let mut settings = full();
    settings.scopes.execute_graphql = groups("graphql");
    settings.scopes.get_schema = groups("schema");
    settings.graphql.storage = Some(PathBuf::from("operations"));
    let table = PolicyTable::compile(&settings);
    assert_eq!(
        requirements_of(&table, &tool("get_user")),
        ["connect", "call", "extra"]
    );
    assert_eq!(
        requirements_of(&table, &tool("execute_graphql")),
        ["operation-unknown"]
    );
    assert_eq!(
        requirements_of(&table, &tool("get_schema")),
        ["operation-unknown"]
    );
    assert_eq!(
        requirements_of(&table, &tool("get_operation_info")),
        ["connect", "call", "extra"]
    );

    settings.graphql.enable_arbitrary_operations = true;
    settings.graphql.expose_schema = true;
    let table = PolicyTable::compile(&settings);
    assert_eq!(
        requirements_of(&table, &tool("execute_graphql")),
        ["connect", "call", "extra", "graphql"]
    );
    assert_eq!(
        requirements_of(&table, &tool("get_schema")),
        ["connect", "call", "extra", "schema"]
    );
}

#[test]
fn with_a_schema_only_listed_tools_are_permitted() {
    let mut settings = full();
    settings.graphql.graph = Some(graph("type Query { a: Int }"));
    settings.graphql.enable_arbitrary_operations = true;
    let table = PolicyTable::compile(&settings);
    assert_eq!(
        requirements_of(&table, &tool("get_user")),
        ["operation-unknown"]
    );
    assert_eq!(
        requirements_of(&table, &tool("execute_graphql")),
        ["operation-unknown"],
        "its query is not shown"
    );
    assert_eq!(
        requirements_of(&table, &tool("admin-x")),
        ["connect", "call", "extra", "(admin | root)"]
    );
}

#[test]
fn supported_scopes_are_in_order_each_once() {
    let mut settings = full();
    settings.scopes.get_operation_info = groups("info");
    settings
        .scopes
        .tools
        .push(("b".to_owned(), groups("call offline_access aa")));
    let table = PolicyTable::compile(&settings);
    let expected = "connect list call info aa admin extra own private prompts root secret";
    assert_eq!(table.scopes_supported().to_string(), expected);
}

#[test]
fn the_table_names_every_operation_with_all_its_levels() {
    let rows: Vec<_> = PolicyTable::compile(&full())
        .rows()
        .into_iter()
        .map(|row| format!("{}: {}", row.operation, row.scopes))
        .collect();
    assert_eq!(
        rows,
        [
            "every request: connect",
            "tools/list: connect + list",
            "tools/call: connect + call + extra",
            "prompts/*: connect + prompts",
            "x/own: connect + own",
            "tools/call: connect + extra",
            "tools/call admin-*: connect + call + extra + (admin | root)",
            "prompts/get secret: connect + prompts + secret",
            "resources/read file:///private/*: connect + private",
        ]
    );
}

#[test]
fn a_non_canonical_uri_makes_the_whole_batch_malformed() {
    let mut settings = full();
    settings.unlisted = Unlisted::Deny;
    let table = PolicyTable::compile(&settings);
    let message = |operation: Operation<'static>| operation.messages()[0].clone();
    let hidden = || message(resource("resources/read", "file:///public/../private/a"));
    for first in [request("x/other", Named::Nothing), tool("unlisted")] {
        let batch = Operation::Batch(vec![message(first), hidden()]);
        assert_eq!(
            requirements_of(&table, &batch),
            ["operation-malformed"],
            "{batch:?}"
        );
    }
}

#[test]
fn a_level_that_many_messages_require_occurs_once() {
    let table = PolicyTable::compile(&full());
    let message = |operation: Operation<'static>| operation.messages()[0].clone();
    let uris = (0..1000)
        .map(|number| Cow::Owned(format!("file:///private/{number}")))
        .collect();
    let mut batch = vec![message(tool("admin-reset")); 49];
    batch.push(message(request(
        "subscriptions/listen",
        Named::Resources(uris),
    )));
    let expected = ["connect", "call", "extra", "(admin | root)", "private"];
    assert_eq!(requirements_of(&table, &Operation::Batch(batch)), expected);
}
