//! Binds the two HTTP listeners: one for decisions and metadata, one for the admin pages.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    web::{self, Data, ServiceConfig},
};
use rustls::ServerConfig;
use tracing_actix_web::TracingLogger;

use super::{
    ServerSettings,
    admin::{self, AdminState},
    debug::{self, DebugPages},
    decide, metadata,
};
use crate::{
    admission::{Admission, WorkerAdmission},
    gateway::ext_authz_http::PATH_PREFIX,
    policy::WELL_KNOWN,
};

/// A listener that is bound and ready to run.
pub struct BoundServer {
    server: Server,
    addresses: Vec<SocketAddr>,
}

impl BoundServer {
    /// The addresses that it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The handle that stops the listener. With a graceful stop, requests in flight finish first.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Runs until it is stopped.
    ///
    /// # Errors
    /// If accepting connections fails permanently.
    pub async fn run(self) -> io::Result<()> {
        self.server.await
    }
}

/// Binds the listener for decisions and metadata. Decisions have no middleware, because every
/// request would pay for it. Without `tls` it serves plain text.
///
/// # Errors
/// If the address cannot be bound.
pub fn bind_main(
    settings: &ServerSettings,
    state: Arc<Admission>,
    tls: Option<ServerConfig>,
) -> io::Result<BoundServer> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(WorkerAdmission::of(&state)))
            .route(PATH_PREFIX, web::route().to(decide::auth_request))
            .route("/forward-auth", web::route().to(decide::forward_auth))
            .service(
                web::scope(WELL_KNOWN)
                    .wrap(TracingLogger::default())
                    .default_service(web::route().to(metadata::metadata)),
            )
            // Not a route with a pattern, because actix-web would match a regular expression for
            // each request.
            .default_service(web::route().to(decide::ext_authz_http))
    })
    .workers(settings.workers)
    .keep_alive(settings.keep_alive + KEEP_ALIVE_MARGIN)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(STOP_TIMEOUT_SECONDS)
    .disable_signals();
    let server = match tls {
        Some(tls) => server.bind_rustls_0_23(&settings.listen_addr, tls)?,
        None => server.bind(&settings.listen_addr)?,
    };
    let addresses = server.addrs();
    Ok(BoundServer {
        server: server.run(),
        addresses,
    })
}

/// Binds the admin listener. It serves the debug pages if there are any in `debug`.
///
/// # Errors
/// If the address cannot be bound.
pub fn bind_admin(
    settings: &ServerSettings,
    state: Arc<AdminState>,
    debug: Option<DebugPages>,
) -> io::Result<BoundServer> {
    let (state, debug) = (Data::from(state), debug.map(Data::new));
    let server = HttpServer::new(move || {
        let debug_routes = |service: &mut ServiceConfig| {
            if let Some(pages) = &debug {
                debug::routes(service, pages);
            }
        };
        App::new()
            .app_data(state.clone())
            .wrap(TracingLogger::default())
            .configure(admin::routes)
            .configure(debug_routes)
    })
    .workers(1)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(STOP_TIMEOUT_SECONDS)
    .disable_signals()
    .bind(&settings.admin_listen_addr)?;
    let addresses = server.addrs();
    Ok(BoundServer {
        server: server.run(),
        addresses,
    })
}

/// Added to `server.keep_alive`, because actix-web's timer is coarse: it must not close a
/// connection too early while a gateway still uses it.
const KEEP_ALIVE_MARGIN: Duration = Duration::from_secs(1);

/// How long the head of a request may take. A gateway sends it at once.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long requests in flight may take to finish when the service stops.
const STOP_TIMEOUT_SECONDS: u64 = 10;
