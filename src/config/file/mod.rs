//! From the text of the file to sections of values with their declared shapes, and the position of
//! each key.

pub(super) mod encoding;
pub(super) mod position;
pub(super) mod reader;
pub(super) mod section;
pub(super) mod syntax;
pub(super) mod yaml;
