//! The subject of a verdict.

use crate::domain::{Call, Operation};

/// One operation, or every operation of a pattern.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One operation.
    Operation(&'a Operation<'a>),
    /// Every request that calls this method on this name, with any arguments. Levels that depend on the arguments
    /// are left out: a call can require more than its pattern, never less.
    Pattern(&'a Call<'a>),
}

impl<'a> From<&'a Operation<'a>> for Target<'a> {
    fn from(operation: &'a Operation<'a>) -> Self {
        Self::Operation(operation)
    }
}
