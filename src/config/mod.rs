//! File and environment to settings. What was written and what is true are different types.
//!
//! A YAML text becomes a tree (`yaml`), the `config` crate lays the environment over it (`layers`), the tree
//! becomes sections of known shape (`shape`, by the tables of `schema`), and each section's reader says what it
//! means. Nobody stops at the first mistake.

mod audit;
mod environment;
mod graphql;
mod interpolate;
mod layers;
mod mistake;
mod oauth;
mod otlp;
mod overrides;
mod place;
mod resource;
mod schema;
mod scopes;
mod secret;
mod section;
mod server;
mod settings;
mod shape;
mod source;
mod sources;
mod token;
mod units;
mod web;
mod yaml;

#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use mistake::{Mistake, Mistakes};
pub use schema::keys;
pub use settings::Settings;
pub use sources::{Sources, load};
