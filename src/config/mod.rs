//! From file and environment to settings. The text and the checked settings have different types.
//!
//! `sections` has a file for each section, which declares the section's keys and interprets their
//! values. `declaration` defines what a key declares. `file` parses the YAML text into a tree with
//! positions, and checks its values' shapes. `environment` lays the variables over the tree, with
//! the `config` crate. Reading does not stop at the first mistake.
//!
//! Design: `docs/design/config.md`.

mod declaration;
mod environment;
mod file;
mod load;
mod mistake;
mod sections;
mod settings;
mod units;
mod url;

#[cfg(test)]
mod tests;

pub use declaration::schema::schema;
pub use environment::process::Environment;
pub use file::position::{Location, Position};
pub use load::{Origin, load};
pub use mistake::{Mistake, Mistakes};
pub use sections::top_level::keys;
pub use settings::Settings;
