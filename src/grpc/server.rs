//! Binds the gRPC port, accepts connections and distributes them to the workers in turn. Envoy
//! keeps few connections for a long time, so one loop can accept them all. Each worker is one
//! thread with its own connections: a call costs half of what it costs on a runtime of many
//! threads.

use std::{
    io,
    net::{self, SocketAddr, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use rustls::ServerConfig;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use tokio_rustls::TlsAcceptor;
use tonic::server::NamedService;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::{
    authorization::Authorization,
    worker::{self, Services},
};
use crate::admission::Admission;

/// The listener, bound and ready to run.
pub struct BoundGrpc {
    listeners: Vec<net::TcpListener>,
    addresses: Vec<SocketAddr>,
    workers: usize,
    admission: Arc<Admission>,
    tls: Option<TlsAcceptor>,
    handle: GrpcHandle,
}

/// Controls a running listener: its health status and its stop.
#[derive(Clone, Debug)]
pub struct GrpcHandle {
    health: HealthReporter,
    stop: Arc<watch::Sender<bool>>,
}

/// Binds the listener. `workers` threads serve its connections. Without `tls` it serves plain text.
///
/// # Errors
/// If no address of `listen_addr` (`host:port`) can be bound.
pub fn bind(
    listen_addr: &str,
    workers: usize,
    admission: Arc<Admission>,
    tls: Option<ServerConfig>,
) -> io::Result<BoundGrpc> {
    let listeners = listen(listen_addr)?;
    let addresses = listeners
        .iter()
        .map(net::TcpListener::local_addr)
        .collect::<Result<_, _>>()?;
    let handle = GrpcHandle {
        health: HealthReporter::new(),
        stop: Arc::new(watch::Sender::new(false)),
    };
    let tls = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
    Ok(BoundGrpc {
        listeners,
        addresses,
        workers,
        admission,
        tls,
        handle,
    })
}

impl BoundGrpc {
    /// The addresses that it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The handle that sets the health status and stops the listener.
    #[must_use]
    pub fn handle(&self) -> GrpcHandle {
        self.handle.clone()
    }

    /// Runs until the handle stops it and the calls in flight are answered.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub async fn run(self) -> io::Result<()> {
        let services = Services {
            admission: self.admission,
            health: self.handle.health.clone(),
            tls: self.tls,
            stop: self.handle.stop.subscribe(),
        };
        // Each worker holds a sender until it ends, so the channel closes with the last worker.
        let (alive, mut all_ended) = mpsc::channel(1);
        let mut workers = Vec::new();
        for number in 0..self.workers {
            workers.push(worker::start(number, services.clone(), alive.clone())?);
        }
        drop(alive);
        let round_robin = RoundRobin {
            workers,
            next: AtomicUsize::new(0),
        };
        let mut loops = Vec::new();
        for listener in self.listeners {
            listener.set_nonblocking(true)?;
            loops.push(accept(TcpListener::from_std(listener)?, &round_robin));
        }
        let mut stop = self.handle.stop.subscribe();
        tokio::select! {
            _ = join_all(loops) => {}
            _ = stop.wait_for(|is_stopping| *is_stopping) => {}
        }
        drop(round_robin);
        while let Some(()) = all_ended.recv().await {}
        Ok(())
    }
}

impl GrpcHandle {
    /// Sets the status that `grpc.health.v1.Health` reports: whether gateways should send calls
    /// here.
    pub async fn set_serving(&self, is_serving: bool) {
        let status = if is_serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.health.set_service_status("", status).await;
        self.health
            .set_service_status(Authorization::NAME, status)
            .await;
    }

    /// Stops the listener after it has answered the calls in flight.
    pub async fn stop(&self) {
        // This ends the streams of `Watch`, which would keep their connections open for ever.
        let mut health = self.health.clone();
        health.clear_service_status("").await;
        health.clear_service_status(Authorization::NAME).await;
        self.stop.send_replace(true);
    }
}

/// Distributes connections to the workers in turn.
struct RoundRobin {
    workers: Vec<mpsc::Sender<net::TcpStream>>,
    next: AtomicUsize,
}

impl RoundRobin {
    async fn send(&self, connection: net::TcpStream) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.workers.len().max(1);
        if let Some(worker) = self.workers.get(turn) {
            // A worker ends only when the listener stops.
            let _ = worker.send(connection).await;
        }
    }
}

async fn accept(listener: TcpListener, workers: &RoundRobin) {
    loop {
        match listener
            .accept()
            .await
            .and_then(|(stream, _)| stream.into_std())
        {
            Ok(connection) => workers.send(connection).await,
            Err(error) => {
                // If the process has no file descriptors left, every attempt fails at once.
                tracing::warn!(%error, "cannot accept a gRPC connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Binds the addresses of the name. Succeeds if at least one can be bound.
fn listen(listen_addr: &str) -> io::Result<Vec<net::TcpListener>> {
    let mut listeners = Vec::new();
    let mut failure = io::Error::new(
        io::ErrorKind::AddrNotAvailable,
        "the name resolves to no address",
    );
    for address in listen_addr.to_socket_addrs()? {
        match net::TcpListener::bind(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) => failure = error,
        }
    }
    if listeners.is_empty() {
        Err(failure)
    } else {
        Ok(listeners)
    }
}

/// The pause after `accept` failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
