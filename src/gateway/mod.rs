//! The dialects of the gateways, one file for each. `read` finds the client's original request in
//! the gateway's request; `write` renders the decision for the gateway. Only a
//! [`Permit`](crate::policy::Permit) becomes a 200.
//!
//! Design: `docs/design/gateways.md`.

pub mod auth_request;
pub mod ext_authz_grpc;
pub mod ext_authz_http;
pub mod forward_auth;

mod incoming;
mod reply;

pub(crate) use incoming::request_malformed;
pub use incoming::{HeaderSource, Incoming};
pub use reply::Reply;

use crate::{
    authorize::Checked,
    domain::{CheckRequest, Dialect, Refusal},
};

/// The pair of functions that translates one HTTP dialect.
#[derive(Clone, Copy)]
pub struct HttpAdapter {
    /// The dialect.
    pub dialect: Dialect,
    /// Reads the original request.
    pub read: for<'a> fn(&Incoming<'a>) -> Result<CheckRequest<'a>, Refusal>,
    /// Writes the answer. The request is `None` if it could not be read.
    pub write: fn(&Checked<'_>, Option<&CheckRequest<'_>>) -> Reply,
}

/// nginx and scripts.
pub const AUTH_REQUEST: HttpAdapter = HttpAdapter {
    dialect: Dialect::AuthRequest,
    read: auth_request::read,
    write: auth_request::write,
};

/// Envoy's HTTP service.
pub const EXT_AUTHZ_HTTP: HttpAdapter = HttpAdapter {
    dialect: Dialect::ExtAuthzHttp,
    read: ext_authz_http::read,
    write: ext_authz_http::write,
};

/// Traefik and Caddy.
pub const FORWARD_AUTH: HttpAdapter = HttpAdapter {
    dialect: Dialect::ForwardAuth,
    read: forward_auth::read,
    write: forward_auth::write,
};
