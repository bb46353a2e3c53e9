//! A bearer string to an identity, or why not.

mod settings;

pub use settings::{Audience, IssuerRule, TokenSettings, TokenType};
