//! The sections of the configuration, one file each: declares their keys and interprets their
//! values.

pub(super) mod audit;
pub(super) mod endpoint;
pub(super) mod graphql;
pub(super) mod hosts;
pub(super) mod key_source;
pub(super) mod log;
pub(super) mod oauth;
pub(super) mod otlp;
pub(super) mod outgoing;
pub(super) mod resource;
pub(super) mod resource_context;
pub(super) mod scopes;
pub(super) mod secret;
pub(super) mod server;
pub(super) mod tls;
pub(super) mod token;
pub(super) mod top_level;
