//! Graphs in a running service: metadata, hot reload, messages for operators, and queries that hide
//! fields.

use serde_json::{Value, json};

use support::{CONFIG, call, token, until};

use crate::{app::TestApp, ask::Ask};

const SDL: &str = "type Query { a: String @requiresScopes(scopes: [[\"read:a\"], [\"read:all\"]]) b: String c: String } \
                   type Mutation { m: String @requiresScopes(scopes: [[\"write:m\"]]) }";

const ALL: &str = "mcp:connect mcp:tools:execute";

fn config(settings: &str) -> String {
    format!(
        "{CONFIG}  schema_file: schema.graphql\n  storage: {{provider_id: ops}}\n{settings}\
         storage_providers: {{file_system: [{{id: ops, path: operations}}]}}\nserver:\n  \
         listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  debug: true\n  drain: '0s'\n"
    )
}

fn spawn(settings: &str) -> TestApp {
    let files = [
        ("schema.graphql", SDL),
        ("operations/get-a.graphql", "query GetA { a }"),
    ];
    TestApp::spawn_with(&config(settings), &files)
}

fn tool(name: &str, arguments: &Value) -> Ask {
    Ask::post(call(
        "tools/call",
        &json!({"name": name, "arguments": arguments}).to_string(),
    ))
}

fn query(text: &str) -> Ask {
    tool("execute_graphql", &json!({"query": text}))
}

