//! The deciding part of the process, without listeners: actors, authorizer and metrics. `serve`
//! binds listeners in front of it; `explain` calls it directly.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use actix::{Arbiter, ArbiterHandle};
use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use prometheus::Registry;

use crate::{
    authorize::{Authorizer, ObserverSettings},
    build_info,
    clock::SharedClock,
    config::{Mistakes, Settings},
    http::ServerSettings,
    keys::{KeysMetrics, Outgoing},
    policy::{KeyStarter, Load, PolicyActor, PolicyDocument, PolicyHandle, PolicyMetrics},
    telemetry::{log::register_lost_lines, traces::Tracer},
    tls::ServerTls,
    token::{CachedVerifier, TokenMetrics},
};

/// Reads the whole configuration. Each call reads it again.
pub type LoadSettings = Box<dyn FnMut() -> Result<Settings, Mistakes> + Send>;

/// The actors and the authorizer.
#[derive(Debug)]
pub struct Core {
    /// The settings of the first load. Listeners and limits keep them until a restart.
    pub settings: Settings,
    /// All metrics.
    pub registry: Registry,
    /// The clock.
    pub clock: SharedClock,
    /// The policy in force.
    pub policy: PolicyHandle,
    /// Decides about requests.
    pub authorizer: Authorizer,
    /// TLS of the listeners; `None` for plain text.
    pub tls: Option<ServerTls>,
    /// The files whose change triggers a reload.
    pub watched: Watched,
    /// Records spans.
    pub tracer: Tracer,
}

/// The files whose change triggers a reload: the files of the last successful load, and those that
/// failed loads after it tried to read.
pub(super) type Watched = Arc<Mutex<Vec<PathBuf>>>;

impl Core {
    /// Loads the configuration and starts the actors. Their threads serve no requests.
    ///
    /// # Errors
    /// If the configuration has mistakes, or if trusted roots or certificates cannot be read.
    pub fn start(mut load: LoadSettings, clock: SharedClock) -> anyhow::Result<Self> {
        let settings = load()?;
        let registry = Registry::new();
        let policy_metrics = PolicyMetrics::register(&registry)?;
        let tracer = Tracer::register(settings.otlp.as_ref(), &registry, Arc::clone(&clock))?;
        let scheme = if settings.server.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let observer = ObserverSettings::register(
            &registry,
            Arc::clone(&clock),
            &policy_metrics,
            settings.log,
        )?
        .with_tracer(tracer.clone(), scheme);
        let verifier = verifier(&settings.server, Arc::clone(&clock), &registry)?;
        register_process(&registry)?;
        register_lost_lines(&registry)?;
        let starter = key_starter(&settings, &tracer, Arc::clone(&clock), &registry)?;
        let tls = settings.server.tls.clone().map(ServerTls::load);
        let tls = tls.transpose().context("server.tls")?;
        let watched = Watched::new(Mutex::new(settings.watched.clone()));
        let documents = documents(settings.clone(), load, tls.clone(), Arc::clone(&watched));
        let actor = PolicyActor::first(documents, starter, policy_metrics)?;
        let policy = PolicyHandle::start(actor, &background());
        let authorizer = Authorizer::new(policy.clone(), verifier, observer);
        Ok(Self {
            settings,
            registry,
            clock,
            policy,
            authorizer,
            tls,
            watched,
            tracer,
        })
    }
}

/// Starts JwksActors, all on one thread.
fn key_starter(
    settings: &Settings,
    tracer: &Tracer,
    clock: SharedClock,
    registry: &Registry,
) -> anyhow::Result<KeyStarter> {
    let outgoing = Outgoing::new(&settings.outgoing).context("outgoing requests")?;
    Ok(KeyStarter {
        outgoing: Arc::new(outgoing.with_tracer(tracer.clone())),
        clock,
        metrics: KeysMetrics::register(registry)?,
        arbiter: Arbiter::new().handle(),
    })
}

/// The verifier of all resources, with its cache and its throttle.
fn verifier(
    server: &ServerSettings,
    clock: SharedClock,
    registry: &Registry,
) -> anyhow::Result<CachedVerifier> {
    let max_waiting = (server.max_in_flight / 4).min(MAX_WAITING);
    let metrics = TokenMetrics::register(registry)?;
    let verifier = CachedVerifier::new(clock, server.token_cache, metrics)
        .throttled(server.workers, max_waiting);
    verifier.register_usage(registry)?;
    Ok(verifier)
}

/// A thread of low priority for the PolicyActor. A large policy takes long to compile, and must not
/// delay the threads that decide or that fetch keys.
fn background() -> ArbiterHandle {
    let arbiter = Arbiter::new().handle();
    arbiter.spawn_fn(|| {
        // Without a process id, Linux sets the priority of the calling thread (setpriority(2)).
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::debug!(%error, "cannot lower the priority of the thread that loads the policy");
        }
    });
    arbiter
}

