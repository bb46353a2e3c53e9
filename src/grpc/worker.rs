//! A worker: one thread that serves the gRPC connections that the listener sends to it.

use std::{io, net, sync::Arc, thread, time::Duration};

use futures_util::stream::poll_fn;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime,
    sync::{mpsc, watch},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tonic::transport::{Server, server::Connected};
use tonic_health::{
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use super::authorization::Authorization;
use crate::admission::{Admission, WorkerAdmission};

/// The services of a worker, TLS for its connections, and the signal to stop.
#[derive(Clone)]
pub(super) struct Services {
    pub(super) admission: Arc<Admission>,
    pub(super) health: HealthReporter,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) stop: watch::Receiver<bool>,
}

/// Starts a worker and returns the channel for its connections. The worker drops `alive` when it
/// ends.
///
/// # Errors
/// If the runtime or the thread cannot be created.
pub(super) fn start(
    number: usize,
    services: Services,
    alive: mpsc::Sender<()>,
) -> io::Result<mpsc::Sender<net::TcpStream>> {
    let (sender, connections) = mpsc::channel(BACKLOG);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name(format!("grpc-{number}"))
        .spawn(move || {
            if let Err(error) = runtime.block_on(serve(services, connections)) {
                tracing::error!(%error, "a gRPC worker has failed");
            }
            drop(alive);
        })?;
    Ok(sender)
}

async fn serve(
    services: Services,
    connections: mpsc::Receiver<net::TcpStream>,
) -> Result<(), tonic::transport::Error> {
    match services.tls.clone() {
        None => serve_streams(services, connections, prepare).await,
        Some(tls) => {
            let (done, streams) = mpsc::channel(BACKLOG);
            // The task ends when the sender of connections is dropped.
            tokio::spawn(shake_hands(tls, connections, done));
            serve_streams(services, streams, Ok).await
        }
    }
}

/// Runs each TLS handshake in its own task, so that a slow client does not delay others.
async fn shake_hands(
    tls: TlsAcceptor,
    mut connections: mpsc::Receiver<net::TcpStream>,
    done: mpsc::Sender<TlsStream<TcpStream>>,
) {
    while let Some(connection) = connections.recv().await {
        let (tls, done) = (tls.clone(), done.clone());
        tokio::spawn(async move {
            let shaken = async { tls.accept(prepare(connection)?).await };
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, shaken).await {
                Ok(Ok(stream)) => {
                    let _ = done.send(stream).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        });
    }
}

async fn serve_streams<T, IO>(
    services: Services,
    mut connections: mpsc::Receiver<T>,
    prepare: fn(T) -> io::Result<IO>,
) -> Result<(), tonic::transport::Error>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let Services {
        admission,
        health,
        stop,
        ..
    } = services;
    let incoming =
        poll_fn(move |context| connections.poll_recv(context).map(|next| next.map(prepare)));
    let (mut stopping, mut stopped) = (stop.clone(), stop);
    let serving = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .add_service(Authorization::new(WorkerAdmission::of(&admission)))
        .add_service(HealthServer::new(HealthService::from_health_reporter(
            health,
        )))
        .serve_with_incoming_shutdown(incoming, async move {
            let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
        });
    let deadline = async move {
        let _ = stopped.wait_for(|is_stopping| *is_stopping).await;
        tokio::time::sleep(STOP_TIMEOUT).await;
    };
    tokio::select! {
        served = serving => served,
        () = deadline => Ok(()),
    }
}

fn prepare(connection: net::TcpStream) -> io::Result<TcpStream> {
    let connection = TcpStream::from_std(connection)?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

/// How many connections may wait for a worker.
const BACKLOG: usize = 64;

/// How long a client may take for its handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);

/// How often the worker pings a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// How long calls in flight may take to finish when the service stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
