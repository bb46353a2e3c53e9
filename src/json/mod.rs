//! JSON objects whose member names must be unique. Two parsers that pick different values of a repeated name see two
//! different documents, so this room rejects such objects.
//!
//! [`Members`] keeps each value as text until a caller asks for its type: JOSE headers, claims sets and JWKs.
//! [`parse_body`] reads a body in one pass into borrowed, typed members: JSON-RPC messages. [`parse_document`] reads a
//! document that must be an object into a `serde` struct: JWK Sets and discovery documents.

mod depth;
mod document;
mod member_name;
mod members;
mod reader;

pub use document::{DocumentError, parse_document};
pub use members::{Member, Members};
pub use reader::{
    BodyError, KeyFault, Object, Shape, TypedMembers, Value, parse_body, skip, take_elements,
};
