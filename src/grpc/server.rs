//! The gRPC listener. Connections are few and live long, so that one loop accepts them and deals them out in
//! turn; each worker serves its own on one thread, which costs half of what a runtime of many threads does.

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
    state: Arc<Admission>,
    tls: Option<TlsAcceptor>,
    handle: GrpcHandle,
}

/// Tells a listener what to say of itself, and when to stop.
#[derive(Clone, Debug)]
pub struct GrpcHandle {
    health: HealthReporter,
    stop: Arc<watch::Sender<bool>>,
}

/// Binds the listener. `workers` threads serve its connections.
///
/// # Errors
/// When no address of `listen_addr` (`host:port`) can be bound.
pub fn bind(
    listen_addr: &str,
    workers: usize,
    state: Arc<Admission>,
    tls: Option<ServerConfig>,
) -> io::Result<BoundGrpc> {
    let listeners = listen(listen_addr)?;
    let addresses = listeners.iter().map(net::TcpListener::local_addr).collect::<Result<_, _>>()?;
    let handle = GrpcHandle { health: HealthReporter::new(), stop: Arc::new(watch::Sender::new(false)) };
    let tls = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
    Ok(BoundGrpc { listeners, addresses, workers, state, tls, handle })
}

impl BoundGrpc {
    /// The addresses that it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops it, and says how it is.
    #[must_use]
    pub fn handle(&self) -> GrpcHandle {
        self.handle.clone()
    }

    /// Runs until it is stopped and the calls in flight are answered.
    ///
    /// # Errors
    /// When threads cannot be started.
    pub async fn run(self) -> io::Result<()> {
        let services = Services {
            state: self.state,
            health: self.handle.health.clone(),
            tls: self.tls,
            stop: self.handle.stop.subscribe(),
        };
        // Each worker holds a sender until it has ended.
        let (alive, mut all_ended) = mpsc::channel(1);
        let mut workers = Vec::new();
        for number in 0..self.workers {
            workers.push(worker::start(number, services.clone(), alive.clone())?);
        }
        drop(alive);
        let dealer = Dealer { workers, next: AtomicUsize::new(0) };
        let mut loops = Vec::new();
        for listener in self.listeners {
            listener.set_nonblocking(true)?;
            loops.push(accept(TcpListener::from_std(listener)?, &dealer));
        }
        let mut stop = self.handle.stop.subscribe();
        tokio::select! {
            _ = join_all(loops) => {}
            _ = stop.wait_for(|is_stopping| *is_stopping) => {}
        }
        drop(dealer);
        while let Some(()) = all_ended.recv().await {}
        Ok(())
    }
}

impl GrpcHandle {
    /// Says by `grpc.health.v1.Health` whether gateways should ask here.
    pub async fn set_serving(&self, is_serving: bool) {
        let status = if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.health.set_service_status("", status).await;
        self.health.set_service_status(Authorization::NAME, status).await;
    }

    /// Stops the listener. Calls in flight are answered first.
    pub async fn stop(&self) {
        // Those who watch the health would keep their connections open for ever.
        let mut health = self.health.clone();
        health.clear_service_status("").await;
        health.clear_service_status(Authorization::NAME).await;
        self.stop.send_replace(true);
    }
}

/// Deals connections out to the workers.
struct Dealer {
    workers: Vec<mpsc::Sender<net::TcpStream>>,
    next: AtomicUsize,
}

impl Dealer {
    async fn deal(&self, connection: net::TcpStream) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.workers.len().max(1);
        if let Some(worker) = self.workers.get(turn) {
            // A worker ends only when all are about to.
            let _ = worker.send(connection).await;
        }
    }
}

async fn accept(listener: TcpListener, dealer: &Dealer) {
    loop {
        match listener.accept().await.and_then(|(stream, _)| stream.into_std()) {
            Ok(connection) => dealer.deal(connection).await,
            Err(error) => {
                // Without files left every attempt fails at once.
                tracing::warn!(%error, "a gRPC connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Binds every address of a name that can be bound.
fn listen(listen_addr: &str) -> io::Result<Vec<net::TcpListener>> {
    let mut listeners = Vec::new();
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    for address in listen_addr.to_socket_addrs()? {
        match net::TcpListener::bind(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) => failure = error,
        }
    }
    if listeners.is_empty() { Err(failure) } else { Ok(listeners) }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
