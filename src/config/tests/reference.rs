//! The files that are generated from the keys' declarations: the tables of `docs/configuration.md`,
//! the schema beside the examples, and its copy in the chart. `UPDATE_DOCS=1` writes them.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::config::{
    Environment,
    declaration::schema::{range, schema},
    declaration::shape::{Declared, Form, Keys, Shape, each, find},
    sections::top_level::{ROOT, short_variables},
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares a file with the generated text, or writes it.
fn assert_file_is(name: &str, expected: &str) {
    let written = fs::read_to_string(file(name)).unwrap_or_default();
    if Environment::of_process().get("UPDATE_DOCS").is_some() && written != expected {
        fs::write(file(name), expected).unwrap();
        return;
    }
    let different = written
        .lines()
        .zip(expected.lines())
        .find(|(one, other)| one != other);
    assert!(
        written == expected,
        "{name} is not up to date, see UPDATE_DOCS: {different:#?}"
    );
}

#[test]
fn the_tables_of_the_reference_are_those_of_the_declarations() {
    let page = fs::read_to_string(file("docs/configuration.md")).unwrap();
    let mut generated = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("<!-- keys: ") {
        let (names, after) = after.split_once(" -->\n").unwrap();
        let (_, after) = after.split_once("<!-- end of keys -->").unwrap();
        let table = if names == "variables" {
            variables()
        } else {
            table(names)
        };
        generated.push_str(&format!(
            "{before}<!-- keys: {names} -->\n{table}<!-- end of keys -->"
        ));
        rest = after;
    }
    generated.push_str(rest);
    assert_file_is("docs/configuration.md", &generated);
}

/// The table of the keys at these paths, and of all keys below them. A path starts at the top of
/// the file or, for keys of a resource, at the resource.
fn table(paths: &str) -> String {
    let mut rows = String::new();
    for path in paths.split(", ") {
        let resource = find(ROOT, "resources").unwrap().shape().keys().unwrap();
        let is_at_top = path.starts_with("server.*") || path.starts_with("storage_providers");
        let (keys, path) = match (is_at_top, path.strip_suffix(".*")) {
            (true, Some(path)) => (ROOT, path),
            (true, None) => (ROOT, path),
            (false, path_of_section) => (resource, path_of_section.unwrap_or(path)),
        };
        let (prefix, key) = descend(keys, path);
        add_rows(&mut rows, &prefix, key);
    }
    format!("| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}")
}

fn descend(keys: Keys, path: &str) -> (String, &'static dyn Declared) {
    let mut keys = keys;
    let mut prefix = String::new();
    let segments: Vec<&str> = path.split('.').collect();
    let (last, outer) = segments.split_last().unwrap();
    for segment in outer {
        let key = find(keys, segment.trim_end_matches("[]")).unwrap_or_else(|| panic!("{path}"));
        keys = key.shape().keys().unwrap();
        prefix.push_str(&format!("{segment}."));
    }
    (prefix, find(keys, last).unwrap_or_else(|| panic!("{path}")))
}

fn add_rows(rows: &mut String, prefix: &str, key: &'static dyn Declared) {
    let path = format!("{prefix}{}", key.name());
    let inner = if matches!(key.shape(), Shape::Entries(_)) {
        format!("{path}[].")
    } else {
        format!("{path}.")
    };
    match key.shape().keys() {
        Some(keys) => each(keys).for_each(|key| add_rows(rows, &inner, key)),
        None => rows.push_str(&row(&path, key)),
    }
}

fn row(path: &str, key: &dyn Declared) -> String {
    let shape = key.shape();
    let default = match (key.default_in_words(), key.default()) {
        (Some(words), _) => words.to_owned(),
        (None, Some(default)) => format!("`{default}`"),
        (None, None) => String::new(),
    };
    let mut meaning = key.doc().to_owned();
    if let Shape::List(words @ [_, ..]) = shape {
        meaning = format!("Of {}. {meaning}", quoted(words));
    }
    if let Some(range) = range(&shape) {
        meaning = format!("{meaning} {range}");
    }
    let default = if default.is_empty() {
        " ".to_owned()
    } else {
        format!(" {default} ")
    };
    format!("| `{path}` | {} |{default}| {meaning} |\n", kind(&shape))
}

fn kind(shape: &Shape) -> String {
    let kind = match shape {
        Shape::Flag => "flag",
        Shape::Ratio => "flag or ratio",
        Shape::Number(_) => "number",
        Shape::Size(_) => "size",
        Shape::Duration(_) => "duration",
        Shape::Choice(words) => return quoted(words),
        Shape::Text(Form::Any) => "text",
        Shape::Text(Form::Url) => "URL",
        Shape::Text(Form::Path) => "path",
        Shape::Text(Form::HostPort) => "host:port",
        Shape::Secret => "secret",
        Shape::List(_) => "list",
        Shape::Scopes => "scope list",
        Shape::Names | Shape::Hierarchy => "names",
        Shape::Section(_) | Shape::Entries(_) => panic!("a section has no row"),
    };
    kind.to_owned()
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn variables() -> String {
    let rows = short_variables()
        .into_iter()
        .map(|(name, path)| format!("| `{name}` | `{path}` |\n"));
    format!(
        "| variable | key |\n| --- | --- |\n{}",
        rows.collect::<String>()
    )
}

#[test]
fn the_schema_beside_the_examples_is_that_of_the_declarations() {
    assert_file_is("config/schema.json", &format!("{:#}\n", schema()));
}

/// The chart sets the listeners' addresses, so that values must not.
#[test]
fn the_chart_checks_its_configuration_with_the_schema() {
    let name = "deploy/helm/scopegate/values.schema.json";
    let mut chart: Value = serde_json::from_str(&fs::read_to_string(file(name)).unwrap()).unwrap();
    let mut config = schema();
    let members = config.as_object_mut().unwrap();
    members.remove("$schema");
    let definitions = members.remove("definitions").unwrap();
    for (name, definition) in definitions.as_object().unwrap() {
        chart["definitions"][name] = definition.clone();
    }
    for listener in ["listen_addr", "grpc_listen_addr", "admin_listen_addr"] {
        config["properties"]["server"]["properties"][listener] = json!(false);
    }
    chart["properties"]["config"] = config;
    assert_file_is(name, &format!("{chart:#}\n"));
}
