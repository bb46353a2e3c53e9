//! What the environment sets: which key a variable names, and its value.

use std::collections::BTreeMap;

use config::{Value, ValueKind};

use super::{
    environment::Environment,
    mistake::Report,
    schema::{Keys, ROOT, Shape, find, keys},
};

/// Values by path, as `config` writes paths; each value's origin is the variable's name.
pub(super) type Overrides = BTreeMap<String, Value>;

/// Reads every variable that sets a key.
pub(super) fn read(environment: &Environment, report: &mut Report) -> Overrides {
    let mut overrides = Overrides::new();
    // OpenTelemetry's specification has an empty variable be none.
    let is_set = |(name, value): &(&str, Option<&str>)| !name.starts_with("OTEL_") || *value != Some("");
    for (name, value) in environment.iter().filter(is_set) {
        if let Some((path, shape)) = target(name, report)
            && let Some(value) = parse(name, shape, value, report)
        {
            let earlier = overrides.get(&path).filter(|earlier| earlier.kind != value.kind);
            if let Some(variable) = earlier.and_then(Value::origin) {
                report.mistake(name, "another value than its other name has", same_as(variable));
            }
            report.set_variable(path.clone(), name.to_owned());
            overrides.insert(path, value);
        }
    }
    overrides
}

fn same_as(variable: &str) -> String {
    format!("the value of `{variable}`, or one of the two")
}

/// The key that a variable names. A name with our prefix that names none is a mistake.
fn target(name: &str, report: &mut Report) -> Option<(String, Shape)> {
    let short = SHORT_NAMES.iter().find(|(short, _)| *short == name);
    if let Some((_, path)) = short {
        let segments: Vec<&str> = path.split('.').collect();
        return locate(ROOT, &segments);
    }
    let long = name.strip_prefix(PREFIX)?;
    // Variables are written in upper case alone, so that no key has two spellings.
    let lower = long.to_ascii_lowercase();
    let segments: Vec<&str> = lower.split("__").collect();
    let found = if long == long.to_ascii_uppercase() { locate(ROOT, &segments) } else { None };
    if found.is_none() {
        report.mistake(name, "an unknown setting", suggestion(name));
    }
    found
}

/// The path and shape of a key with a value that fits into a variable: a scalar or a list of texts.
fn locate(keys: Keys, segments: &[&str]) -> Option<(String, Shape)> {
    let (name, rest) = segments.split_first()?;
    let key = find(keys, name)?;
    match key.shape {
        Shape::Flag
        | Shape::SamplingRatio
        | Shape::Count
        | Shape::Size
        | Shape::Duration
        | Shape::Text
        | Shape::Secret
        | Shape::Texts
        | Shape::Scopes => rest.is_empty().then(|| ((*name).to_owned(), key.shape)),
        Shape::Named | Shape::Implies => None,
        Shape::Section(keys) => {
            let (path, shape) = locate(keys, rest)?;
            Some((format!("{name}.{path}"), shape))
        }
        Shape::Entries(keys) => {
            let (index, rest) = rest.split_first()?;
            let index: u16 = index.parse().ok().filter(|index| *index < MAX_ENTRIES)?;
            let (path, shape) = locate(keys, rest)?;
            Some((format!("{name}[{index}].{path}"), shape))
        }
    }
}

fn parse(name: &str, shape: Shape, value: Option<&str>, report: &mut Report) -> Option<Value> {
    let origin = name.to_owned();
    let text = |text: &str| Value::new(Some(&origin), ValueKind::String(text.to_owned()));
    let is_list = matches!(shape, Shape::Texts | Shape::Scopes);
    match value {
        None => report.mistake(name, "bytes that are not UTF-8", "text"),
        // Half-filled templates leave empty variables behind. For a scope list that would mean "no scopes".
        Some("") => report.mistake(name, "an empty value", "a value, or the variable unset"),
        Some(list) if is_list => {
            let items = list.split(',').map(|item| text(item.trim())).collect();
            return Some(Value::new(Some(&origin), ValueKind::Array(items)));
        }
        Some(scalar) => return Some(text(scalar)),
    }
    None
}

fn suggestion(name: &str) -> String {
    let variable = |path: String| {
        let name = path.replace("[]", "__0").replace('.', "__").to_ascii_uppercase();
        format!("{PREFIX}{name}")
    };
    let nearest =
        keys().into_iter().map(variable).map(|known| (strsim::levenshtein(name, &known), known)).min();
    match nearest {
        Some((distance, known)) if (1..=2).contains(&distance) => format!("`{known}`"),
        _ => format!("`{PREFIX}` and the path in upper case, of a key with a scalar or a list of texts"),
    }
}

const PREFIX: &str = "SCOPEGATE__";

/// Bound on an index in a name; `config` fills a list up to it.
const MAX_ENTRIES: u16 = 1000;

const SHORT_NAMES: [(&str, &str); 17] = [
    ("MCP_SERVER_BASE_URL", "mcp.server.base_url"),
    ("MCP_SERVER_LISTEN_ADDR", "mcp.server.listen_addr"),
    ("MCP_OAUTH_ENABLED", "mcp.oauth.enabled"),
    ("MCP_OAUTH_AUTHORIZATION_SERVER_URL", "mcp.oauth.authorization_server_url"),
    ("MCP_OAUTH_AUTHORIZATION_SERVER_URLS", "mcp.oauth.authorization_server_urls"),
    ("MCP_OAUTH_SCOPE_CHALLENGE_INCLUDE_TOKEN_SCOPES", "mcp.oauth.scope_challenge_include_token_scopes"),
    ("MCP_OAUTH_MAX_SCOPE_COMBINATIONS", "mcp.oauth.max_scope_combinations"),
    ("MCP_OAUTH_SCOPES_INITIALIZE", "mcp.oauth.scopes.initialize"),
    ("MCP_OAUTH_SCOPES_TOOLS_LIST", "mcp.oauth.scopes.tools_list"),
    ("MCP_OAUTH_SCOPES_TOOLS_CALL", "mcp.oauth.scopes.tools_call"),
    ("MCP_OAUTH_SCOPES_EXECUTE_GRAPHQL", "mcp.oauth.scopes.execute_graphql"),
    ("MCP_OAUTH_SCOPES_GET_OPERATION_INFO", "mcp.oauth.scopes.get_operation_info"),
    ("MCP_OAUTH_SCOPES_GET_SCHEMA", "mcp.oauth.scopes.get_schema"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "server.otlp.endpoint"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "server.otlp.protocol"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "server.otlp.headers"),
    ("OTEL_SERVICE_NAME", "server.otlp.service_name"),
];
