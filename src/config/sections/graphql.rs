//! `storage`, `schema_file`, `graphql` and the flags of the GraphQL tools.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Choice, Entries, Flag, Members, Number, Size, Text},
            shape::{Keys, Part},
        },
        file::section::Section,
        mistake::{Report, shown},
    },
    graphql::{AbstractTypes, Graph, GraphFiles, QueryLimits, SchemaSource, UnknownFields},
    policy::GraphqlSettings,
};

/// The keys of a resource that apply only to GraphQL routers.
pub(in crate::config) const KEYS: Part = &[
    &STORAGE,
    &SCHEMA_FILE,
    &EXECUTION_CONFIG_FILE,
    &GRAPHQL,
    &ENABLE_ARBITRARY_OPERATIONS,
    &EXPOSE_SCHEMA,
    &EXCLUDE_MUTATIONS,
    &OMIT_TOOL_NAME_PREFIX,
    &GRAPH_NAME,
    &SESSION,
];

/// `storage_providers`, at the top of the file.
pub(in crate::config) const STORAGE_PROVIDERS: Key<Members> = Key::new(
    "storage_providers",
    Members(&[&[&FILE_SYSTEM]]),
    "Folders with the operations of GraphQL routers.",
);

const FILE_SYSTEM: Key<Entries> = Key::new(
    "file_system",
    Entries(&[&[&PROVIDER_ID, &FOLDER]]),
    "The folders.",
);

const PROVIDER_ID: Key<Text> = Key::new(
    "id",
    Text::ANY,
    "At the top of the file: the name that `storage.provider_id` uses.",
);

const FOLDER: Key<Text> = Key::new("path", Text::PATH, "At the top of the file: the folder.");

const STORAGE: Key<Members> = Key::new(
    "storage",
    Members(&[&[&STORAGE_PROVIDER_ID]]),
    "The operations.",
);

const STORAGE_PROVIDER_ID: Key<Text> = Key::new(
    "provider_id",
    Text::ANY,
    "The id of an entry of `storage_providers.file_system`: the folder of the operations. Without a schema their fields \
     cannot be checked.",
);

const SCHEMA_FILE: Key<Text> = Key::new(
    "schema_file",
    Text::PATH,
    "The graph's schema in SDL, with `@requiresScopes`.",
);

const EXECUTION_CONFIG_FILE: Key<Text> = Key::new(
    "execution_config_file",
    Text::PATH,
    "Instead of `schema_file`: a router's execution configuration in JSON, with its schema and the scopes of its fields.",
);

const GRAPHQL: Key<Members> = Key::new("graphql", Members(GRAPHQL_KEYS), "How queries are read.");

const GRAPHQL_KEYS: Keys = &[&[
    &ABSTRACT_TYPES,
    &UNKNOWN_FIELDS,
    &MAX_QUERY_BYTES,
    &MAX_QUERY_DEPTH,
    &MAX_QUERY_TOKENS,
    &MAX_QUERY_ALIASES,
]];

const ABSTRACT_TYPES: Key<Choice<AbstractTypes>> = Key::new(
    "abstract_types",
    Choice {
        default: AbstractTypes::PossibleTypes,
        words: &[
            ("possible_types", AbstractTypes::PossibleTypes),
            ("static", AbstractTypes::Static),
        ],
    },
    "A field selected on an interface needs what it needs on every implementation. `static`: what the interface's own \
     field needs.",
);

const UNKNOWN_FIELDS: Key<Choice<UnknownFields>> = Key::new(
    "unknown_fields",
    Choice {
        default: UnknownFields::Refuse,
        words: &[
            ("refuse", UnknownFields::Refuse),
            ("ignore", UnknownFields::Ignore),
        ],
    },
    "A query that is not valid for the schema is refused. `ignore`: unknown fields require no scopes, for graphs that \
     change faster than their schema file.",
);

const MAX_QUERY_BYTES: Key<Size> = Key::new(
    "max_query_bytes",
    Size {
        default: QueryLimits::DEFAULT.max_bytes,
        range: 1..=1 << 20,
    },
    "The longest query that is read.",
);

