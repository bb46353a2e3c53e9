//! The process environment: which keys its variables set, and the references to them in texts.

pub(super) mod interpolate;
pub(super) mod overlay;
pub(super) mod process;
pub(super) mod variables;
