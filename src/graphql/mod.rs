//! Scopes of GraphQL operations: `@requiresScopes` on the fields that an operation touches.
//!
//! `sdl` and `execution_config` read the graph's schema and the scopes that it declares. `coordinates` holds the
//! scopes of each field, `visitor` collects them over a document, `operations` makes a tool of each operation in a
//! folder, and `query` resolves a query of a client. `policy` compiles the result for the request path.
//! Design: `docs/design/graphql.md`.

mod coordinates;
mod execution_config;
mod fault;
mod federation;
mod graph;
mod operations;
mod query;
mod scopes;
mod sdl;
mod tool_name;
mod visitor;

#[cfg(test)]
mod tests;

pub use coordinates::AbstractTypes;
pub(crate) use coordinates::CoordinateId;
pub use fault::GraphFault;
pub use graph::{Graph, GraphFiles, SchemaSource};
pub use query::{QueryFault, QueryLimits, UnknownFields};
pub(crate) use query::{refuse_mutations, resolve};
