//! The ways in which gateways ask.

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
}
