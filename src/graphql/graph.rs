//! A loaded graph: its schema, the scopes of its fields, and the tools of its operations.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use apollo_compiler::{Schema, validation::Valid};
use aws_lc_rs::digest::{self, SHA256};

use super::{
    AbstractTypes, GraphFault, QueryLimits, UnknownFields,
    coordinates::Coordinates,
    execution_config, operations,
    operations::OperationTools,
    sdl::{self, ReadSchema},
    visitor::Context,
};

/// The files of a graph, and how to read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphFiles {
    /// The file with the schema and the scopes that it declares.
    pub schema: SchemaSource,
    /// The folder of operations.
    pub operations: Option<PathBuf>,
    /// The rule for interfaces and unions.
    pub abstract_types: AbstractTypes,
    /// Whether mutations are excluded: they do not become tools.
    pub exclude_mutations: bool,
    /// Whether tool names have no prefix.
    pub omit_tool_name_prefix: bool,
}

/// The file that declares the scopes of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaSource {
    /// SDL with `@requiresScopes`.
    Sdl(PathBuf),
    /// The execution configuration of a router, in JSON.
    ExecutionConfig(PathBuf),
}

/// A graph, immutable. Two graphs are equal if they were read from the same files with the same content.
pub struct Graph {
    version: String,
    schema: Valid<Schema>,
    coordinates: Coordinates,
    abstract_types: AbstractTypes,
    tools: OperationTools,
}

impl Graph {
    /// Reads the files of a graph. The second value has the warnings, one line each.
    ///
    /// # Errors
    /// The mistakes in the schema. Mistakes in operations are warnings: no scope permits their tools.
    pub fn load(files: &GraphFiles) -> Result<(Self, Vec<String>), Vec<GraphFault>> {
        let (file, is_sdl) = match &files.schema {
            SchemaSource::Sdl(file) => (file, true),
            SchemaSource::ExecutionConfig(file) => (file, false),
        };
        let text = read(file).map_err(|fault| vec![fault])?;
        let mut version = digest::Context::new(&SHA256);
        version.update(format!("{files:?}").as_bytes());
        version.update(text.as_bytes());
        let ReadSchema {
            schema,
            declared,
            mut warnings,
        } = if is_sdl {
            sdl::read(text, file)?
        } else {
            execution_config::read(&text, file)?
        };
        let coordinates = Coordinates::compile(&schema, declared, files.abstract_types);
        let mut graph = Self {
            version: String::new(),
            schema,
            coordinates,
            abstract_types: files.abstract_types,
            tools: OperationTools::default(),
        };
        if let Some(folder) = &files.operations {
            graph.tools = operations::load(&graph, folder, files, &mut version, &mut warnings);
            warnings.extend(graph.long_challenges());
        }
        graph.version = version
            .finish()
            .as_ref()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok((graph, warnings))
    }

    /// Warnings about tools whose challenge may name more scopes than gateways allow in a header. scopegate never
    /// cuts a challenge: a client with only a part of the scopes would be denied again.
    fn long_challenges(&self) -> impl Iterator<Item = String> {
        let tools = self
            .tools
            .tools
            .iter()
            .filter_map(|(name, needed)| Some((name, needed.as_ref()?)));
        let sizes = tools.map(|(name, needed)| (name, self.coordinates.longest_challenge(needed)));
        sizes.filter(|(_, bytes)| *bytes > LONG_CHALLENGE_BYTES).map(|(name, bytes)| {
            format!(
                "the tool `{name}`: its challenge may name {bytes} bytes of scopes; gateways must allow response \
                 headers of that length"
            )
        })
    }

    /// The version of the graph, derived from its content.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    pub(crate) fn coordinates(&self) -> &Coordinates {
        &self.coordinates
    }

    pub(crate) fn tools(&self) -> &OperationTools {
        &self.tools
    }

    pub(super) fn context(
        &self,
        unknown_fields: UnknownFields,
        limits: QueryLimits,
    ) -> Context<'_> {
        Context {
            schema: &self.schema,
            coordinates: &self.coordinates,
            abstract_types: self.abstract_types,
            unknown_fields,
            limits,
        }
    }
}

impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

impl Eq for Graph {}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

fn read(file: &Path) -> Result<String, GraphFault> {
    let of_size = fs::metadata(file).map(|metadata| metadata.len());
    if of_size.is_ok_and(|bytes| bytes > MAX_BYTES) {
        return Err(GraphFault::in_file(
            file,
            "more than 64 MiB",
            "a file of at most 64 MiB",
        ));
    }
    fs::read_to_string(file)
        .map_err(|error| GraphFault::in_file(file, error, "a file that can be read"))
}

/// By default, nginx has 4 KiB for all headers of a response.
const LONG_CHALLENGE_BYTES: usize = 3 * 1024;

const MAX_BYTES: u64 = 64 * 1024 * 1024;
