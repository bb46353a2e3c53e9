//! The folder of operations: one tool for each valid query or mutation, and a reason for each that is none.

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

/// The tools of a graph's operations, by name; `None` for one that no scope opens.
#[derive(Debug, Default)]
pub(crate) struct OperationTools {
    pub(crate) tools: BTreeMap<String, Option<Vec<CoordinateId>>>,
}

/// Reads a folder. What is no tool is told in `warnings`, with its file, line and reason.
pub(super) fn load(
    graph: &Graph,
    folder: &Path,
    files: &GraphFiles,
    version: &mut Context,
    warnings: &mut Vec<String>,
) -> OperationTools {
    let mut paths = BTreeSet::new();
    find(folder, 0, &mut paths, warnings);
    let mut loader = Loader { graph, files, tools: BTreeMap::new(), absent: BTreeSet::new(), warnings };
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

/// The operation files below a folder. Names that begin with a dot are no files of ours: mounted ConfigMaps keep
/// their copies under such names.
fn find(folder: &Path, depth: usize, paths: &mut BTreeSet<PathBuf>, warnings: &mut Vec<String>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            warnings.push(format!("`{}`: {error}: its operations are no tools", folder.display()));
            return;
        }
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let extension = path.extension().and_then(|extension| extension.to_str());
        if is_hidden {
            continue;
        } else if path.is_dir() && depth < MAX_DEPTH {
            find(&path, depth + 1, paths, warnings);
        } else if matches!(extension, Some("graphql" | "gql")) {
            paths.insert(path);
        }
    }
}

struct Loader<'a> {
    graph: &'a Graph,
    files: &'a GraphFiles,
    tools: BTreeMap<String, Option<Vec<CoordinateId>>>,
    /// Operations that are valid but make no tool.
    absent: BTreeSet<String>,
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
        let operations: Vec<_> =
            document.definitions.iter().filter_map(Definition::as_operation_definition).collect();
        match fault {
            Some((line, reason)) => {
                let names = operations.iter().map(|operation| self.name_of(operation, path));
                let names: Vec<_> = names.collect();
                self.close(path, line, &reason, names);
            }
            None if operations.is_empty() => self.warn(path, None, "no operation in it"),
            None => operations.iter().for_each(|operation| self.register(operation, path, &document)),
        }
    }

    /// Makes a tool of a valid operation.
    fn register(&mut self, operation: &OperationDefinition, path: &Path, document: &Document) {
        let name = self.name_of(operation, path);
        let is_excluded = operation.operation_type == OperationType::Mutation && self.files.exclude_mutations;
        if RESERVED.contains(&name.as_str()) {
            return self.warn(path, None, &format!("`{name}` is the name of a built-in tool"));
        }
        if operation.operation_type == OperationType::Subscription {
            self.warn(path, None, "a subscription makes no tool");
        }
        if is_excluded || operation.operation_type == OperationType::Subscription {
            self.absent.insert(name);
            return;
        }
        let context = self.graph.context(UnknownFields::Refuse, LIMITS);
        let walked = Visitor::new(context, document).and_then(|mut visitor| {
            visitor.operation(operation)?;
            Ok(visitor.finish())
        });
        let needed = match walked {
            Ok(needed) => needed,
            Err(fault) => return self.close(path, None, fault.phrase(), vec![name]),
        };
        if self.tools.contains_key(&name) {
            self.warn(path, None, &format!("the tool `{name}` is there already: it needs what both need"));
        }
        let tool = self.tools.entry(name).or_insert_with(|| Some(Vec::new()));
        if let Some(ids) = tool {
            let new: Vec<_> = needed.into_iter().filter(|id| !ids.contains(id)).collect();
            ids.extend(new);
        }
    }

    fn name_of(&self, operation: &OperationDefinition, path: &Path) -> String {
        let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = operation.name.as_ref().map_or_else(stem, ToString::to_string);
        tool_name(&name, self.files.omit_tool_name_prefix)
    }

    /// A file that cannot be read might hold an operation of its name.
    fn close_file(&mut self, path: &Path, reason: &str) {
        self.close(path, None, reason, Vec::new());
    }

    /// Closes the tools that an invalid file would make, its own name among them.
    fn close(&mut self, path: &Path, line: Option<usize>, reason: &str, mut names: Vec<String>) {
        if names.is_empty() {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            names.push(tool_name(&stem, self.files.omit_tool_name_prefix));
        }
        names.retain(|name| !RESERVED.contains(&name.as_str()));
        self.warn(path, line, &format!("{reason}: closed: {}", names.join(", ")));
        self.tools.extend(names.into_iter().map(|name| (name, None)));
    }

    fn warn(&mut self, path: &Path, line: Option<usize>, reason: &str) {
        let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
        self.warnings.push(format!("`{}`{line}: {reason}", path.display()));
    }

    fn finish(self) -> OperationTools {
        let mut tools = self.tools;
        for name in self.absent {
            tools.entry(name).or_insert(None);
        }
        OperationTools { tools }
    }
}

/// The tools that a router builds in; no operation may take their names.
const RESERVED: [&str; 3] = ["get_schema", "execute_graphql", "get_operation_info"];

/// Of a file that the operator wrote: generous, but the stack is not endless.
const LIMITS: QueryLimits =
    QueryLimits { max_bytes: 1024 * 1024, max_depth: 100, max_tokens: usize::MAX, max_aliases: usize::MAX };

const RECURSION_LIMIT: usize = 300;

/// How deep folders may nest.
const MAX_DEPTH: usize = 16;
