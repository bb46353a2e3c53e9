//! The three listeners, bound: decisions over HTTP, decisions over gRPC, and the admin pages.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use prometheus::Registry;
use rustls::ServerConfig;

use super::{debug::ProcessData, readiness::Probes};
use crate::{
    admission::Admission,
    grpc::{self, BoundGrpc},
    http::{AdminState, BoundServer, ServerSettings, bind_admin, bind_main, debug::DebugPages},
    tls::ServerTls,
};

/// The listeners of the service.
pub(super) struct Listeners {
    pub(super) main: BoundServer,
    pub(super) grpc: BoundGrpc,
    pub(super) admin: BoundServer,
}

impl Listeners {
    /// Binds them to the addresses of `server`.
    ///
    /// # Errors
    /// If an address cannot be bound; the error names its key.
    pub(super) fn bind(
        server: &ServerSettings,
        admission: Arc<Admission>,
        tls: Option<&ServerTls>,
        admin: AdminState,
        debug: Option<DebugPages>,
    ) -> anyhow::Result<Self> {
        let (workers, http2) = (server.workers, tls_config(tls, &[b"h2"])?);
        let grpc = grpc::bind(
            &server.grpc_listen_addr,
            workers,
            Arc::clone(&admission),
            http2,
        )
        .with_context(|| format!("server.grpc_listen_addr `{}`", server.grpc_listen_addr))?;
        let main = bind_main(server, admission, tls_config(tls, &[])?)
            .with_context(|| format!("server.listen_addr `{}`", server.listen_addr))?;
        let admin = bind_admin(server, Arc::new(admin), debug)
            .with_context(|| format!("server.admin_listen_addr `{}`", server.admin_listen_addr))?;
        Ok(Self { main, grpc, admin })
    }

    /// The addresses of the listener for decisions and metadata.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        self.main.addresses()
    }
}

fn tls_config(tls: Option<&ServerTls>, alpn: &[&[u8]]) -> anyhow::Result<Option<ServerConfig>> {
    tls.map(|tls| tls.config(alpn))
        .transpose()
        .context("server.tls")
}

/// What the admin listener answers `/livez`, `/readyz` and `/metrics` from.
pub(super) fn admin_state(probes: &Probes, registry: &Registry) -> AdminState {
    let (alive, ready) = (probes.clone(), probes.clone());
    AdminState {
        registry: registry.clone(),
        is_alive: Box::new(move || alive.is_alive()),
        readiness: Box::new(move || ready.readiness()),
    }
}

/// The debug pages, where `server.debug` is on.
pub(super) fn debug_pages(
    server: &ServerSettings,
    data: ProcessData,
    admission: &Arc<Admission>,
) -> Option<DebugPages> {
    server.debug.then(|| DebugPages {
        hosts: server.debug_hosts.clone(),
        data: Box::new(data),
        admission: Arc::clone(admission),
    })
}
