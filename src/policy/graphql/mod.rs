//! Scopes of GraphQL operations: what `@requiresScopes` says of the fields that an operation touches.
//!
//! `sdl` and `execution_config` read the graph's schema and what it declares, `coordinates` says what a field
//! needs, `walk` collects that over a document, `operations` makes a tool of each operation in a folder, `query`
//! reads what a client wrote, and `table` puts all of it before the request path.

mod coordinates;
mod execution_config;
mod fault;
mod federation;
mod graph;
mod operations;
mod query;
mod scopes;
mod sdl;
mod table;
mod tool_name;
mod walk;

#[cfg(test)]
mod tests;

pub use coordinates::AbstractTypes;
pub use fault::GraphFault;
pub use graph::{Graph, GraphFiles, SchemaSource};
pub(super) use query::refuse_mutations;
pub use query::{QueryFault, QueryLimits, UnknownFields};
pub(super) use table::{GraphTable, Tool};
