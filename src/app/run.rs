//! Binds the listeners, runs the service until a signal or a failure stops it, and stops its parts
//! in order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use prometheus::Registry;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinError,
};

use super::{
    debug::ProcessData,
    file_watch::FileWatch,
    listeners::{Listeners, admin_state, debug_pages},
    open_files,
    readiness::Probes,
    reload_span::reload_span,
    wiring::Core,
};
use crate::{
    admission::{Admission, register_in_flight},
    audit::AuditHandle,
    authorize::Authorizer,
    clock::SharedClock,
    config::Settings,
    grpc::GrpcHandle,
    http::ServerSettings,
    keys::client_tls,
    policy::PolicyHandle,
    telemetry::traces::{Tracer, TracesHandle},
};

/// The service, bound to its addresses.
pub struct Service {
    settings: Settings,
    policy: PolicyHandle,
    probes: Probes,
    listeners: Listeners,
    watch: FileWatch,
    audit: Option<AuditHandle>,
    tracer: Tracer,
    traces: Option<TracesHandle>,
}

/// Why the service stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// SIGTERM or SIGINT.
    Signal,
    /// An actor ended, which only a bug can cause. The process must be restarted.
    ActorEnded,
}

impl Service {
    /// Binds the listeners in front of `core`.
    ///
    /// # Errors
    /// If an address cannot be bound, or the audit log cannot be opened.
    pub fn bind(core: Core) -> anyhow::Result<Self> {
        let Core {
            settings,
            registry,
            clock,
            policy,
            authorizer,
            tls,
            watched,
            tracer,
        } = core;
        let server = &settings.server;
        let audit = start_audit(&settings, &clock, &registry)?;
        let probes = probes(server, &policy, audit.clone(), clock.clone());
        let authorizer = authorizer.with_audit(audit.clone());
        let admission = admission(server, authorizer, &probes, &registry)?;
        let admin = admin_state(&probes, &registry);
        let data = ProcessData {
            policy: policy.clone(),
            probes: probes.clone(),
            registry,
            clock,
        };
        let debug = debug_pages(server, data, &admission);
        let listeners = Listeners::bind(server, admission, tls.as_ref(), admin, debug)?;
        let watch = FileWatch::start(watched);
        let traces = tracer
            .start(client_tls(&settings.outgoing)?)
            .context("traces")?;
        Ok(Self {
            watch,
            settings,
            policy,
            probes,
            listeners,
            audit,
            tracer,
            traces,
        })
    }

    /// The addresses of the listener for decisions and metadata.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        self.listeners.addresses()
    }

    /// The addresses of Envoy's gRPC service.
    #[must_use]
    pub fn grpc_addresses(&self) -> &[SocketAddr] {
        self.listeners.grpc.addresses()
    }

    /// The addresses of the admin listener.
    #[must_use]
    pub fn admin_addresses(&self) -> &[SocketAddr] {
        self.listeners.admin.addresses()
    }

    /// The handle of the policy in force.
    #[must_use]
    pub fn policy(&self) -> &PolicyHandle {
        &self.policy
    }

    /// Runs until SIGTERM or SIGINT, or until an actor ends.
    ///
    /// # Errors
    /// If a listener fails permanently, or signals cannot be received.
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
        let listeners = &self.listeners;
        let (main, grpc) = (listeners.main.handle(), listeners.grpc.handle());
        let admin = listeners.admin.handle();
        grpc.set_serving(self.probes.readiness().ready).await;
        self.log_start();
        let hangup = signal(SignalKind::hangup())?;
        let reloads = actix::spawn(reload_on_change(
            self.policy.clone(),
            self.watch,
            hangup,
            self.tracer,
        ));
        if let Some(audit) = self.audit {
            actix::spawn(reopen_on_hangup(audit, signal(SignalKind::hangup())?));
        }
        let mut admin_task = actix::spawn(self.listeners.admin.run());
        // Until the first keys are there, requests wait in the backlog. Otherwise they would be
        // denied for lack of keys.
        let _ = tokio::time::timeout(FIRST_KEYS, self.policy.first_answers()).await;
        let mut main_task = actix::spawn(self.listeners.main.run());
        let mut grpc_task = actix::spawn(self.listeners.grpc.run());
        let reason = tokio::select! {
            reason = until_stopped(&self.probes, &grpc) => reason?,
            ended = &mut main_task => return Err(ended_early(MAIN, ended)),
            ended = &mut grpc_task => return Err(ended_early(GRPC, ended)),
            ended = &mut admin_task => return Err(ended_early(ADMIN, ended)),
        };
        tracing::info!(?reason, drain = ?self.settings.server.drain, "draining");
        self.probes.begin_drain();
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

    fn log_start(&self) {
        tracing::info!(
            listen = ?self.addresses(),
            admin = ?self.admin_addresses(),
            grpc = ?self.grpc_addresses(),
            policy = self.policy.snapshot().version(),
            "listening"
        );
        for warning in self.probes.readiness().warnings {
            tracing::warn!("{warning}");
        }
    }
}

