//! The dialects in which gateways ask.

use super::Reason;

/// The protocol between a gateway and scopegate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Dialect {
    /// nginx and scripts: `/authorize?resource=ID`.
    AuthRequest,
    /// Envoy's HTTP service: `/authorize/{path}`.
    ExtAuthzHttp,
    /// Envoy's gRPC service: `Authorization/Check`.
    ExtAuthzGrpc,
    /// Traefik and Caddy: `/forward-auth`.
    ForwardAuth,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 4] = [
        Self::AuthRequest,
        Self::ExtAuthzHttp,
        Self::ExtAuthzGrpc,
        Self::ForwardAuth,
    ];

    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthRequest => "auth_request",
            Self::ExtAuthzHttp => "ext_authz_http",
            Self::ExtAuthzGrpc => "ext_authz_grpc",
            Self::ForwardAuth => "forward_auth",
        }
    }

    /// The HTTP status of a denial in this dialect. nginx only understands 401, 403 and server errors, so it gets
    /// 403 for every other status below 500.
    #[must_use]
    pub const fn status_of(self, reason: Reason) -> u16 {
        match (self, reason.status()) {
            (Self::AuthRequest, status) if status != 401 && status < 500 => 403,
            (
                Self::AuthRequest | Self::ExtAuthzHttp | Self::ExtAuthzGrpc | Self::ForwardAuth,
                status,
            ) => status,
        }
    }
}
