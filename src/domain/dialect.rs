//! The ways in which gateways ask.

use super::Reason;

/// How a gateway asked.
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
    pub const ALL: [Self; 4] = [Self::AuthRequest, Self::ExtAuthzHttp, Self::ExtAuthzGrpc, Self::ForwardAuth];

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

    /// The status that a denial goes out with. nginx knows 401, 403 and failures; whatever else there is to say is a
    /// 403 to it.
    #[must_use]
    pub const fn status_of(self, reason: Reason) -> u16 {
        match (self, reason.status()) {
            (Self::AuthRequest, status) if status != 401 && status < 500 => 403,
            (Self::AuthRequest | Self::ExtAuthzHttp | Self::ExtAuthzGrpc | Self::ForwardAuth, status) => {
                status
            }
        }
    }
}
