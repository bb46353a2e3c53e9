//! File and environment to settings. What was written and what is true are different types.
//!
//! Each section's file declares its keys (`key`, `kind`) and reads them. A YAML text becomes a tree with the places of
//! its keys (`yaml`, `mark`), the `config` crate lays the environment over it (`overlay`), and one walk (`reader`) makes
//! sections of the tree whose values have the declared shapes. Reading does not stop at the first mistake.

mod audit;
mod encoding;
mod endpoint;
mod environment;
mod graphql;
mod hint;
mod interpolate;
mod key;
mod key_source;
mod kind;
mod log;
mod mark;
mod mistake;
mod oauth;
mod origin;
mod otlp;
mod outgoing;
mod overlay;
mod overrides;
mod reader;
mod resource;
mod root;
mod schema;
mod scopes;
mod secret;
mod section;
mod server;
mod settings;
mod syntax;
mod tls;
mod token;
mod units;
mod url;
mod yaml;

#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use mark::{Location, Position};
pub use mistake::{Mistake, Mistakes};
pub use origin::{Origin, load};
pub use root::keys;
pub use schema::schema;
pub use settings::Settings;
