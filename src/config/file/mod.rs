//! The text of the file to sections whose values have the declared shapes, with the places of all keys.

pub(super) mod encoding;
pub(super) mod position;
pub(super) mod reader;
pub(super) mod section;
pub(super) mod syntax;
pub(super) mod yaml;
