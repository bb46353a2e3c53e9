//! Scopes of GraphQL operations: what `@requiresScopes` says of the fields that an operation touches.
//!
//! `sdl` and `execution_config` read the graph's schema and the scopes that it declares. `coordinates` says what a
//! field needs, `visitor` collects that over a document, `operations` makes a tool of each operation in a folder, and
//! `query` reads the query that a client wrote. `policy` prepares all of it for the request path.

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
