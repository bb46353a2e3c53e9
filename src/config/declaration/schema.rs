//! The JSON Schema of the configuration file, for editors, Helm and CI, generated from the keys'
//! declarations. It checks the shape of each value. Rules that span several keys are checked only
//! by the readers: `scopegate check` decides.

use serde_json::{Map, Value, json};

use crate::config::{
    declaration::shape::{Declared, Form, Keys, Shape, each},
    sections::top_level::ROOT,
    units::{written_duration, written_size},
};

/// Generates the schema in draft 7, which editors and every Helm 3 understand. It allows sections
/// of other programs at the top of the file. It requires no key, since the environment may set it.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    definitions.insert(
        "reference".to_owned(),
        json!({"type": "string", "pattern": REFERENCE}),
    );
    definitions.insert("scope_list".to_owned(), scope_list());
    let properties = properties(ROOT, &mut definitions);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of scopegate",
        "type": "object",
        "properties": properties,
        "definitions": definitions,
    })
}

fn properties(keys: Keys, definitions: &mut Map<String, Value>) -> Map<String, Value> {
    each(keys)
        .map(|key| (key.name().to_owned(), property(key, definitions)))
        .collect()
}

fn property(key: &dyn Declared, definitions: &mut Map<String, Value>) -> Value {
    let mut property = shape(&key.shape(), definitions);
    let Value::Object(members) = &mut property else {
        return property;
    };
    members.insert("description".to_owned(), description(key).into());
    if let Some(default) = key.default().filter(|_| key.default_in_words().is_none()) {
        members.insert("default".to_owned(), parsed(default));
    }
    // `mcp` and each entry of `resources` have the same `oauth`. It is most of the schema.
    if key.name() != SHARED {
        return property;
    }
    definitions.insert(SHARED.to_owned(), property);
    reference_to(SHARED)
}

fn shape(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Flag => or_reference(vec![json!({"type": "boolean"})]),
        Shape::Ratio => {
            let number = json!({"type": "number", "minimum": 0, "maximum": 1});
            or_reference(vec![json!({"type": "boolean"}), number])
        }
        Shape::Number(range) => or_reference(vec![integer(*range.start(), *range.end())]),
        Shape::Size(range) => {
            let text = json!({"type": "string", "pattern": or_reference_pattern(SIZE)});
            json!({"anyOf": [integer(*range.start(), *range.end()), text]})
        }
        Shape::Duration(_) => json!({"type": "string", "pattern": or_reference_pattern(DURATION)}),
        Shape::Choice(words) => or_reference(vec![json!({"enum": words})]),
        Shape::Text(Form::Any | Form::Path) | Shape::Secret => json!({"type": "string"}),
        Shape::Text(Form::Url) => {
            json!({"type": "string", "pattern": or_reference_pattern("^https?://")})
        }
        Shape::Text(Form::HostPort) => {
            json!({"type": "string", "pattern": or_reference_pattern(":[0-9]+$")})
        }
        Shape::List([]) => json!({"type": "array", "items": {"type": "string"}}),
        Shape::List(words) => {
            json!({"type": "array", "items": or_reference(vec![json!({"enum": words})])})
        }
        Shape::Scopes => json!({"allOf": [reference_to("scope_list")]}),
        Shape::Names => {
            json!({"type": ["object", "null"], "additionalProperties": reference_to("scope_list")})
        }
        Shape::Hierarchy => {
            let scopes = json!({"type": "array", "items": {"type": "string"}});
            json!({"type": ["object", "null"], "additionalProperties": scopes})
        }
        Shape::Section(keys) => section(json!(["object", "null"]), keys, definitions),
        Shape::Entries(keys) => {
            json!({"type": "array", "items": section("object".into(), keys, definitions)})
        }
    }
}

fn section(kind: Value, keys: Keys, definitions: &mut Map<String, Value>) -> Value {
    json!({"type": kind, "additionalProperties": false, "properties": properties(keys, definitions)})
}

fn scope_list() -> Value {
    let scopes = json!({"type": "array", "items": {"type": "string"}});
    let alternatives = json!({"type": "array", "items": {"type": "array", "minItems": 1, "items": {"type": "string"}}});
    json!({
        "description": "`['a', 'b']`: a and b. `[['a', 'b'], ['c']]`: a and b, or c. `[]`: no scopes.",
        "anyOf": [scopes, alternatives],
    })
}

fn integer(least: usize, most: usize) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// Allows a text with `${NAME}` in place of a flag, a number or a word.
fn or_reference(mut kinds: Vec<Value>) -> Value {
    kinds.push(reference_to("reference"));
    json!({"anyOf": kinds})
}

fn or_reference_pattern(pattern: &str) -> String {
    format!("{pattern}|{REFERENCE}")
}

fn reference_to(definition: &str) -> Value {
    json!({"$ref": format!("#/definitions/{definition}")})
}

/// The documentation without link targets, followed by the facts that a schema cannot express.
fn description(key: &dyn Declared) -> String {
    let mut text = without_links(key.doc());
    if let Some(range) = range(&key.shape()) {
        text = format!("{text} {range}");
    }
    match key
        .default_in_words()
        .filter(|words| *words != "see meaning")
    {
        Some(words) => format!("{text} Default: {words}."),
        None => text,
    }
}

/// The range of a value in words.
pub(in crate::config) fn range(shape: &Shape) -> Option<String> {
    let (least, most) = match shape {
        Shape::Number(range) => (range.start().to_string(), range.end().to_string()),
        Shape::Size(range) => (written_size(*range.start()), written_size(*range.end())),
        Shape::Duration(range) => (
            written_duration(*range.start()),
            written_duration(*range.end()),
        ),
        Shape::Flag
        | Shape::Ratio
        | Shape::Choice(_)
        | Shape::Text(_)
        | Shape::Secret
        | Shape::List(_)
        | Shape::Scopes
        | Shape::Names
        | Shape::Hierarchy
        | Shape::Section(_)
        | Shape::Entries(_) => return None,
    };
    Some(format!("From {least} to {most}."))
}

/// `[text](target)` as `text`.
fn without_links(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](") {
        let (before, label) = before.rsplit_once('[').unwrap_or((before, ""));
        text.push_str(before);
        text.push_str(label);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    text + rest
}

/// A default as JSON: `false`, `10000`, `['sig']`, and every other text as a text.
fn parsed(default: String) -> Value {
    serde_json::from_str(&default.replace('\'', "\"")).unwrap_or(Value::String(default))
}

/// The section that the schema defines once and references twice.
const SHARED: &str = "oauth";

const REFERENCE: &str = r"\$\{";
const SIZE: &str = r"^[0-9]+\s*(B|KiB|MiB|GiB|TiB)?$";
const DURATION: &str = r"^([0-9.]+\s*[a-zµ]+\s*)+$";
