//! The audit log: who was allowed or denied what, one JSON line a decision, written by an actor of its own. The
//! request path builds the line and puts it into a bounded queue; it never waits for a disk.

mod actor;
mod handle;
mod line;
mod metrics;
mod output;
mod selection;
mod settings;
mod writer;

#[cfg(test)]
mod tests;

pub use handle::{AuditError, AuditHandle};
pub use settings::{AuditOutput, AuditSettings, WhenFull};