fn supported(app: &TestApp) -> Vec<String> {
    let document = app.get("/.well-known/oauth-protected-resource/mcp").body;
    let document: Value = serde_json::from_str(&document).unwrap();
    document["scopes_supported"].as_array().unwrap()[3..]
        .iter()
        .map(|s| s.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_metadata_tell_what_tools_that_exist_can_need() {
    let entries = ["mcp:admin", "mcp:root", "read:a", "read:all"];
    assert_eq!(supported(&spawn("")), entries);
    let with_queries = ["mcp:admin", "mcp:root", "read:a", "read:all", "write:m"];
    assert_eq!(
        supported(&spawn("  enable_arbitrary_operations: true\n")),
        with_queries
    );
    let config = config("  expose_schema: true\n").replace(
        "      tools:\n",
        "      get_schema: ['see:schema']\n      execute_graphql: ['not:there']\n      tools:\n",
    );
    let app = TestApp::spawn_with(
        &config,
        &[("schema.graphql", SDL), ("operations/b.gql", "{ b }")],
    );
    assert_eq!(supported(&app), ["see:schema", "mcp:admin", "mcp:root"]);
}

#[test]
fn a_changed_operation_or_schema_changes_decisions_and_metadata() {
    let app = spawn("  enable_arbitrary_operations: true\n");
    let outcome = |ask: Ask, scopes: &str| {
        app.ask(&ask.token(&token(&format!("{ALL} {scopes}"))))
            .outcome()
    };
    let get_a = || tool("execute_operation_get_a", &json!({}));
    let get_b = || tool("execute_operation_get_b", &json!({}));
    assert_eq!(outcome(get_a(), "read:a"), "200");
    assert_eq!(outcome(get_b(), ""), "403 operation-unknown");
    assert_eq!(outcome(query("{ b }"), ""), "200");

    app.write("operations/more/get-b.gql", "query GetB { b }");
    app.reload().unwrap();
    assert_eq!(outcome(get_b(), ""), "200");

    app.write(
        "schema.graphql",
        &SDL.replace(
            "b: String",
            "b: String @requiresScopes(scopes: [[\"read:b\"]])",
        ),
    );
    app.reload().unwrap();
    assert_eq!(outcome(get_b(), ""), "403 scope-insufficient");
    assert_eq!(
        outcome(query("{ b }"), ""),
        "403 scope-insufficient",
        "no remembered query outlives its schema"
    );
    assert!(supported(&app).contains(&"read:b".to_owned()));

    app.write("schema.graphql", "type Query { a: Strin }");
    app.write("operations/get-a.graphql", "query GetA { b }");
    let error = app.reload().unwrap_err();
    assert!(
        error.contains("mcp.schema_file: found `") && error.contains("cannot find type `Strin`"),
        "{error}"
    );
    assert_eq!(
        outcome(get_a(), "read:a"),
        "200",
        "nothing of a failed load is in force"
    );
    assert_eq!(outcome(get_a(), "read:b"), "403 scope-insufficient");
    assert!(app.admin("/readyz").body.contains("Strin"));
}

#[test]
fn a_written_file_is_noticed_without_a_signal() {
    let app = spawn("");
    let ask = tool("execute_operation_get_c", &json!({})).token(&token(ALL));
    assert_eq!(app.ask(&ask).outcome(), "403 operation-unknown");
    app.write("operations/get-c.graphql", "query GetC { c }");
    until(|| app.ask(&ask).outcome() == "200");
}

#[test]
fn an_operator_sees_tools_fields_and_what_is_wrong() {
    let app = spawn("");
    app.write("operations/wrong.graphql", "query Wrong {\n  unknown\n}");
    app.reload().unwrap();
    let page: Value = serde_json::from_str(&app.admin("/debug/policy").body).unwrap();
    let rows = page["resources"][0]["operations"].as_array().unwrap();
    let row = |operation: &str, scopes: &str| json!({"operation": operation, "scopes": scopes});
    let tool = "tools/call execute_operation_get_a";
    assert!(
        rows.contains(&row(
            tool,
            "mcp:connect + mcp:tools:execute + (read:a | read:all)"
        )),
        "{rows:#?}"
    );
    assert!(rows.contains(&row("tools/call execute_operation_wrong", "(closed)")));
    let ready = app.admin("/readyz");
    assert_eq!(ready.status, 200);
    let warning = ready.body.contains("wrong.graphql` line 2: ")
        && ready.body.contains("closed: execute_operation_wrong");
    assert!(warning, "{}", ready.body);
}

#[test]
fn a_query_without_one_clear_reading_is_refused() {
    let app = spawn("  enable_arbitrary_operations: true\n");
    let scopes = token(&format!("{ALL} read:all write:m"));
    let ask = |arguments: &str| {
        let params = format!(r#"{{"name":"execute_graphql","arguments":{arguments}}}"#);
        app.ask(&Ask::post(call("tools/call", &params)).token(&scopes))
            .outcome()
    };
    assert_eq!(
        ask(r#"{"query":"{ a }","variables":{"query":1},"operationName":"x"}"#),
        "200"
    );
    for arguments in [
        "null",
        "{}",
        r#"{"query":5}"#,
        r#"{"query":"{ b }","query":"{ a }"}"#,
        r#"{"query":"{ b }","Query":"{ a }"}"#,
        r#"{"query":"{ b }","qu\u0065ry":"{ a }"}"#,
        r#"{"extensions":{"persistedQuery":{"sha256Hash":"x"}}}"#,
    ] {
        assert_eq!(ask(arguments), "403 operation-malformed", "{arguments}");
    }
}

#[test]
fn nothing_else_in_a_batch_hides_a_query() {
    let app = spawn("  enable_arbitrary_operations: true\n");
    let outcome = |queries: &[&str], scopes: &str| {
        let calls: Vec<_> = queries
            .iter()
            .map(|text| {
                call(
                    "tools/call",
                    &json!({"name": "execute_graphql", "arguments": {"query": text}}).to_string(),
                )
            })
            .collect();
        let ask =
            Ask::post(format!("[{}]", calls.join(","))).token(&token(&format!("{ALL} {scopes}")));
        let answer = app.ask(&ask);
        (
            answer.outcome(),
            answer
                .header("www-authenticate")
                .unwrap_or_default()
                .to_owned(),
        )
    };
    assert_eq!(outcome(&["{ b }", "{ c }"], "").0, "200");
    let (denied, challenge) = outcome(&["{ b }", "{ a }", "mutation { m }"], "");
    assert_eq!(denied, "403 scope-insufficient");
    assert!(
        challenge.contains("scope=\"mcp:connect mcp:tools:execute read:a write:m\""),
        "{challenge}"
    );
    assert_eq!(
        outcome(&["{ b }", "{ unknown }"], "").0,
        "403 operation-malformed"
    );
}

#[test]
fn report_mode_passes_missing_scopes_and_never_what_cannot_be_read() {
    let yaml = config("  enable_arbitrary_operations: true\n").replace(
        "    enabled: true\n",
        "    enabled: true\n    mode: report\n",
    );
    let app = TestApp::spawn_with(
        &yaml,
        &[("schema.graphql", SDL), ("operations/b.gql", "{ b }")],
    );
    let outcome = |ask: Ask| app.ask(&ask.token(&token(ALL))).outcome();
    assert_eq!(outcome(query("{ a }")), "200");
    assert_eq!(outcome(query("{ unknown }")), "403 operation-malformed");
    let unlisted = call("tools/call", r#"{"name":"unlisted"}"#);
    let unreadable = call(
        "tools/call",
        r#"{"name":"execute_graphql","arguments":{"query":"{"}}"#,
    );
    assert_eq!(
        outcome(Ask::post(format!("[{unlisted},{unreadable}]"))),
        "403 operation-malformed"
    );
}

#[test]
fn a_query_that_only_headers_show_is_refused() {
    let yaml = config("  enable_arbitrary_operations: true\n").replace(
        "    enabled: true\n",
        "    enabled: true\n    trust_mcp_headers: true\n",
    );
    let app = TestApp::spawn_with(
        &yaml,
        &[
            ("schema.graphql", SDL),
            ("operations/b.gql", "query GetB { b }"),
        ],
    );
    let shown = |name: &str| {
        let ask = Ask::of("POST")
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", "tools/call");
        app.ask(
            &ask.header("Mcp-Name", name)
                .token(&token(&format!("{ALL} read:all"))),
        )
        .outcome()
    };
    assert_eq!(shown("execute_operation_get_b"), "200");
    assert_eq!(shown("execute_graphql"), "403 operation-unknown");
}

#[test]
fn without_a_schema_tools_need_their_levels_and_mutations_can_still_be_excluded() {
    let yaml = config("  enable_arbitrary_operations: true\n  exclude_mutations: true\n")
        .replace("  schema_file: schema.graphql\n", "");
    let app = TestApp::spawn_with(&yaml, &[("operations/a.gql", "query GetA { a }")]);
    let outcome = |ask: Ask| app.ask(&ask.token(&token(ALL))).outcome();
    assert_eq!(outcome(tool("execute_operation_get_a", &json!({}))), "200");
    assert_eq!(outcome(query("{ anything }")), "200");
    assert_eq!(
        outcome(query("mutation { anything }")),
        "403 operation-unknown"
    );
    assert_eq!(
        outcome(query("query A { x } mutation { anything }")),
        "403 operation-unknown"
    );
    assert_eq!(outcome(query("{")), "403 operation-malformed");
    assert!(
        app.admin("/readyz")
            .body
            .contains("the scopes of their fields cannot be checked")
    );
}

#[test]
fn the_true_status_of_a_malformed_query_is_400_and_its_detail_is_no_argument() {
    let app = spawn("  enable_arbitrary_operations: true\n");
    let answer = app.ask(&query("{ secretFieldName }").token(&token(ALL)));
    assert_eq!(answer.header("x-scopegate-status"), Some("400"));
    assert!(!format!("{answer:?}").contains("secretFieldName"));
}
