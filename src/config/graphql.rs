//! `storage`, `schema_file`, `graphql` and the switches of the GraphQL tools.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    mistake::{Report, shown},
    section::Section,
};
use crate::{
    graphql::{AbstractTypes, Graph, GraphFiles, QueryLimits, SchemaSource, UnknownFields},
    policy::GraphqlSettings,
};

/// The folders of `storage_providers.file_system`, by id.
pub(super) struct Providers(Vec<Provider>);

struct Provider {
    id: String,
    at: String,
    folder: Option<PathBuf>,
}

impl Providers {
    /// Reads the list. Whether a folder is there counts only once a resource asks for it.
    pub(super) fn read(root: &Section, base: &Path, report: &mut Report) -> Self {
        let mut providers: Vec<Provider> = Vec::new();
        for entry in root.section("storage_providers").entries("file_system") {
            entry.require("id", "the name that `storage.provider_id` uses", report);
            entry.require("path", "a folder", report);
            let Some(id) = entry.text("id") else { continue };
            if providers.iter().any(|earlier| earlier.id == id) {
                report.mistake(&entry.at("id"), shown(id), "an id that no other provider has");
            }
            let folder = entry.text("path").map(|folder| base.join(folder));
            providers.push(Provider { id: id.to_owned(), at: entry.at("path"), folder });
        }
        Self(providers)
    }

    fn folder(&self, storage: &Section, report: &mut Report) -> Option<PathBuf> {
        let id = storage.text("provider_id")?;
        let Some(provider) = self.0.iter().find(|provider| provider.id == id) else {
            let expected = "the id of an entry of `storage_providers.file_system`";
            report.mistake(&storage.at("provider_id"), shown(id), expected);
            return None;
        };
        let folder = provider.folder.clone()?;
        if !folder.is_dir() {
            let found = shown(&folder.display().to_string());
            report.mistake(&provider.at, found, "an existing folder, relative to the configuration file");
        }
        Some(folder)
    }
}

/// Reads which GraphQL tools a resource has; files are relative to `base`.
pub(super) fn read(
    resource: &Section,
    providers: &Providers,
    base: &Path,
    report: &mut Report,
) -> GraphqlSettings {
    let is_set = |name: &str| resource.flag(name).unwrap_or(false);
    let storage = resource.section("storage");
    if storage.is_written() {
        storage.require("provider_id", "the id of an entry of `storage_providers.file_system`", report);
    }
    let graphql = resource.section("graphql");
    let unknown = [("refuse", UnknownFields::Refuse), ("ignore", UnknownFields::Ignore)];
    let mut settings = GraphqlSettings {
        storage: providers.folder(storage, report),
        graph: None,
        unknown_fields: graphql.choice("unknown_fields", UnknownFields::Refuse, &unknown, report),
        limits: limits(graphql, report),
        enable_arbitrary_operations: is_set("enable_arbitrary_operations"),
        expose_schema: is_set("expose_schema"),
        exclude_mutations: is_set("exclude_mutations"),
        omit_tool_name_prefix: is_set("omit_tool_name_prefix"),
    };
    if let Some(folder) = &settings.storage {
        report.watch(folder.clone());
    }
    let abstract_types = abstract_types(graphql, report);
    match schema(resource, base, report) {
        Some((key, schema)) => {
            let files = GraphFiles {
                schema,
                operations: settings.storage.clone(),
                abstract_types,
                exclude_mutations: settings.exclude_mutations,
                omit_tool_name_prefix: settings.omit_tool_name_prefix,
            };
            settings.graph = load(resource, key, &files, report);
        }
        None if settings.storage.is_some() && SCHEMA_KEYS.iter().all(|key| !resource.has(key)) => {
            report.warn(format!(
                "{} has operations but no schema_file: the scopes of their fields cannot be checked, the tools \
                 need their levels alone",
                storage.path()
            ));
        }
        None => {}
    }
    if settings.graph.is_some() && settings.unknown_fields == UnknownFields::Ignore {
        let at = graphql.at("unknown_fields");
        report.warn(format!("{at} is ignore: fields that the schema does not have need no scopes"));
    }
    settings
}

/// The key and the file that say what fields need, and that file is watched.
fn schema(resource: &Section, base: &Path, report: &mut Report) -> Option<(&'static str, SchemaSource)> {
    let [sdl, execution_config] = SCHEMA_KEYS.map(|key| resource.text(key).map(|file| base.join(file)));
    let (key, source, file) = match (sdl, execution_config) {
        (None, None) => return None,
        (Some(file), None) => ("schema_file", SchemaSource::Sdl(file.clone()), file),
        (None, Some(file)) => ("execution_config_file", SchemaSource::ExecutionConfig(file.clone()), file),
        (Some(_), Some(_)) => {
            let at = resource.at("execution_config_file");
            report.mistake(&at, "both it and `schema_file`", "one of the two");
            return None;
        }
    };
    if !file.is_file() {
        let found = shown(&file.display().to_string());
        report.mistake(&resource.at(key), found, "an existing file, relative to the configuration file");
        return None;
    }
    report.watch(file);
    Some((key, source))
}

fn load(
    resource: &Section,
    key: &'static str,
    files: &GraphFiles,
    report: &mut Report,
) -> Option<Arc<Graph>> {
    match Graph::load(files) {
        Ok((graph, warnings)) => {
            for warning in warnings {
                report.warn(format!("{}: {warning}", resource.path()));
            }
            Some(Arc::new(graph))
        }
        Err(faults) => {
            for fault in faults {
                report.mistake(&resource.at(key), fault.found, fault.expected);
            }
            None
        }
    }
}

fn abstract_types(graphql: &Section, report: &mut Report) -> AbstractTypes {
    let choices = [("possible_types", AbstractTypes::PossibleTypes), ("static", AbstractTypes::Static)];
    graphql.choice("abstract_types", AbstractTypes::PossibleTypes, &choices, report)
}

fn limits(graphql: &Section, report: &mut Report) -> QueryLimits {
    let QueryLimits { max_bytes, max_depth, max_tokens, max_aliases } = QueryLimits::default();
    QueryLimits {
        max_bytes: graphql.number("max_query_bytes", max_bytes, 1..=1 << 20, report),
        // The parser's own bound on nesting keeps the stack small.
        max_depth: graphql.number("max_query_depth", max_depth, 1..=64, report),
        max_tokens: graphql.number("max_query_tokens", max_tokens, 1..=1 << 17, report),
        max_aliases: graphql.number("max_query_aliases", max_aliases, 0..=1 << 17, report),
    }
}

const SCHEMA_KEYS: [&str; 2] = ["schema_file", "execution_config_file"];
