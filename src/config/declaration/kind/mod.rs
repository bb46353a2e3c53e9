//! The kinds of values: the type that a reader gets, and the default if a key is not set.

mod collection;
mod scalar;

pub(in crate::config) use collection::{Entries, Hierarchy, List, Members, Names, ScopeList};
pub(in crate::config) use scalar::{Choice, Flag, Number, Period, Ratio, Secret, Size, Text, Word};