fn probes(
    server: &ServerSettings,
    policy: &PolicyHandle,
    audit: Option<AuditHandle>,
    clock: SharedClock,
) -> Probes {
    let warnings = open_files::raise_limit(server.max_in_flight)
        .into_iter()
        .collect();
    Probes::new(policy.clone(), audit, clock, server.ready_wait, warnings)
}

fn admission(
    server: &ServerSettings,
    authorizer: Authorizer,
    probes: &Probes,
    registry: &Registry,
) -> anyhow::Result<Arc<Admission>> {
    let (requests, bytes) = (server.max_in_flight, server.max_body_bytes);
    let admission = Arc::new(Admission::new(
        authorizer,
        requests,
        bytes,
        probes.draining(),
    ));
    register_in_flight(&admission, registry)?;
    Ok(admission)
}

fn start_audit(
    settings: &Settings,
    clock: &SharedClock,
    registry: &Registry,
) -> anyhow::Result<Option<AuditHandle>> {
    let start = |audit| AuditHandle::start(audit, clock.clone(), registry);
    settings
        .audit
        .as_ref()
        .map(start)
        .transpose()
        .context("server.audit.output")
}

/// The error of a listener that ended although nothing stopped it. Without this error the process
/// would look alive and answer no requests.
fn ended_early(listener: &'static str, ended: Result<io::Result<()>, JoinError>) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow!("{listener} has ended"),
        Ok(Err(error)) => anyhow::Error::new(error).context(listener),
        Err(error) => anyhow::Error::new(error).context(listener),
    }
}

/// Checks the actors and updates the gRPC health status until a signal arrives or an actor has
/// ended.
async fn until_stopped(probes: &Probes, grpc: &GrpcHandle) -> anyhow::Result<StopReason> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut missed = 0;
    while missed < MAX_MISSED {
        grpc.set_serving(probes.readiness().ready).await;
        tokio::select! {
            _ = terminate.recv() => return Ok(StopReason::Signal),
            _ = interrupt.recv() => return Ok(StopReason::Signal),
            () = tokio::time::sleep(CHECK_INTERVAL) => {
                missed = if probes.check_actors().await { 0 } else { missed + 1 };
            }
        }
    }
    tracing::error!("an actor has ended");
    Ok(StopReason::ActorEnded)
}

/// Reloads the configuration on SIGHUP and when a file changes. The PolicyActor logs and counts
/// failures.
async fn reload_on_change(
    policy: PolicyHandle,
    mut watch: FileWatch,
    mut hangup: Signal,
    tracer: Tracer,
) {
    loop {
        let cause = tokio::select! {
            Some(()) = hangup.recv() => "SIGHUP",
            () = watch.changed() => "a file changed",
        };
        watch.acknowledge();
        tracing::info!(cause, "reloading the configuration");
        let begun = tracer.begin();
        let outcome = policy.reload().await;
        tracer.end(begun, |context, end, duration| {
            reload_span(context, end, duration, cause, &policy, outcome.is_ok())
        });
        if outcome.is_ok() {
            for warning in policy.snapshot().warnings() {
                tracing::warn!("{warning}");
            }
        }
    }
}

/// Reopens the file of the audit log on SIGHUP, after log rotation has moved it. This is a task of
/// its own, so that a reload that waits for keys does not delay it.
async fn reopen_on_hangup(audit: AuditHandle, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        audit.reopen();
    }
}

const MAIN: &str = "the decision listener";
const GRPC: &str = "the gRPC listener";
const ADMIN: &str = "the admin listener";

/// How long the first requests may wait in the backlog for the first keys.
const FIRST_KEYS: Duration = Duration::from_secs(1);

/// How often the actors are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// After how many failed checks in a row an actor counts as ended. One failure is not enough,
/// because an actor may be reading a configuration from a slow mount.
const MAX_MISSED: u32 = 5;
