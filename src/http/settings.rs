//! The validated keys of the section `server`. The room `config` fills them in, so that a listener
//! need not check.

use std::time::Duration;

use crate::{tls::TlsSettings, token::CacheSettings};

/// How the service listens and stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `host:port` of the decision and metadata listener.
    pub listen_addr: String,
    /// `host:port` of Envoy's gRPC service.
    pub grpc_listen_addr: String,
    /// TLS of the decision and gRPC listeners; `None` for plain text.
    pub tls: Option<TlsSettings>,
    /// `host:port` of metrics, health and debug pages.
    pub admin_listen_addr: String,
    /// Limit on the length of a body that is read for its operation, in bytes.
    pub max_body_bytes: usize,
    /// Limit on requests in flight, over all workers. Further requests get a 503.
    pub max_in_flight: usize,
    /// Limits of the token cache.
    pub token_cache: CacheSettings,
    /// The number of request threads.
    pub workers: usize,
    /// How long an idle connection of a gateway stays open.
    pub keep_alive: Duration,
    /// Time between the first failing `/readyz` and the stop of the listeners.
    pub drain: Duration,
    /// How long `/readyz` waits at the start for usable keys of every source.
    pub ready_wait: Duration,
    /// Whether `/debug/…` exists.
    pub debug: bool,
    /// Values of `Host` besides loopback names for which the debug pages answer.
    pub debug_hosts: Vec<String>,
}
