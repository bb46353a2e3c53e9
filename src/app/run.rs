//! Runs the service until it is told to stop, and stops in order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinError,
};

use super::{core::Core, debug::Gathered, files, health::Health, span, watch::FileWatch};
use crate::{
    admission::{Admission, register_in_flight},
    audit::AuditHandle,
    config::Settings,
    grpc::{self, BoundGrpc, GrpcHandle},
    http::{AdminState, BoundServer, bind_admin, bind_main, debug::DebugPages},
    keys::client_tls,
    policy::PolicyHandle,
    telemetry::traces::{Tracer, TracesHandle},
};

/// The service, bound to its addresses.
pub struct Service {
    settings: Settings,
    policy: PolicyHandle,
    health: Health,
    main: BoundServer,
    grpc: BoundGrpc,
    admin: BoundServer,
    watch: FileWatch,
    audit: Option<AuditHandle>,
    tracer: Tracer,
    traces: Option<TracesHandle>,
}

/// Why the service stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was told to.
    Told,
    /// An actor ended, which it never should: the process must be started anew.
    ActorEnded,
}

impl Service {
    /// Binds the listeners before a core.
    ///
    /// # Errors
    /// When an address cannot be bound, or the audit log cannot be opened.
    pub fn bind(core: Core) -> anyhow::Result<Self> {
        let Core { settings, registry, clock, policy, authorizer, tls, watched, tracer } = core;
        let server = &settings.server;
        let audit = settings.audit.as_ref().map(|audit| AuditHandle::start(audit, clock.clone(), &registry));
        let audit = audit.transpose().context("server.audit.output")?;
        let authorizer = authorizer.with_audit(audit.clone());
        let warnings = files::raise_limit(server.max_in_flight).into_iter().collect();
        let (of_audit, wait) = (audit.clone(), server.ready_wait);
        let health = Health::new(policy.clone(), of_audit, clock.clone(), wait, warnings);
        let (in_flight, body_bytes) = (server.max_in_flight, server.max_body_bytes);
        let state = Admission::new(authorizer, in_flight, body_bytes, health.draining());
        let state = Arc::new(state);
        register_in_flight(&state, &registry)?;
        let (alive, ready) = (health.clone(), health.clone());
        let admin = AdminState {
            registry: registry.clone(),
            is_alive: Box::new(move || alive.is_alive()),
            readiness: Box::new(move || ready.readiness()),
        };
        let speaking = |protocols: &[&[u8]]| {
            tls.as_ref().map(|tls| tls.config(protocols)).transpose().context("server.tls")
        };
        let grpc =
            grpc::bind(&server.grpc_listen_addr, server.workers, Arc::clone(&state), speaking(&[b"h2"])?)
                .with_context(|| format!("server.grpc_listen_addr `{}`", server.grpc_listen_addr))?;
        let debug = server.debug.then(|| DebugPages {
            hosts: server.debug_hosts.clone(),
            data: Box::new(Gathered { policy: policy.clone(), health: health.clone(), registry, clock }),
            state: Arc::clone(&state),
        });
        let main = bind_main(server, state, speaking(&[])?)
            .with_context(|| format!("server.listen_addr `{}`", server.listen_addr))?;
        let admin = bind_admin(server, Arc::new(admin), debug)
            .with_context(|| format!("server.admin_listen_addr `{}`", server.admin_listen_addr))?;
        let watch = FileWatch::start(watched);
        let traces = tracer.start(client_tls(&settings.outgoing)?).context("traces")?;
        Ok(Self { watch, settings, policy, health, main, grpc, admin, audit, tracer, traces })
    }

