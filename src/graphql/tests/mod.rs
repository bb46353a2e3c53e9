//! Attacks with queries, invalid schemas, and folders of operations.

mod attacks;
mod folders;
mod schemas;

use std::{fs, path::Path};

use super::*;

/// A graph whose files are in `folder`, with its warnings.
fn load(
    folder: &Path,
    sdl: &str,
    change: impl FnOnce(&mut GraphFiles),
) -> Result<(Graph, Vec<String>), String> {
    let schema = folder.join("schema.graphql");
    fs::write(&schema, sdl).unwrap();
    let mut files = GraphFiles {
        schema: SchemaSource::Sdl(schema),
        operations: None,
        abstract_types: AbstractTypes::PossibleTypes,
        exclude_mutations: false,
        omit_tool_name_prefix: true,
    };
    change(&mut files);
    Graph::load(&files).map_err(|faults| {
        let faults = faults
            .iter()
            .map(|fault| format!("{}, expected {}", fault.found, fault.expected));
        faults
            .collect::<Vec<_>>()
            .join("\n")
            .replace(&format!("{}/", folder.display()), "")
    })
}

fn graph(sdl: &str) -> Graph {
    load(tempfile::tempdir().unwrap().path(), sdl, |_| {})
        .unwrap()
        .0
}

/// The coordinates that a query requires.
fn resolve(
    graph: &Graph,
    text: &str,
    unknown_fields: UnknownFields,
) -> Result<Vec<String>, QueryFault> {
    let found = query::resolve(graph, text, QueryLimits::default(), unknown_fields, false)?;
    Ok(found
        .iter()
        .map(|id| graph.coordinates().get(*id).unwrap().name.clone())
        .collect())
}
