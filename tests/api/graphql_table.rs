//! The table of graphs, as data: schema × operation → requirement, token × requirement → decision
//! and challenge. Anyone can add a row to `tests/graphql/cases.json`.

use std::collections::BTreeMap;

use scopegate::domain::{Call, Message, Named, Operation, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use support::{CONFIG, call, token};

use crate::{app::TestApp, ask::Ask};

/// Rows that share a graph.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    graph: String,
    /// SDL, or the name of a file beside the table.
    schema: Option<String>,
    execution_config: Option<Value>,
    #[serde(default)]
    operations: BTreeMap<String, String>,
    /// Further keys of the resource, of `oauth`, and all of `oauth.scopes`.
    #[serde(default)]
    settings: String,
    #[serde(default)]
    oauth: String,
    #[serde(default)]
    scopes: String,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    tool: Option<String>,
    query: Option<String>,
    /// The scopes that the tool requires beside its method's, as `Type.field: scopes`.
    needs: Option<Vec<String>>,
    scopes: Option<String>,
    expect: Option<String>,
    /// Part of the challenge. `""`: there must not be one.
    challenge: Option<String>,
}

#[test]
fn every_graph_decides_as_the_table_says() {
    let tables: Vec<Table> = serde_json::from_str(include_str!("../graphql/cases.json")).unwrap();
    let mut faults = Vec::new();
    for table in &tables {
        let app = spawn(table);
        for (index, row) in table.rows.iter().enumerate() {
            for fault in [check_needs(&app, row), check_decision(&app, row)]
                .into_iter()
                .filter_map(Result::err)
            {
                faults.push(format!("{} row {index}: {fault}", table.graph));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn spawn(table: &Table) -> TestApp {
    let employees = include_str!("../graphql/employees.graphql");
    let mut files = vec![];
    let execution_config = table.execution_config.as_ref().map(Value::to_string);
    let mut settings = vec![table.settings.as_str()];
    match (&table.schema, &execution_config) {
        (Some(schema), None) => {
            settings.push("schema_file: schema.graphql");
            let sdl = if schema == "employees.graphql" {
                employees
            } else {
                schema.as_str()
            };
            files.push(("schema.graphql".to_owned(), sdl));
        }
        (None, Some(json)) => {
            settings.push("execution_config_file: config.json");
            files.push(("config.json".to_owned(), json.as_str()));
        }
        _ => panic!("{}: one of `schema` and `execution_config`", table.graph),
    }
    if !table.operations.is_empty() {
        settings.push("storage: {provider_id: ops}");
    }
    files.extend(
        table
            .operations
            .iter()
            .map(|(name, text)| (format!("operations/{name}"), text.as_str())),
    );
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    TestApp::spawn_with(&config(&settings, &table.oauth, &table.scopes), &files)
}

fn config(settings: &[&str], oauth: &str, scopes: &str) -> String {
    let start = CONFIG.find("    scopes:").unwrap();
    let end = CONFIG.find("    jwks:").unwrap();
    let mut yaml = format!(
        "{}    scopes: {{{scopes}}}\n{}",
        &CONFIG[..start],
        &CONFIG[end..]
    );
    let lines = |text: &str, indent: &str| -> String {
        let document: BTreeMap<String, Value> = flow(text);
        document
            .iter()
            .map(|(key, value)| format!("{indent}{key}: {value}\n"))
            .collect()
    };
    yaml = yaml.replace(
        "    enabled: true\n",
        &format!("    enabled: true\n{}", lines(oauth, "    ")),
    );
    for setting in settings {
        yaml.push_str(&lines(setting, "  "));
    }
    yaml + "storage_providers: {file_system: [{id: ops, path: operations}]}\n"
}

/// `a: b, c: {d: e}` as a map of JSON values.
fn flow(text: &str) -> BTreeMap<String, Value> {
    let mut map = BTreeMap::new();
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for character in text.chars() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        match character {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(character),
        }
    }
    for part in parts.iter().filter(|part| !part.trim().is_empty()) {
        let (key, value) = part.split_once(':').unwrap();
        let value = value.trim();
        let value = match value
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(inner) => json!(flow(inner)),
            None if value == "true" || value == "false" => json!(value == "true"),
            None => json!(value),
        };
        map.insert(key.trim().to_owned(), value);
    }
    map
}

fn check_needs(app: &TestApp, row: &Row) -> Result<(), String> {
    let Some(expected) = &row.needs else {
        return Ok(());
    };
    let query = row
        .query
        .as_deref()
        .map_or(Query::NotShown, |text| Query::Text(text.into()));
    let operation = Operation::Single(Message::Request(Call {
        method: "tools/call".into(),
        is_known: true,
        named: Named::Tool(tool_of(row).into()),
        query,
    }));
    let snapshot = app.policy.snapshot();
    let policy = snapshot.resources()[0].policy();
    let found = match policy.map(|policy| policy.table().levels((&operation).into())) {
        None => vec!["Unenforced".to_owned()],
        Some(Err(refusal)) => vec![format!("Closed({:?})", refusal.reason.code())],
        Some(Ok(levels)) => levels
            .iter()
            .filter(|level| level.requirement.to_string() != "-")
            .map(|level| {
                let name = if level.name.is_empty() {
                    level.kind.name()
                } else {
                    level.name
                };
                format!("{name}: {}", level.requirement)
            })
            .collect(),
    };
    if found == *expected {
        Ok(())
    } else {
        Err(format!("needs {found:?}, not {expected:?}"))
    }
}

fn check_decision(app: &TestApp, row: &Row) -> Result<(), String> {
    let (Some(scopes), Some(expected)) = (&row.scopes, &row.expect) else {
        return Ok(());
    };
    let arguments = row
        .query
        .as_ref()
        .map_or(json!({}), |query| json!({"query": query}));
    let params = json!({"name": tool_of(row), "arguments": arguments});
    let answer = app.ask(&Ask::post(call("tools/call", &params.to_string())).token(&token(scopes)));
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let is_challenge_right = match row.challenge.as_deref() {
        None => true,
        Some("") => challenge.is_empty(),
        Some(part) => challenge.contains(part),
    };
    if answer.outcome() == *expected && is_challenge_right {
        Ok(())
    } else {
        Err(format!(
            "expected {expected} {:?}, got {answer:?}",
            row.challenge
        ))
    }
}

fn tool_of(row: &Row) -> &str {
    row.tool.as_deref().unwrap_or("execute_graphql")
}
