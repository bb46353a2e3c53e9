//! The terms of the field, as types that only hold valid values: private fields, parse constructors, no I/O.

mod check_request;
mod decision_step;
mod gateway_dialect;
mod header_field;
mod issuer;
mod operation;
mod reason;
mod refusal;
mod resource_id;
mod scope;
mod scope_groups;
mod trace_context;

pub use check_request::{Body, CheckRequest, GatewayRequest, Selector, Trust};
pub use decision_step::{Silent, Step};
pub use gateway_dialect::Dialect;
pub use header_field::Field;
pub use issuer::{Issuer, IssuerError};
pub use operation::{Call, Message, Named, Operation, Query};
pub use reason::Reason;
pub use refusal::Refusal;
pub use resource_id::{ResourceId, ResourceIdError};
pub use scope::{Scope, ScopeError, ScopeHashing, ScopeSet};
pub use scope_groups::{NamedScopes, ScopeGroups};
pub use trace_context::{TraceParent, read_tracestate};
