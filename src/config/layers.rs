//! The file's tree with the environment laid over it, by the `config` crate.

use config::{Config, ConfigError, Map, Source, Value};

use super::{
    environment::Environment,
    mistake::{Mistake, Report, shown},
    overrides::{self, Overrides},
    schema::{ROOT, find},
    settings::Text,
    yaml,
};

/// Reads a text and puts what the environment sets in its place.
///
/// # Errors
/// When the text is not YAML.
pub(super) fn read(
    text: &Text<'_>,
    environment: &Environment,
    report: &mut Report,
) -> Result<Value, Mistake> {
    let document = yaml::parse(text.yaml).map_err(|error| Mistake {
        path: format!("{}:{}", text.name, error.line),
        found: error.message,
        expected: "one YAML document with sections".to_owned(),
    })?;
    for (path, line) in document.repeated {
        report.mistake(&path, format!("the key again in line {line}"), "each key once");
    }
    let sections = own_sections(document.sections, report);
    layered(sections, overrides::read(environment, report)).map_err(|error| Mistake {
        path: text.name.to_owned(),
        found: format!("what cannot be put together: {error}"),
        expected: "sections with keys".to_owned(),
    })
}

/// Our sections alone, and a line that names the others. A key such as `mcp.oauth` would be read as a path by
/// `config`, and as nothing by everybody else.
fn own_sections(sections: Map<String, Value>, report: &mut Report) -> Map<String, Value> {
    let is_own = |name: &str| find(ROOT, name).is_some();
    let (own, others): (Map<_, _>, Map<_, _>) = sections.into_iter().partition(|(name, _)| is_own(name));
    let mut ignored = Vec::new();
    for name in others.keys() {
        if name.split(['.', '[']).next().is_some_and(is_own) {
            report.mistake(name, "a path as a key", "sections inside each other");
        }
        ignored.push(shown(name));
    }
    if !ignored.is_empty() {
        report.warn(format!("sections that are not for scopegate were ignored: {}", ignored.join(", ")));
    }
    own
}

fn layered(sections: Map<String, Value>, overrides: Overrides) -> Result<Value, ConfigError> {
    let mut builder = Config::builder().add_source(Sections(sections));
    for (path, value) in overrides {
        builder = builder.set_override(path, value)?;
    }
    Ok(builder.build()?.cache)
}

#[derive(Clone, Debug)]
struct Sections(Map<String, Value>);

impl Source for Sections {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}