const MAX_QUERY_DEPTH: Key<Number> = Key::new(
    "max_query_depth",
    // The parser's own limit on nesting keeps the stack small.
    Number {
        default: Some(QueryLimits::DEFAULT.max_depth),
        range: 1..=64,
    },
    "How deep selections may be nested, fragments included.",
);

const MAX_QUERY_TOKENS: Key<Number> = Key::new(
    "max_query_tokens",
    Number {
        default: Some(QueryLimits::DEFAULT.max_tokens),
        range: 1..=1 << 17,
    },
    "Lexical tokens of a query, white space and comments included.",
);

const MAX_QUERY_ALIASES: Key<Number> = Key::new(
    "max_query_aliases",
    Number {
        default: Some(QueryLimits::DEFAULT.max_aliases),
        range: 0..=1 << 17,
    },
    "Fields of a query that have an alias.",
);

const ENABLE_ARBITRARY_OPERATIONS: Key<Flag> = Key::new(
    "enable_arbitrary_operations",
    Flag::OFF,
    "Whether `execute_graphql` exists.",
);

const EXPOSE_SCHEMA: Key<Flag> =
    Key::new("expose_schema", Flag::OFF, "Whether `get_schema` exists.");

const EXCLUDE_MUTATIONS: Key<Flag> = Key::new(
    "exclude_mutations",
    Flag::OFF,
    "Mutations make no tools, and a query with a mutation is refused.",
);

const OMIT_TOOL_NAME_PREFIX: Key<Flag> = Key::new(
    "omit_tool_name_prefix",
    Flag::OFF,
    "Tools of operations are named without `execute_operation_`.",
);

const GRAPH_NAME: Key<Text> = Key::new("graph_name", Text::ANY, "Accepted, without effect.");

const SESSION: Key<Members> = Key::new(
    "session",
    Members(&[&[&STATELESS]]),
    "Accepted, without effect.",
);

const STATELESS: Key<Flag> = Key::new("stateless", Flag::UNSET, "Accepted, without effect.");

/// The folders of `storage_providers.file_system`, by id.
pub(in crate::config) struct Providers(Vec<Provider>);

struct Provider {
    id: String,
    at: String,
    folder: Option<PathBuf>,
}

impl Providers {
    /// Reads the list. A missing folder is a mistake only if a resource uses it.
    pub(in crate::config) fn read(
        storage_providers: &Section,
        base: &Path,
        report: &mut Report,
    ) -> Self {
        let mut providers: Vec<Provider> = Vec::new();
        for entry in storage_providers.get(&FILE_SYSTEM) {
            entry.require(
                &PROVIDER_ID,
                "the name that `storage.provider_id` uses",
                report,
            );
            entry.require(&FOLDER, "a folder", report);
            let Some(id) = entry.find(&PROVIDER_ID) else {
                continue;
            };
            if providers.iter().any(|earlier| earlier.id == id) {
                report.mistake(
                    &entry.at(&PROVIDER_ID),
                    shown(id),
                    "an id that no other provider has",
                );
            }
            let folder = entry.find(&FOLDER).map(|folder| base.join(folder));
            providers.push(Provider {
                id: id.to_owned(),
                at: entry.at(&FOLDER),
                folder,
            });
        }
        Self(providers)
    }

    fn folder(&self, storage: &Section, report: &mut Report) -> Option<PathBuf> {
        let id = storage.find(&STORAGE_PROVIDER_ID)?;
        let Some(provider) = self.0.iter().find(|provider| provider.id == id) else {
            let expected = "the id of an entry of `storage_providers.file_system`";
            report.mistake(&storage.at(&STORAGE_PROVIDER_ID), shown(id), expected);
            return None;
        };
        let folder = provider.folder.clone()?;
        if !folder.is_dir() {
            let found = shown(&folder.display().to_string());
            report.mistake(
                &provider.at,
                found,
                "an existing folder, relative to the configuration file",
            );
        }
        Some(folder)
    }
}

