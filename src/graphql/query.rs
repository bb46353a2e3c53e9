//! A query that a client wrote, resolved on the request path: parsed within limits, visited, and validated against
//! the schema.

use apollo_compiler::ast::{Definition, Document, OperationType};

use super::{coordinates::CoordinateId, graph::Graph, visitor::Visitor};

/// `graphql.unknown_fields`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// A query is refused if it names a type or field that the schema does not have, or is invalid in another way.
    #[default]
    Refuse,
    /// Unknown fields require no scopes: for graphs that change faster than their schema file.
    Ignore,
}

/// The limits on the size of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// The most bytes.
    pub max_bytes: usize,
    /// The deepest nesting of selections, fragments included.
    pub max_depth: usize,
    /// The most lexical tokens, white space and comments included.
    pub max_tokens: usize,
    /// The most fields with an alias.
    pub max_aliases: usize,
}

impl QueryLimits {
    /// Where nothing is configured.
    pub const DEFAULT: Self = Self {
        max_bytes: 65_536,
        max_depth: 32,
        max_tokens: 10_000,
        max_aliases: 200,
    };
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a query is refused, as a fixed phrase that never contains data of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.phrase())]
pub enum QueryFault {
    /// It is longer than `max_bytes`.
    TooLong,
    /// It is not GraphQL, has too many tokens, is nested too deep for the parser, or contains no operation.
    Unparsable,
    /// It is nested deeper than `max_depth`.
    TooDeep,
    /// It has more aliases than `max_aliases`.
    TooManyAliases,
    /// It names a type or field that the schema does not have.
    Unknown,
    /// It violates another rule of GraphQL.
    Invalid,
    /// It contains a mutation, and `exclude_mutations` is set.
    Mutation,
}

impl QueryFault {
    /// The detail of the refusal.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::TooLong => "the query is too long",
            Self::Unparsable => "the query cannot be parsed",
            Self::TooDeep => "the query is nested too deep",
            Self::TooManyAliases => "the query has too many aliases",
            Self::Unknown => "the query names a type or field that the schema does not have",
            Self::Invalid => "the query is not valid",
            Self::Mutation => "the query contains a mutation, and `exclude_mutations` is set",
        }
    }
}

/// The coordinates that a query touches, in all its operations and fragments, used or not.
///
/// # Errors
/// If the query cannot be parsed, exceeds a limit, or is invalid.
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
        definition
            .as_fragment_definition()
            .is_some_and(|fragment| !visitor.has_visited(&fragment.name))
    };
    let unused: Vec<bool> = document.definitions.iter().map(is_unused).collect();
    visitor.unused_fragments(&document)?;
    let found = visitor.finish();
    if unknown_fields == UnknownFields::Refuse {
        // An unused fragment would make the document invalid. It does no harm, and the visitor has visited it.
        let mut unused = unused.into_iter();
        document.definitions.retain(|_| unused.next() != Some(true));
        document
            .to_executable_validate(graph.schema())
            .map_err(|_| QueryFault::Invalid)?;
    }
    Ok(found)
}

/// Refuses mutations if there is no schema to resolve the query with.
///
/// # Errors
/// If the query cannot be parsed, or contains a mutation.
pub(crate) fn refuse_mutations(text: &str, limits: QueryLimits) -> Result<(), QueryFault> {
    if has_mutation(&parse(text, limits)?) {
        Err(QueryFault::Mutation)
    } else {
        Ok(())
    }
}

/// Parses a document with at least one operation, and only executable definitions.
fn parse(text: &str, limits: QueryLimits) -> Result<Document, QueryFault> {
    if text.len() > limits.max_bytes {
        return Err(QueryFault::TooLong);
    }
    if text.contains('\0') {
        return Err(QueryFault::Unparsable);
    }
    let mut parser = Document::parser()
        .recursion_limit(RECURSION_LIMIT)
        .token_limit(limits.max_tokens);
    let document = parser
        .parse_ast(text, "query")
        .map_err(|_| QueryFault::Unparsable)?;
    let is_operation = |definition: &Definition| definition.as_operation_definition().is_some();
    let are_executable = document
        .definitions
        .iter()
        .all(Definition::is_executable_definition);
    if are_executable && document.definitions.iter().any(is_operation) {
        Ok(document)
    } else {
        Err(QueryFault::Unparsable)
    }
}

fn has_mutation(document: &Document) -> bool {
    let mut operations = document
        .definitions
        .iter()
        .filter_map(Definition::as_operation_definition);
    operations.any(|operation| operation.operation_type == OperationType::Mutation)
}

/// The parser's limit on nested selections, values and types; it keeps the stack small.
const RECURSION_LIMIT: usize = 200;