/// The niceness of that thread. If all threads compete, it gets about a tenth of the time of
/// another thread: a load still completes, and requests hardly slow down.
const NICENESS: i32 = 10;

/// The source of the PolicyActor's documents. The first call returns `first`, which was just
/// loaded; each later call loads again.
fn documents(
    first: Settings,
    mut load: LoadSettings,
    tls: Option<ServerTls>,
    watched: Watched,
) -> Load {
    let mut loaded = Some(first.clone());
    Box::new(move || {
        let settings = match loaded.take() {
            Some(settings) => settings,
            None => {
                reload_tls(tls.as_ref());
                load().map_err(|mistakes| {
                    watch_also(&watched, mistakes.watched());
                    mistakes.to_string()
                })?
            }
        };
        for key in changes_that_need_a_restart(&first, &settings) {
            tracing::warn!(
                key,
                "scopegate ignores the change of this key until it is restarted"
            );
        }
        watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&settings.watched);
        Ok(PolicyDocument {
            version: version_of(&settings),
            resources: settings.resources,
            warnings: settings.warnings,
        })
    })
}

/// Reloads the certificate. It does so even if the configuration has mistakes, because certificates
/// expire.
fn reload_tls(tls: Option<&ServerTls>) {
    if let Some(Err(error)) = tls.map(ServerTls::reload) {
        tracing::error!(%error, "the certificate was not loaded; scopegate uses the last good one");
    }
}

/// Also watches the files that a failed load tried to read, because one of them may correct the
/// mistake: a secret that is mounted a moment later.
fn watch_also(watched: &Watched, files: &[PathBuf]) {
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    for file in files {
        if !watched.contains(file) {
            watched.push(file.clone());
        }
    }
}

/// The changed keys that take effect only at a start.
fn changes_that_need_a_restart(first: &Settings, now: &Settings) -> Vec<&'static str> {
    let (was, is) = (&first.server, &now.server);
    let others = ServerSettings {
        listen_addr: was.listen_addr.clone(),
        grpc_listen_addr: was.grpc_listen_addr.clone(),
        admin_listen_addr: was.admin_listen_addr.clone(),
        ..is.clone()
    };
    let changes = [
        (was.listen_addr != is.listen_addr, "server.listen_addr"),
        (
            was.grpc_listen_addr != is.grpc_listen_addr,
            "server.grpc_listen_addr",
        ),
        (
            was.admin_listen_addr != is.admin_listen_addr,
            "server.admin_listen_addr",
        ),
        (first.log != now.log, "server.log"),
        (first.audit != now.audit, "server.audit"),
        (first.otlp != now.otlp, "server.otlp"),
        (
            first.outgoing.ca_pem != now.outgoing.ca_pem,
            "server.ca_file",
        ),
        (
            first.outgoing.insecure_hosts != now.outgoing.insecure_hosts,
            "server.insecure_key_hosts",
        ),
        (others != *was, "server"),
    ];
    changes
        .into_iter()
        .filter_map(|(is_changed, key)| is_changed.then_some(key))
        .collect()
}

/// The version of a policy: a hash of its content without secrets.
fn version_of(settings: &Settings) -> String {
    let hash = digest(&SHA256, format!("{:?}", settings.resources).as_bytes());
    hash.as_ref()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn register_process(registry: &Registry) -> Result<(), prometheus::Error> {
    let build = prometheus::IntGaugeVec::new(
        prometheus::Opts::new("scopegate_build_info", "1 for the running build."),
        &["version", "commit"],
    )?;
    build
        .with_label_values(&[build_info::VERSION, build_info::COMMIT])
        .set(1);
    registry.register(Box::new(build))?;
    registry.register(Box::new(
        prometheus::process_collector::ProcessCollector::for_self(),
    ))
}

/// How many requests with unknown tokens may wait while verification is throttled. It is less if
/// `server.max_in_flight` is small, so that other requests still fit into that limit.
const MAX_WAITING: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Environment, Origin},
        telemetry::SamplingRatio,
    };

    #[test]
    fn a_change_that_needs_a_restart_is_named() {
        let settings = || {
            Origin::development(Environment::default())
                .unwrap()
                .load()
                .unwrap()
        };
        let changed = |change: fn(&mut Settings)| {
            let mut now = settings();
            change(&mut now);
            changes_that_need_a_restart(&settings(), &now)
        };
        assert!(changed(|_| ()).is_empty());
        assert_eq!(
            changed(|now| now.server.listen_addr = "localhost:0".to_owned()),
            ["server.listen_addr"]
        );
        assert_eq!(changed(|now| now.server.workers += 1), ["server"]);
        assert_eq!(
            changed(|now| now.log.permits = SamplingRatio::of(0.5).unwrap()),
            ["server.log"]
        );
        assert_eq!(
            changed(|now| now.outgoing.ca_pem = Some(b"new".to_vec())),
            ["server.ca_file"]
        );
    }
}
