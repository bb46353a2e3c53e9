//! The audit log: which client was allowed or denied which operation, one JSON line for each decision. The request
//! path builds the line and puts it into a bounded queue; it never waits for a disk. An actor with its own thread
//! writes the lines.
//! Design: `docs/design/audit.md`.

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
