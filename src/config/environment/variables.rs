//! Reads the variables that set keys: finds the key that a variable names, and its value.

use std::collections::BTreeMap;

use config::{Value, ValueKind};

use crate::config::{
    declaration::shape::{Keys, Shape, find},
    environment::process::Environment,
    mistake::Report,
    sections::top_level::{ROOT, keys, short_variables},
};

/// Values by path, in the `config` crate's notation. The origin of a value is the variable's name.
pub(in crate::config) type Overrides = BTreeMap<String, Value>;

/// Reads every variable that sets a key.
pub(in crate::config) fn read(environment: &Environment, report: &mut Report) -> Overrides {
    let mut overrides = Overrides::new();
    // OpenTelemetry's specification treats an empty variable as unset.
    let is_set =
        |(name, value): &(&str, Option<&str>)| !name.starts_with("OTEL_") || *value != Some("");
    for (name, value) in environment.iter().filter(is_set) {
        if let Some((path, shape)) = target(name, report)
            && let Some(value) = parse(name, &shape, value, report)
        {
            let earlier = overrides
                .get(&path)
                .filter(|earlier| earlier.kind != value.kind);
            if let Some(variable) = earlier.and_then(Value::origin) {
                report.variable_mistake(
                    name,
                    "another value than its other name has",
                    same_as(variable),
                );
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

/// Finds the key that a variable names. A variable that looks like ours but names no key is a
/// mistake.
fn target(name: &str, report: &mut Report) -> Option<(String, Shape)> {
    if let Some((_, path)) = short_variables()
        .into_iter()
        .find(|(short, _)| *short == name)
    {
        let segments: Vec<&str> = path.split('.').collect();
        return locate(ROOT, &segments);
    }
    let long = name.strip_prefix(PREFIX);
    let lower = long.unwrap_or_default().to_ascii_lowercase();
    let segments: Vec<&str> = lower.split("__").collect();
    // Names are upper case only, so that a key has one spelling.
    let is_upper = long.is_some_and(|long| long == long.to_ascii_uppercase());
    let found = if is_upper {
        locate(ROOT, &segments)
    } else {
        None
    };
    if found.is_none() && looks_like_ours(name) {
        report.variable_mistake(name, "an unknown setting", suggestion(name));
    }
    found
}

/// Returns true for a name that only a setting can have: a misspelt one must be reported.
/// Kubernetes also sets variables for a service that is called `scopegate` or `mcp-server`.
fn looks_like_ours(name: &str) -> bool {
    let has_prefix = ["SCOPEGATE_", "MCP_OAUTH_", "MCP_SERVER_"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    has_prefix
        && !PROGRAM_NAMES.contains(&name)
        && (name.starts_with(PREFIX) || !is_service_link(name))
}

/// Matches service links: `{SVC}_SERVICE_HOST`, `{SVC}_SERVICE_PORT…`, `{SVC}_PORT`, and Docker's
/// `{SVC}_PORT_80_TCP…`.
fn is_service_link(name: &str) -> bool {
    let has_protocol = |rest: &str| {
        ["_TCP", "_UDP", "_SCTP"]
            .iter()
            .any(|protocol| rest.contains(protocol))
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, rest)| has_protocol(rest))
}

/// Finds the path and shape of a key whose value fits into a variable: a scalar or a list of texts.
fn locate(keys: Keys, segments: &[&str]) -> Option<(String, Shape)> {
    let (name, rest) = segments.split_first()?;
    let shape = find(keys, name)?.shape();
    match shape {
        Shape::Flag
        | Shape::Ratio
        | Shape::Number(_)
        | Shape::Size(_)
        | Shape::Duration(_)
        | Shape::Choice(_)
        | Shape::Text(_)
        | Shape::Secret
        | Shape::List(_)
        | Shape::Scopes => rest.is_empty().then(|| ((*name).to_owned(), shape)),
        Shape::Names | Shape::Hierarchy => None,
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

fn parse(name: &str, shape: &Shape, value: Option<&str>, report: &mut Report) -> Option<Value> {
    let origin = name.to_owned();
    let text = |text: &str| Value::new(Some(&origin), ValueKind::String(text.to_owned()));
    let is_list = matches!(shape, Shape::List(_) | Shape::Scopes);
    match value {
        None => report.variable_mistake(name, "bytes that are not UTF-8", "text"),
        // Half-filled templates leave variables empty. An empty scope list would require no scopes.
        Some("") => {
            report.variable_mistake(name, "an empty value", "a value, or the variable unset")
        }
        Some(list) if is_list => {
            let items = list.split(',').map(|item| text(item.trim())).collect();
            return Some(Value::new(Some(&origin), ValueKind::Array(items)));
        }
        Some(scalar) => return Some(text(scalar)),
    }
    None
}

/// Suggests the nearest name. The number of underscores between two words does not matter.
fn suggestion(name: &str) -> String {
    let variable = |path: String| {
        let name = path
            .replace("[]", "__0")
            .replace('.', "__")
            .to_ascii_uppercase();
        format!("{PREFIX}{name}")
    };
    let short = short_variables()
        .into_iter()
        .map(|(short, _)| short.to_owned());
    let fits = |path: &String| {
        let path = path.replace("[]", ".0");
        locate(ROOT, &path.split('.').collect::<Vec<_>>()).is_some()
    };
    let known = keys()
        .into_iter()
        .filter(fits)
        .map(variable)
        .chain(short)
        .chain(PROGRAM_NAMES.map(str::to_owned));
    let plain = |name: &str| name.replace("__", "_");
    let distances = known.map(|known| (strsim::levenshtein(&plain(name), &plain(&known)), known));
    match distances
        .min()
        .filter(|(distance, known)| *distance <= 2 && known != name)
    {
        Some((_, known)) => format!("`{known}`"),
        None => format!(
            "`{PREFIX}` and the path in upper case, of a key with a scalar or a list of texts"
        ),
    }
}

const PREFIX: &str = "SCOPEGATE__";

/// Variables of this program that set no key.
const PROGRAM_NAMES: [&str; 5] = [
    "SCOPEGATE_CONFIG",
    "SCOPEGATE_DEV_SECRET",
    "SCOPEGATE_BIN",
    "SCOPEGATE_VERSION",
    "SCOPEGATE_COMMIT",
];

/// The highest index in a name. The `config` crate fills a list up to it.
const MAX_ENTRIES: u16 = 1000;
