//! What a key declares: name, kind of value, default, range, documentation; and what is derived from that.

pub(super) mod key;
pub(super) mod kind;
pub(super) mod nearest_key;
pub(super) mod schema;
pub(super) mod shape;
