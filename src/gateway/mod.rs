//! One file a dialect, two functions each: `read` takes the original request from its one fixed place, `write`
//! answers as the gateway wants it. A 200 is written from a [`Permit`](crate::policy::Permit) alone.

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
    authorize::{CheckRequest, Checked},
    domain::{Dialect, Refusal},
};

/// The two functions of one dialect.
#[derive(Clone, Copy)]
pub struct Dialogue {
    /// Whose they are.
    pub dialect: Dialect,
    /// Reads the original request.
    pub read: for<'a> fn(&Incoming<'a>) -> Result<CheckRequest<'a>, Refusal>,
    /// Writes the answer; without a request where it could not be read.
    pub write: fn(&Checked<'_>, Option<&CheckRequest<'_>>) -> Reply,
}

/// nginx and scripts.
pub const AUTH_REQUEST: Dialogue =
    Dialogue { dialect: Dialect::AuthRequest, read: auth_request::read, write: auth_request::write };

/// Envoy's HTTP service.
pub const EXT_AUTHZ_HTTP: Dialogue =
    Dialogue { dialect: Dialect::ExtAuthzHttp, read: ext_authz_http::read, write: ext_authz_http::write };

/// Traefik and Caddy.
pub const FORWARD_AUTH: Dialogue =
    Dialogue { dialect: Dialect::ForwardAuth, read: forward_auth::read, write: forward_auth::write };
