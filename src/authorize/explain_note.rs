//! The typed notes of the steps, which borrow from the request and the policy. `explain` turns them into text.

use crate::{
    domain::{Operation, Refusal, ResourceId, Selector, Silent},
    policy::{Decision, Levels},
    token::TokenTrace,
};

/// Receives a note from each step of a decision.
pub trait Trace: TokenTrace {
    /// Takes a note. An implementation that ignores notes never calls `note`.
    fn note<'n>(&mut self, note: impl FnOnce() -> Note<'n>);
}

/// The finding of a step. It never contains a token, a secret or the arguments of a tool.
#[derive(Debug)]
pub enum Note<'n> {
    /// The request is for this resource.
    ResourceFound {
        /// The resource.
        id: &'n ResourceId,
        /// The path by which it was found.
        path: &'n str,
    },
    /// The configuration has no resource for the request.
    ResourceNotFound {
        /// How the request names a resource beside its path.
        selector: Selector<'n>,
        /// The path of the request.
        path: &'n str,
    },
    /// The request comes from a browser page of an origin that is not allowed.
    OriginRefused(Refusal),
    /// The request has no readable bearer token.
    BearerRefused(Refusal),
    /// The operation cannot be read.
    OperationRefused(Refusal),
    /// The operation of the request.
    Operation(&'n Operation<'n>),
    /// The levels that the operation requires, or why no scope permits it.
    Levels(Result<Levels<'n>, Refusal>),
    /// The decision.
    Decision(&'n Decision),
}

impl Trace for Silent {
    fn note<'n>(&mut self, _note: impl FnOnce() -> Note<'n>) {}
}