    /// The addresses of decisions and metadata.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        self.main.addresses()
    }

    /// The addresses of Envoy's gRPC service.
    #[must_use]
    pub fn grpc_addresses(&self) -> &[SocketAddr] {
        self.grpc.addresses()
    }

    /// The addresses of the admin pages.
    #[must_use]
    pub fn admin_addresses(&self) -> &[SocketAddr] {
        self.admin.addresses()
    }

    /// Reads the policy in force.
    #[must_use]
    pub fn policy(&self) -> &PolicyHandle {
        &self.policy
    }

    /// Runs until SIGTERM or SIGINT, or until an actor ends.
    ///
    /// # Errors
    /// When a listener fails for good, or signals cannot be received.
    pub async fn run(self) -> anyhow::Result<StopReason> {
        let (audit, traces) = (self.audit.clone(), self.traces.clone());
        let reason = self.serve().await;
        if let Some(audit) = audit {
            audit.drain().await;
        }
        if let Some(traces) = traces {
            traces.drain().await;
        }
        tracing::info!("stopped");
        reason
    }

    async fn serve(self) -> anyhow::Result<StopReason> {
        let (main, grpc, admin) = (self.main.handle(), self.grpc.handle(), self.admin.handle());
        grpc.set_serving(self.health.readiness().ready).await;
        tracing::info!(
            listen = ?self.addresses(),
            admin = ?self.admin_addresses(),
            grpc = ?self.grpc_addresses(),
            policy = self.policy.snapshot().version(),
            "listening"
        );
        self.log_warnings();
        let hangup = signal(SignalKind::hangup())?;
        let reloads = actix::spawn(reload_on_change(self.policy.clone(), self.watch, hangup, self.tracer));
        if let Some(audit) = self.audit {
            actix::spawn(reopen_on_hangup(audit, signal(SignalKind::hangup())?));
        }
        let mut admin_task = actix::spawn(self.admin.run());
        // Requests wait in the backlog for the first keys rather than learn that there are none yet.
        let _ = tokio::time::timeout(FIRST_KEYS, self.policy.first_answers()).await;
        let mut main_task = actix::spawn(self.main.run());
        let mut grpc_task = actix::spawn(self.grpc.run());
        let reason = tokio::select! {
            reason = until_stopped(&self.health, &grpc) => reason?,
            ended = &mut main_task => return Err(ended_early(MAIN, ended)),
            ended = &mut grpc_task => return Err(ended_early(GRPC, ended)),
            ended = &mut admin_task => return Err(ended_early(ADMIN, ended)),
        };
        tracing::info!(?reason, drain = ?self.settings.server.drain, "draining");
        self.health.begin_drain();
        grpc.set_serving(false).await;
        tokio::time::sleep(self.settings.server.drain).await;
        reloads.abort();
        grpc.stop().await;
        main.stop(true).await;
        main_task.await.context(MAIN)?.context(MAIN)?;
        grpc_task.await.context(GRPC)?.context(GRPC)?;
        admin.stop(true).await;
        admin_task.await.context(ADMIN)?.context(ADMIN)?;
        Ok(reason)
    }

    fn log_warnings(&self) {
        for warning in self.health.readiness().warnings {
            tracing::warn!("{warning}");
        }
    }
}

/// A listener that ends before it is told to leaves a process that looks alive and answers nobody.
fn ended_early(listener: &'static str, ended: Result<io::Result<()>, JoinError>) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow!("{listener} has ended"),
        Ok(Err(error)) => anyhow::Error::new(error).context(listener),
        Err(error) => anyhow::Error::new(error).context(listener),
    }
}

async fn until_stopped(health: &Health, grpc: &GrpcHandle) -> anyhow::Result<StopReason> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut missed = 0;
    while missed < MAX_MISSED {
        grpc.set_serving(health.readiness().ready).await;
        tokio::select! {
            _ = terminate.recv() => return Ok(StopReason::Told),
            _ = interrupt.recv() => return Ok(StopReason::Told),
            () = tokio::time::sleep(HEALTH_CHECK) => {
                missed = if health.check_actors().await { 0 } else { missed + 1 };
            }
        }
    }
    tracing::error!("an actor has ended");
    Ok(StopReason::ActorEnded)
}

/// Loads the configuration anew on SIGHUP and when a file changes. What goes wrong is logged and counted by the
/// actor.
async fn reload_on_change(policy: PolicyHandle, mut watch: FileWatch, mut hangup: Signal, tracer: Tracer) {
    loop {
        let cause = tokio::select! {
            Some(()) = hangup.recv() => "SIGHUP",
            () = watch.changed() => "a file changed",
        };
        watch.acknowledge();
        tracing::info!(cause, "loading the configuration anew");
        let begun = tracer.begin();
        let outcome = policy.reload().await;
        tracer.end(begun, |context, end, duration| {
            span::of_reload(context, end, duration, cause, &policy, outcome.is_ok())
        });
        if outcome.is_ok() {
            for warning in policy.snapshot().warnings() {
                tracing::warn!("{warning}");
            }
        }
    }
}

/// SIGHUP also tells that the file of the audit log may have been moved away. A reload that waits for keys does not
/// hold this up.
async fn reopen_on_hangup(audit: AuditHandle, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        audit.reopen();
    }
}

const MAIN: &str = "the decision listener";
const GRPC: &str = "the gRPC listener";
const ADMIN: &str = "the admin listener";

/// How long the first requests may wait for the first keys.
const FIRST_KEYS: Duration = Duration::from_secs(1);

/// How often the actors are looked at.
const HEALTH_CHECK: Duration = Duration::from_secs(1);

/// How many looks in a row must find an actor silent: one may be busy reading a configuration from a slow mount.
const MAX_MISSED: u32 = 5;
