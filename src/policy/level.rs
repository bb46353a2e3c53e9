//! The levels of an operation: what asks for scopes, and for which; or why no scope opens it.

use smallvec::SmallVec;

use super::{name_table::Matches, requirement::Requirement};
use crate::{
    domain::{Reason, Refusal},
    graphql::QueryFault,
};

/// The levels that one operation needs, in the order in which they are checked.
pub type Levels<'t> = SmallVec<[Level<'t>; 6]>;

/// One level of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'t> {
    /// What asks for it.
    pub kind: LevelKind,
    /// Of a field, its coordinate in the schema; else empty.
    pub name: &'t str,
    /// What it asks for.
    pub requirement: &'t Requirement,
}

/// What asks for a level.
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
    /// A level that is no field's.
    #[must_use]
    pub const fn new(kind: LevelKind, requirement: &'t Requirement) -> Self {
        Self { kind, name: "", requirement }
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

/// Adds a level for each entry that matched.
pub(super) fn push_all<'t>(entries: &Matches<'t>, kind: LevelKind, levels: &mut Levels<'t>) {
    entries.iter().for_each(|requirement| push(kind, requirement, levels));
}

/// A level counts once, however many messages and URIs need it: what a challenge costs, and which alternative it
/// names, follows from the policy and not from repetitions in a request.
pub(super) fn push<'t>(kind: LevelKind, requirement: &'t Requirement, levels: &mut Levels<'t>) {
    let is_there = |known: &Level<'_>| known.kind == kind && std::ptr::eq(known.requirement, requirement);
    if !levels.iter().any(is_there) {
        levels.push(Level::new(kind, requirement));
    }
}
