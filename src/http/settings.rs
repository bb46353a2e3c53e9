//! The keys of `server` that the listeners need, checked.

use std::time::Duration;

use crate::{tls::TlsSettings, token::CacheSettings};

/// How the service listens and stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `host:port` of the decision and metadata listener.
    pub listen_addr: String,
    /// `host:port` of Envoy's gRPC service.
    pub grpc_listen_addr: String,
    /// TLS of the decision and gRPC listeners; plain text where there is none.
    pub tls: Option<TlsSettings>,
    /// `host:port` of metrics, health and debug pages.
    pub admin_listen_addr: String,
    /// Bound on a body that is read for its operation.
    pub max_body_bytes: usize,
    /// Bound on requests in flight, over all workers; more are answered 503.
    pub max_in_flight: usize,
    /// Bounds of the cache of verified tokens.
    pub token_cache: CacheSettings,
    /// Request threads.
    pub workers: usize,
    /// How long an idle connection of a gateway is kept.
    pub keep_alive: Duration,
    /// Time between the first failing `/readyz` and the closing of the listeners.
    pub drain: Duration,
    /// How long `/readyz` waits for the first answer of each key source.
    pub ready_wait: Duration,
    /// Whether `/debug/…` exists.
    pub debug: bool,
    /// Values of `Host` besides loopback that the debug pages answer to.
    pub debug_hosts: Vec<String>,
}
