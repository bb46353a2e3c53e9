//! The words of the field, as types that cannot be wrong: private fields, parse constructors, no I/O.

mod check_request;
mod dialect;
mod field;
mod issuer;
mod operation;
mod reason;
mod refusal;
mod resource_id;
mod scope;
mod scope_groups;
mod step;
mod trace_context;

pub use check_request::{Body, CheckRequest, GatewayRequest, Selector, Trust};
pub use dialect::Dialect;
pub use field::Field;
pub use issuer::{Issuer, IssuerError};
pub use operation::{Call, Message, Named, Operation, Query};
pub use reason::Reason;
pub use refusal::Refusal;
pub use resource_id::{ResourceId, ResourceIdError};
pub use scope::{Scope, ScopeError, ScopeHashing, ScopeSet};
pub use scope_groups::{NamedScopes, ScopeGroups};
pub use step::{Silent, Step};
pub use trace_context::{TraceParent, read_tracestate};
