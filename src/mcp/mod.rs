//! Reads an `Operation` from a JSON-RPC body, or from the headers that mirror it. It refuses every request that two
//! parsers could read differently, because the server behind the gateway might read it in the other way.

mod confusable_keys;
mod content_type;
mod headers;
mod message;
mod method;
mod params;
mod refusal;
mod request;

#[cfg(test)]
mod tests;

pub use method::{Kind, METHODS, Method, Names, Revision, is_known_request};

pub use request::read;
