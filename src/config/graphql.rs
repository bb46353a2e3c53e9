//! `storage`, `schema_file` and the switches of the GraphQL tools.

use std::path::{Path, PathBuf};

use super::{
    mistake::{Report, shown},
    section::Section,
};
use crate::policy::GraphqlSettings;

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
    let schema_file = resource.text("schema_file").map(|file| base.join(file));
    if let Some(file) = schema_file.as_ref().filter(|file| !file.is_file()) {
        let found = shown(&file.display().to_string());
        report.mistake(
            &resource.at("schema_file"),
            found,
            "an existing file, relative to the configuration file",
        );
    }
    let settings = GraphqlSettings {
        storage: providers.folder(storage, report),
        schema_file,
        enable_arbitrary_operations: is_set("enable_arbitrary_operations"),
        expose_schema: is_set("expose_schema"),
        exclude_mutations: is_set("exclude_mutations"),
        omit_tool_name_prefix: is_set("omit_tool_name_prefix"),
    };
    if settings.storage.is_some() && !resource.has("schema_file") {
        report.warn(format!(
            "{} has operations but no schema_file: the scopes of their fields cannot be checked, the tools need \
             their levels alone",
            storage.path()
        ));
    }
    [&settings.storage, &settings.schema_file]
        .into_iter()
        .flatten()
        .for_each(|path| report.watch(path.clone()));
    settings
}
