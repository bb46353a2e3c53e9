//! A query that a client wrote, read on the request path: parsed within limits, walked, and held against the
//! schema.

use apollo_compiler::ast::{Definition, Document, OperationType};

use super::{coordinates::CoordinateId, graph::Graph, visitor::Visitor};

/// `graphql.unknown_fields`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// A query that names what the schema does not have, or is otherwise not valid, is refused.
    #[default]
    Refuse,
    /// Unknown fields need nothing: for graphs that change faster than their schema file.
    Ignore,
}

/// How large a query may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// In bytes.
    pub max_bytes: usize,
    /// How deep selections may be nested, fragments included.
    pub max_depth: usize,
    /// Lexical tokens, white space and comments included.
    pub max_tokens: usize,
    /// Fields that are written with an alias.
    pub max_aliases: usize,
}

impl QueryLimits {
    /// Where nothing is configured.
    pub const DEFAULT: Self = Self { max_bytes: 65_536, max_depth: 32, max_tokens: 10_000, max_aliases: 200 };
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a query is refused, in a fixed phrase that never holds what the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.phrase())]
pub enum QueryFault {
    /// Longer than `max_bytes`.
    TooLong,
    /// No GraphQL, too many tokens, nested too deep for the parser, or no operation in it.
    Unparsable,
    /// Deeper than `max_depth`.
    TooDeep,
    /// More than `max_aliases`.
    TooManyAliases,
    /// A type or field that the schema does not have.
    Unknown,
    /// Anything else that GraphQL forbids.
    Invalid,
    /// `exclude_mutations`.
    Mutation,
}

impl QueryFault {
    /// What is told of it.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::TooLong => "the query is too long",
            Self::Unparsable => "the query cannot be parsed",
            Self::TooDeep => "the query is nested too deep",
            Self::TooManyAliases => "the query has too many aliases",
            Self::Unknown => "the query names a type or field that the schema does not have",
            Self::Invalid => "the query is not valid",
            Self::Mutation => "the query holds a mutation, and mutations are excluded",
        }
    }
}

/// What a query touches: all its operations and all its fragments, used or not.
///
/// # Errors
/// When it cannot be read, goes beyond a limit, or is not valid.
pub(crate) fn resolve(
    graph: &Graph,
    text: &str,
    limits: QueryLimits,
    unknown_fields: UnknownFields,
    excludes_mutations: bool,
) -> Result<Vec<CoordinateId>, QueryFault> {
    let mut document = parse(text, limits)?;
    if excludes_mutations && has_mutation(&document) {
        return Err(QueryFault::Mutation);
    }
    let context = graph.context(unknown_fields, limits);
    let mut visitor = Visitor::new(context, &document)?;
    for definition in &document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            visitor.operation(operation)?;
        }
    }
    let is_unused = |definition: &Definition| {
        definition.as_fragment_definition().is_some_and(|fragment| !visitor.has_visited(&fragment.name))
    };
    let unused: Vec<bool> = document.definitions.iter().map(is_unused).collect();
    visitor.unused_fragments(&document)?;
    let found = visitor.finish();
    if unknown_fields == UnknownFields::Refuse {
        // A fragment that nothing uses would make the document invalid; it does no harm, and was walked.
        let mut unused = unused.into_iter();
        document.definitions.retain(|_| unused.next() != Some(true));
        document.to_executable_validate(graph.schema()).map_err(|_| QueryFault::Invalid)?;
    }
    Ok(found)
}

/// Looks for mutations where there is no schema to look for more.
///
/// # Errors
/// When the query cannot be read, or holds one.
pub(crate) fn refuse_mutations(text: &str, limits: QueryLimits) -> Result<(), QueryFault> {
    if has_mutation(&parse(text, limits)?) { Err(QueryFault::Mutation) } else { Ok(()) }
}

/// Parses a document that can be executed.
fn parse(text: &str, limits: QueryLimits) -> Result<Document, QueryFault> {
    if text.len() > limits.max_bytes {
        return Err(QueryFault::TooLong);
    }
    if text.contains('\0') {
        return Err(QueryFault::Unparsable);
    }
    let mut parser = Document::parser().recursion_limit(RECURSION_LIMIT).token_limit(limits.max_tokens);
    let document = parser.parse_ast(text, "query").map_err(|_| QueryFault::Unparsable)?;
    let is_operation = |definition: &Definition| definition.as_operation_definition().is_some();
    let are_executable = document.definitions.iter().all(Definition::is_executable_definition);
    if are_executable && document.definitions.iter().any(is_operation) {
        Ok(document)
    } else {
        Err(QueryFault::Unparsable)
    }
}

fn has_mutation(document: &Document) -> bool {
    let mut operations = document.definitions.iter().filter_map(Definition::as_operation_definition);
    operations.any(|operation| operation.operation_type == OperationType::Mutation)
}

/// Of the parser, which counts nested selections, values and types: it keeps the stack small.
const RECURSION_LIMIT: usize = 200;
