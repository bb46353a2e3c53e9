//! What a verdict is asked about.

use crate::domain::{Call, Operation};

/// One operation, or every operation of a pattern.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One operation.
    Operation(&'a Operation<'a>),
    /// Every request that calls this method on this name, whatever its arguments are. What only the arguments decide is
    /// left open: a call can need more than the pattern, never less.
    Pattern(&'a Call<'a>),
}

impl<'a> From<&'a Operation<'a>> for Target<'a> {
    fn from(operation: &'a Operation<'a>) -> Self {
        Self::Operation(operation)
    }
}
