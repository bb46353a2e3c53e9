//! The answers of `/livez` and `/readyz`: whether every actor runs, and whether gateways should
//! send requests here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    audit::AuditHandle,
    clock::{SharedClock, Uptime},
    http::{FailingSource, Readiness},
    keys::KeySnapshot,
    policy::PolicyHandle,
};

/// The state behind the probes `/livez` and `/readyz`. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Probes {
    policy: PolicyHandle,
    audit: Option<AuditHandle>,
    clock: SharedClock,
    ready_wait: Duration,
    is_alive: Arc<AtomicBool>,
    has_been_ready: Arc<AtomicBool>,
    is_draining: Arc<AtomicBool>,
    /// Warnings of the start. They hold for every policy.
    warnings: Arc<[String]>,
}

impl Probes {
    pub(super) fn new(
        policy: PolicyHandle,
        audit: Option<AuditHandle>,
        clock: SharedClock,
        ready_wait: Duration,
        warnings: Vec<String>,
    ) -> Self {
        let is_alive = Arc::new(AtomicBool::new(true));
        Self {
            policy,
            audit,
            clock,
            ready_wait,
            is_alive,
            has_been_ready: Arc::default(),
            is_draining: Arc::default(),
            warnings: warnings.into(),
        }
    }

    /// The flag that [`Probes::begin_drain`] sets.
    pub(super) fn draining(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_draining)
    }

    /// Makes `/readyz` fail from now on, so that gateways send requests to other replicas.
    pub(super) fn begin_drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    /// Whether every actor ran at the last check.
    pub(super) fn is_alive(&self) -> bool {
        self.is_alive.load(Ordering::SeqCst)
    }

    /// Checks every actor and returns whether all run. An actor that has ended does not start
    /// again.
    pub(super) async fn check_actors(&self) -> bool {
        let snapshot = Arc::clone(&self.policy.snapshot());
        let policies = snapshot
            .resources()
            .iter()
            .filter_map(|resource| resource.policy());
        let sources = policies.flat_map(|policy| policy.tokens().sources());
        let answers =
            futures_util::future::join_all(sources.map(|source| source.keys.is_alive())).await;
        let is_alive = self.policy.is_alive()
            && self.audit.as_ref().is_none_or(AuditHandle::is_alive)
            && answers.into_iter().all(|answer| answer);
        self.is_alive.store(is_alive, Ordering::SeqCst);
        is_alive
    }

    /// The service becomes ready when every key source has usable keys, or after `ready_wait`. Then
    /// it stays ready until the drain begins: a failure of an identity provider must not take
    /// replicas out of service.
    pub(super) fn readiness(&self) -> Readiness {
        let draining = self.is_draining.load(Ordering::SeqCst);
        let is_started = self.has_been_ready.load(Ordering::SeqCst)
            || self.clock.uptime() >= self.ready_wait
            || self.all_sources_are_usable();
        if is_started {
            self.has_been_ready.store(true, Ordering::SeqCst);
        }
        let snapshot = self.policy.snapshot();
        let unenforced = snapshot
            .resources()
            .iter()
            .filter(|resource| resource.policy().is_none());
        Readiness {
            ready: is_started && !draining,
            draining,
            policy_version: snapshot.version().to_owned(),
            failed_reload: self.policy.last_load().failure,
            failing_audit: self.audit.as_ref().and_then(AuditHandle::failure),
            failing_sources: self.failing_sources(),
            unenforced_resources: unenforced
                .map(|resource| resource.id().to_string())
                .collect(),
            warnings: self
                .warnings
                .iter()
                .chain(snapshot.warnings())
                .cloned()
                .collect(),
        }
    }

    fn all_sources_are_usable(&self) -> bool {
        let snapshot = self.policy.snapshot();
        let policies = snapshot
            .resources()
            .iter()
            .filter_map(|resource| resource.policy());
        let mut sources = policies.flat_map(|policy| policy.tokens().sources());
        let now = self.clock.uptime();
        sources.all(|source| source.keys.snapshot().is_usable(now))
    }

    fn failing_sources(&self) -> Vec<FailingSource> {
        let now = self.clock.uptime();
        let snapshot = self.policy.snapshot();
        let mut failing = Vec::new();
        for resource in snapshot.resources() {
            let sources = resource
                .policy()
                .map(|policy| policy.tokens().sources())
                .unwrap_or_default();
            for source in sources {
                if let Some(cause) = problem_of(&source.keys.snapshot(), now) {
                    let resource = resource.id().to_string();
                    failing.push(FailingSource {
                        resource,
                        source: source.name.to_string(),
                        cause,
                    });
                }
            }
        }
        failing
    }
}

/// The problem of a key source, in words for the operator: no keys yet, no keys at all, keys too
/// old, or the cause of the last failed fetch. `None` if there is none.
pub(super) fn problem_of(keys: &KeySnapshot, now: Uptime) -> Option<String> {
    let cause = keys.last_failure.as_deref();
    match (keys.is_usable(now), keys.last_success) {
        (true, _) => match cause {
            Some(cause) => Some(format!("scopegate uses the last good keys: {cause}")),
            None => keys.keys.is_empty().then(|| {
                "the provider publishes no keys: scopegate refuses every token".to_owned()
            }),
        },
        (false, Some(_)) => Some(format!(
            "the keys are too old: {}",
            cause.unwrap_or("every fetch fails")
        )),
        (false, None) => Some(format!(
            "no keys yet: {}",
            cause.unwrap_or("the first fetch is under way")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_keys_is_a_problem() {
        let no_keys = KeySnapshot::fixed([].into_iter().collect());
        let problem = problem_of(&no_keys, Uptime::default());
        let expected = "the provider publishes no keys: scopegate refuses every token";
        assert_eq!(problem.as_deref(), Some(expected));
    }
}
