//! A JSON-RPC body, or the headers that mirror it, to an `Operation`. What has no single clear reading is
//! refused: a server behind us might read it in another way than we did.

mod content;
mod headers;
mod message;
mod method;
mod params;
mod refusal;
mod request;
mod spelling;

#[cfg(test)]
mod tests;

pub use method::{Kind, METHODS, Method, Names, Revision, is_known_request};

pub use request::read;
