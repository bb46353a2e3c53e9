//! The levels of an operation: each requires scopes, and all must be met.

use smallvec::SmallVec;

use super::{name_table::Matches, requirement::Requirement};
use crate::{
    domain::{Reason, Refusal},
    graphql::QueryFault,
};

/// The levels of one operation, in the order in which they are checked.
pub type Levels<'t> = SmallVec<[Level<'t>; 6]>;

/// One level of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'t> {
    /// The part of the policy that requires it.
    pub kind: LevelKind,
    /// For a field its coordinate in the schema, otherwise empty.
    pub name: &'t str,
    /// The scopes that it requires.
    pub requirement: &'t Requirement,
}

/// The part of the policy that requires a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelKind {
    /// `scopes.initialize`.
    Initialize,
    /// `scopes.tools_list`, `scopes.tools_call`, or an entry of `scopes.methods`.
    Method,
    /// The scopes of a built-in tool, or an entry of `scopes.tools`.
    Tool,
    /// An entry of `scopes.prompts` or `scopes.resources`.
    Named,
    /// A field of the graph that the operation touches.
    Field,
}

impl<'t> Level<'t> {
    /// A level that is not for a field.
    #[must_use]
    pub const fn new(kind: LevelKind, requirement: &'t Requirement) -> Self {
        Self {
            kind,
            name: "",
            requirement,
        }
    }
}

impl From<QueryFault> for Refusal {
    fn from(fault: QueryFault) -> Self {
        let reason = match fault {
            QueryFault::Mutation => Reason::OperationUnknown,
            QueryFault::TooLong
            | QueryFault::Unparsable
            | QueryFault::TooDeep
            | QueryFault::TooManyAliases
            | QueryFault::Unknown
            | QueryFault::Invalid => Reason::OperationMalformed,
        };
        Self::new(reason, fault.phrase())
    }
}

/// Adds a level for each matching entry.
pub(super) fn add_entries<'t>(entries: &Matches<'t>, kind: LevelKind, levels: &mut Levels<'t>) {
    entries
        .iter()
        .for_each(|requirement| add_level(kind, requirement, levels));
}

/// Adds a level once, even if several messages and URIs of a request need it. The size of a challenge and the
/// alternative that it names therefore depend only on the policy, not on repetitions in the request.
pub(super) fn add_level<'t>(
    kind: LevelKind,
    requirement: &'t Requirement,
    levels: &mut Levels<'t>,
) {
    let is_there =
        |known: &Level<'_>| known.kind == kind && std::ptr::eq(known.requirement, requirement);
    if !levels.iter().any(is_there) {
        levels.push(Level::new(kind, requirement));
    }
}
