//! The folder of operations: one tool for each valid query or mutation, and a warning for each operation that does
//! not become a tool.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use apollo_compiler::ast::{Definition, Document, OperationDefinition, OperationType};
use aws_lc_rs::digest::Context;

use super::{
    QueryLimits, UnknownFields,
    coordinates::CoordinateId,
    fault::lines_of,
    graph::{Graph, GraphFiles},
    tool_name::tool_name,
    visitor::Visitor,
};

/// The tools of a graph's operations, by name; `None` for a tool that no scope permits.
#[derive(Debug, Default)]
pub(crate) struct OperationTools {
    pub(crate) tools: BTreeMap<String, Option<Vec<CoordinateId>>>,
}

/// Reads a folder. `warnings` gets the file, line and reason of each operation that does not become a tool.
pub(super) fn load(
    graph: &Graph,
    folder: &Path,
    files: &GraphFiles,
    version: &mut Context,
    warnings: &mut Vec<String>,
) -> OperationTools {
    let mut paths = BTreeSet::new();
    find_files(folder, 0, &mut paths, warnings);
    let mut loader = Loader {
        graph,
        files,
        tools: BTreeMap::new(),
        excluded: BTreeSet::new(),
        warnings,
    };
    for path in &paths {
        version.update(path.as_os_str().as_encoded_bytes());
        match fs::read_to_string(path) {
            Ok(text) => {
                version.update(text.as_bytes());
                loader.read(path, &text);
            }
            Err(error) => loader.close_file(path, &error.to_string()),
        }
    }
    loader.finish()
}

/// The operation files below a folder. Names that begin with a dot are skipped: mounted ConfigMaps keep their
/// copies under such names.
fn find_files(
    folder: &Path,
    depth: usize,
    paths: &mut BTreeSet<PathBuf>,
    warnings: &mut Vec<String>,
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            warnings.push(format!(
                "`{}`: {error}: its operations do not become tools",
                folder.display()
            ));
            return;
        }
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let extension = path.extension().and_then(|extension| extension.to_str());
        if is_hidden {
            continue;
        } else if path.is_dir() && depth < MAX_DEPTH {
            find_files(&path, depth + 1, paths, warnings);
        } else if matches!(extension, Some("graphql" | "gql")) {
            paths.insert(path);
        }
    }
}

struct Loader<'a> {
    graph: &'a Graph,
    files: &'a GraphFiles,
    tools: BTreeMap<String, Option<Vec<CoordinateId>>>,
    /// The tools of excluded operations.
    excluded: BTreeSet<String>,
    warnings: &'a mut Vec<String>,
}

impl Loader<'_> {
    fn read(&mut self, path: &Path, text: &str) {
        if text.len() > LIMITS.max_bytes {
            return self.close_file(path, "more than 1 MiB");
        }
        let mut parser = Document::parser().recursion_limit(RECURSION_LIMIT);
        let (document, fault) = match parser.parse_ast(text, path) {
            Ok(document) => {
                let fault = document.to_executable_validate(self.graph.schema()).err();
                let fault = fault.and_then(|invalid| lines_of(&invalid.errors).next());
                (document, fault)
            }
            Err(broken) => {
                let fault = lines_of(&broken.errors).next();
                (broken.partial, fault)
            }
        };
        let operations: Vec<_> = document
            .definitions
            .iter()
            .filter_map(Definition::as_operation_definition)
            .collect();
        match fault {
            Some((line, reason)) => {
                let names = operations
                    .iter()
                    .map(|operation| self.name_of(operation, path));
                let names: Vec<_> = names.collect();
                self.close(path, line, &reason, names);
            }
            None if operations.is_empty() => self.warn(path, None, "it contains no operation"),
            None => operations
                .iter()
                .for_each(|operation| self.register(operation, path, &document)),
        }
    }

    /// Makes a tool of a valid operation.
    fn register(&mut self, operation: &OperationDefinition, path: &Path, document: &Document) {
        let name = self.name_of(operation, path);
        let is_excluded =
            operation.operation_type == OperationType::Mutation && self.files.exclude_mutations;
        if RESERVED.contains(&name.as_str()) {
            return self.warn(
                path,
                None,
                &format!("`{name}` is the name of a built-in tool"),
            );
        }
        if operation.operation_type == OperationType::Subscription {
            self.warn(path, None, "a subscription cannot be a tool");
        }
        if is_excluded || operation.operation_type == OperationType::Subscription {
            self.excluded.insert(name);
            return;
        }
        let context = self.graph.context(UnknownFields::Refuse, LIMITS);
        let visited = Visitor::new(context, document).and_then(|mut visitor| {
            visitor.operation(operation)?;
            Ok(visitor.finish())
        });
        let needed = match visited {
            Ok(needed) => needed,
            Err(fault) => return self.close(path, None, fault.phrase(), vec![name]),
        };
        if self.tools.contains_key(&name) {
            let reason = format!(
                "another operation makes the tool `{name}` as well: calls need the scopes of both"
            );
            self.warn(path, None, &reason);
        }
        let tool = self.tools.entry(name).or_insert_with(|| Some(Vec::new()));
        if let Some(ids) = tool {
            let new: Vec<_> = needed.into_iter().filter(|id| !ids.contains(id)).collect();
            ids.extend(new);
        }
    }

    fn name_of(&self, operation: &OperationDefinition, path: &Path) -> String {
        let stem = || {
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let name = operation
            .name
            .as_ref()
            .map_or_else(stem, ToString::to_string);
        tool_name(&name, self.files.omit_tool_name_prefix)
    }

    /// Closes the tool that has the name of a file that cannot be read. The file might contain that operation.
    fn close_file(&mut self, path: &Path, reason: &str) {
        self.close(path, None, reason, Vec::new());
    }

    /// Closes the tools of an invalid file: those of its operations or, if it has none, the one with its name.
    fn close(&mut self, path: &Path, line: Option<usize>, reason: &str, mut names: Vec<String>) {
        if names.is_empty() {
            let stem = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            names.push(tool_name(&stem, self.files.omit_tool_name_prefix));
        }
        names.retain(|name| !RESERVED.contains(&name.as_str()));
        self.warn(
            path,
            line,
            &format!("{reason}: closed: {}", names.join(", ")),
        );
        self.tools
            .extend(names.into_iter().map(|name| (name, None)));
    }

    fn warn(&mut self, path: &Path, line: Option<usize>, reason: &str) {
        let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
        self.warnings
            .push(format!("`{}`{line}: {reason}", path.display()));
    }

    fn finish(self) -> OperationTools {
        let mut tools = self.tools;
        for name in self.excluded {
            tools.entry(name).or_insert(None);
        }
        OperationTools { tools }
    }
}

/// The router's built-in tools; an operation must not have one of these names.
const RESERVED: [&str; 3] = ["get_schema", "execute_graphql", "get_operation_info"];

/// Limits for files that the operator wrote: generous, but they protect the stack.
const LIMITS: QueryLimits = QueryLimits {
    max_bytes: 1024 * 1024,
    max_depth: 100,
    max_tokens: usize::MAX,
    max_aliases: usize::MAX,
};

const RECURSION_LIMIT: usize = 300;

/// The most nested folders that are read.
const MAX_DEPTH: usize = 16;
