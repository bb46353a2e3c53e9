//! What the steps of a decision look at, as typed notes that borrow it. The text for people is made in `explain`.

use crate::{
    domain::{Operation, Refusal, ResourceId, Selector, Silent},
    policy::{Decision, Levels},
    token::TokenTrace,
};

/// Listens while a decision is made.
pub trait Trace: TokenTrace {
    /// Takes a note. An implementation that does not listen never calls `note`.
    fn note<'n>(&mut self, note: impl FnOnce() -> Note<'n>);
}

/// One thing that a step looked at or concluded. It never holds a token, a secret or the arguments of a tool.
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
        /// What the request names beside its path.
        selector: Selector<'n>,
        /// The path of the request.
        path: &'n str,
    },
    /// The request comes from a web page that may not call the resource.
    OriginRefused(Refusal),
    /// The request carries no bearer token that can be read.
    BearerRefused(Refusal),
    /// The operation cannot be read.
    OperationRefused(Refusal),
    /// The request asks for this operation.
    Operation(&'n Operation<'n>),
    /// The operation needs these levels, or no scope permits it.
    Levels(Result<Levels<'n>, Refusal>),
    /// The decision.
    Decision(&'n Decision),
}

impl Trace for Silent {
    fn note<'n>(&mut self, _note: impl FnOnce() -> Note<'n>) {}
}
