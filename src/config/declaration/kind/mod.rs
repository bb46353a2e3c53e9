//! The kinds of values that keys have: what a reader gets, and the default that it gets where nothing is written.

mod collection;
mod scalar;

pub(in crate::config) use collection::{Entries, Hierarchy, List, Members, Names, ScopeList};
pub(in crate::config) use scalar::{Choice, Flag, Number, Period, Ratio, Secret, Size, Text, Word};
