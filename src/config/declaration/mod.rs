//! Declarations of keys (name, kind, default, range, documentation), and what is derived from them.

pub(super) mod key;
pub(super) mod kind;
pub(super) mod nearest_key;
pub(super) mod schema;
pub(super) mod shape;