/// Reads the GraphQL tools of a resource; paths are relative to `base`.
pub(in crate::config) fn read(
    resource: &Section,
    providers: &Providers,
    base: &Path,
    report: &mut Report,
) -> GraphqlSettings {
    let storage = resource.get(&STORAGE);
    if storage.is_written() {
        storage.require(
            &STORAGE_PROVIDER_ID,
            "the id of an entry of `storage_providers.file_system`",
            report,
        );
    }
    let graphql = resource.get(&GRAPHQL);
    let mut settings = GraphqlSettings {
        storage: providers.folder(storage, report),
        graph: None,
        unknown_fields: graphql.get(&UNKNOWN_FIELDS),
        limits: limits(graphql),
        enable_arbitrary_operations: resource.get(&ENABLE_ARBITRARY_OPERATIONS),
        expose_schema: resource.get(&EXPOSE_SCHEMA),
        exclude_mutations: resource.get(&EXCLUDE_MUTATIONS),
        omit_tool_name_prefix: resource.get(&OMIT_TOOL_NAME_PREFIX),
    };
    if let Some(folder) = &settings.storage {
        report.watch(folder.clone());
    }
    read_graph(resource, base, &mut settings, report);
    if settings.graph.is_some() && settings.unknown_fields == UnknownFields::Ignore {
        let at = graphql.at(&UNKNOWN_FIELDS);
        report.warn(format!(
            "{at} is ignore: fields that the schema does not have need no scopes"
        ));
    }
    settings
}

/// Loads the graph if a schema is set. Warns of a folder of operations without a schema.
fn read_graph(
    resource: &Section,
    base: &Path,
    settings: &mut GraphqlSettings,
    report: &mut Report,
) {
    match schema(resource, base, report) {
        Some((key, schema)) => {
            let files = GraphFiles {
                schema,
                operations: settings.storage.clone(),
                abstract_types: resource.get(&GRAPHQL).get(&ABSTRACT_TYPES),
                exclude_mutations: settings.exclude_mutations,
                omit_tool_name_prefix: settings.omit_tool_name_prefix,
            };
            settings.graph = load(resource, key, &files, report);
        }
        None if settings.storage.is_some() && SCHEMA_KEYS.iter().all(|key| !resource.has(*key)) => {
            report.warn(format!(
                "{} has operations but no schema_file: the scopes of their fields cannot be checked, the tools \
                 need their levels alone",
                resource.get(&STORAGE).path()
            ));
        }
        None => {}
    }
}

/// Finds the file with the scopes of the fields and the key that names it, and watches the file.
fn schema(
    resource: &Section,
    base: &Path,
    report: &mut Report,
) -> Option<(&'static Key<Text>, SchemaSource)> {
    let [sdl, execution_config] =
        SCHEMA_KEYS.map(|key| resource.find(key).map(|file| base.join(file)));
    let (key, source, file) = match (sdl, execution_config) {
        (None, None) => return None,
        (Some(file), None) => (&SCHEMA_FILE, SchemaSource::Sdl(file.clone()), file),
        (None, Some(file)) => (
            &EXECUTION_CONFIG_FILE,
            SchemaSource::ExecutionConfig(file.clone()),
            file,
        ),
        (Some(_), Some(_)) => {
            let at = resource.at(&EXECUTION_CONFIG_FILE);
            report.mistake(&at, "both it and `schema_file`", "one of the two");
            return None;
        }
    };
    if !file.is_file() {
        let found = shown(&file.display().to_string());
        report.mistake(
            &resource.at(key),
            found,
            "an existing file, relative to the configuration file",
        );
        return None;
    }
    report.watch(file);
    Some((key, source))
}

fn load(
    resource: &Section,
    key: &'static Key<Text>,
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

fn limits(graphql: &Section) -> QueryLimits {
    QueryLimits {
        max_bytes: graphql.get(&MAX_QUERY_BYTES),
        max_depth: graphql.get(&MAX_QUERY_DEPTH),
        max_tokens: graphql.get(&MAX_QUERY_TOKENS),
        max_aliases: graphql.get(&MAX_QUERY_ALIASES),
    }
}

const SCHEMA_KEYS: [&Key<Text>; 2] = [&SCHEMA_FILE, &EXECUTION_CONFIG_FILE];
