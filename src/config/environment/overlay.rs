//! Lays the environment over the tree of the file, with the `config` crate.

use std::{borrow::Cow, path::Path};

use config::{Config, ConfigError, Map, Source, Value};

use crate::config::{
    declaration::shape::{each, find},
    environment::{
        process::Environment,
        variables::{self, Overrides},
    },
    file::{position::Marks, syntax, yaml},
    mistake::{Mistake, Report, shown},
    sections::top_level::ROOT,
};

/// A configuration text, with its name and folder.
pub(in crate::config) struct Document<'a> {
    /// The name in mistakes.
    pub(in crate::config) name: &'a str,
    /// The folder to which the paths in the text are relative.
    pub(in crate::config) folder: &'a Path,
    /// The text, in YAML.
    pub(in crate::config) yaml: &'a str,
}

/// Reads a text, and lays the values that the environment sets over it.
///
/// # Errors
/// If the text is not YAML.
pub(in crate::config) fn read(
    document: &Document<'_>,
    environment: &Environment,
    report: &mut Report,
) -> Result<Value, Mistake> {
    let name = document.name;
    let text = with_line_feeds(document.yaml);
    let tree = yaml::parse(&text).map_err(|error| Mistake {
        location: Some(syntax::locate(name, &text, error.position)),
        path: String::new(),
        message: error.message,
    })?;
    report.set_marks(Marks::new(name, &text, tree.marks));
    for (path, span) in tree.repeated {
        report.repeated(&path, span);
    }
    let sections = own_sections(tree.sections, report);
    layered(sections, variables::read(environment, report))
        .map_err(|error| Mistake::of_file(name, format!("cannot be put together: {error}")))
}

/// YAML counts each of CR LF, LF and CR as one line break, and reads it as LF (YAML 1.2.2, section 5.4). Parser and
/// excerpts must count alike, or an excerpt would show another line than the message is about.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Keeps only our sections, and warns of the others in one line. The `config` crate would read a
/// key such as `mcp.oauth` as a path, which no other reader of YAML does.
fn own_sections(sections: Map<String, Value>, report: &mut Report) -> Map<String, Value> {
    let is_own = |name: &str| find(ROOT, name).is_some();
    let (own, others): (Map<_, _>, Map<_, _>) =
        sections.into_iter().partition(|(name, _)| is_own(name));
    let mut ignored = Vec::new();
    for name in others.keys() {
        if name.split(['.', '[']).next().is_some_and(is_own) {
            report.misnamed(name, "a path as a key", "sections inside each other");
        } else if let Some(nearest) = nearest_section(name) {
            report.misspelt_section(name, &format!("`{nearest}`"));
        }
        ignored.push(shown(name));
    }
    if !ignored.is_empty() {
        report.warn(format!(
            "sections that are not for scopegate were ignored: {}",
            ignored.join(", ")
        ));
    }
    own
}

/// Finds our section whose name differs in one letter, in two swapped letters, or in case.
fn nearest_section(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    each(ROOT)
        .map(|key| key.name())
        .find(|own| strsim::osa_distance(&lower, own) <= 1)
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
