//! File and environment to settings. What was written and what is true are different types.
//!
//! `sections` has a file for each section: it declares the section's keys with their defaults, and says what their values
//! mean. `declaration` says what a key declares. `file` makes a tree with the places of its keys from the YAML text, and
//! sections with checked shapes from the tree. `environment` has the variables, which the `config` crate lays over the
//! tree. Reading does not stop at the first mistake.
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
