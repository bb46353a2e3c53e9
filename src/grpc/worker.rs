//! One thread that serves gRPC connections.

use std::{io, net, thread, time::Duration};

use futures_util::stream::poll_fn;
use tokio::{
    net::TcpStream,
    runtime,
    sync::{mpsc, watch},
};
use tonic::transport::Server;
use tonic_health::{
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use super::authorization::Authorization;

/// What a worker serves, and until when.
#[derive(Clone)]
pub(super) struct Services {
    pub(super) authorization: Authorization,
    pub(super) health: HealthReporter,
    pub(super) stop: watch::Receiver<bool>,
}

/// Starts a worker; it takes the connections that are sent to it, and drops `alive` when it has ended.
///
/// # Errors
/// When there can be no further thread.
pub(super) fn start(
    number: usize,
    services: Services,
    alive: mpsc::Sender<()>,
) -> io::Result<mpsc::Sender<net::TcpStream>> {
    let (sender, connections) = mpsc::channel(BACKLOG);
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name(format!("grpc-{number}")).spawn(move || {
        if let Err(error) = runtime.block_on(serve(services, connections)) {
            tracing::error!(%error, "a gRPC worker has failed");
        }
        drop(alive);
    })?;
    Ok(sender)
}

async fn serve(
    services: Services,
    mut connections: mpsc::Receiver<net::TcpStream>,
) -> Result<(), tonic::transport::Error> {
    let Services { authorization, health, stop } = services;
    let incoming = poll_fn(move |context| connections.poll_recv(context).map(|next| next.map(prepare)));
    let (mut stopping, mut stopped) = (stop.clone(), stop);
    let serving = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .add_service(authorization)
        .add_service(HealthServer::new(HealthService::from_health_reporter(health)))
        .serve_with_incoming_shutdown(incoming, async move {
            let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
        });
    let too_late = async move {
        let _ = stopped.wait_for(|is_stopping| *is_stopping).await;
        tokio::time::sleep(STOP_TIMEOUT).await;
    };
    tokio::select! {
        served = serving => served,
        () = too_late => Ok(()),
    }
}

fn prepare(connection: net::TcpStream) -> io::Result<TcpStream> {
    let connection = TcpStream::from_std(connection)?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

/// Connections that may wait for a worker to take them.
const BACKLOG: usize = 64;

/// How often a gateway that says nothing is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// How long calls in flight may take to finish when the service stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
