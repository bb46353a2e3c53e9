//! `scopegate check`: the configuration, compiled, as a table; or all its mistakes.

use std::process::ExitCode;

use super::{arguments::OriginOptions, config_file, configuration_mistakes, output};
use crate::{
    config::{Environment, Settings},
    policy::{Enforcement, PolicyTable, ResourceSettings, Row},
};

pub(super) fn run(options: &OriginOptions, environment: Environment) -> ExitCode {
    match config_file::loader(options, environment).and_then(|mut load| load()) {
        Ok(settings) => {
            let code = output(&table(&settings));
            for warning in &settings.warnings {
                eprintln!("warning: {warning}");
            }
            code
        }
        Err(found) => configuration_mistakes(&found),
    }
}

fn table(settings: &Settings) -> String {
    let rows: Vec<[String; 3]> = settings.resources.iter().flat_map(rows_of).collect();
    let width = |column: usize, least: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(String::len)
            .chain([least.len()])
            .max()
            .unwrap_or(0)
    };
    let (first, second) = (width(0, "RESOURCE"), width(1, "OPERATION"));
    let line = |[resource, operation, scopes]: &[String; 3]| {
        format!("{resource:first$}  {operation:second$}  {scopes}\n")
    };
    let head = ["RESOURCE", "OPERATION", "SCOPES"].map(str::to_owned);
    std::iter::once(&head).chain(&rows).map(line).collect()
}

fn rows_of(resource: &ResourceSettings) -> Vec<[String; 3]> {
    let rows = match &resource.enforcement {
        Enforcement::Off => {
            vec![Row {
                operation: "every request".to_owned(),
                scopes: "(not enforced)".to_owned(),
            }]
        }
        Enforcement::On(oauth) => PolicyTable::compile(oauth).rows(),
    };
    rows.into_iter()
        .map(|row| [resource.id.to_string(), row.operation, row.scopes])
        .collect()
}
