//! Whether the service is alive, and whether gateways should ask it.

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

/// What `/livez` and `/readyz` look at.
#[derive(Clone, Debug)]
pub(super) struct Health {
    policy: PolicyHandle,
    audit: Option<AuditHandle>,
    clock: SharedClock,
    ready_wait: Duration,
    is_alive: Arc<AtomicBool>,
    has_been_ready: Arc<AtomicBool>,
    is_draining: Arc<AtomicBool>,
    /// What was found at the start, whatever the policy.
    warnings: Arc<[String]>,
}

impl Health {
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

    /// Whether the drain has begun.
    pub(super) fn draining(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_draining)
    }

    /// From now on gateways should ask other replicas.
    pub(super) fn begin_drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    /// Whether every actor ran when it was last looked at.
    pub(super) fn is_alive(&self) -> bool {
        self.is_alive.load(Ordering::SeqCst)
    }

    /// Looks at every actor. One that has ended does not come back.
    pub(super) async fn check_actors(&self) -> bool {
        let snapshot = Arc::clone(&self.policy.snapshot());
        let policies = snapshot.resources().iter().filter_map(|resource| resource.policy());
        let sources = policies.flat_map(|policy| policy.tokens().sources());
        let answers = futures_util::future::join_all(sources.map(|source| source.keys.is_alive())).await;
        let is_alive = self.policy.is_alive()
            && self.audit.as_ref().is_none_or(AuditHandle::is_alive)
            && answers.into_iter().all(|answer| answer);
        self.is_alive.store(is_alive, Ordering::SeqCst);
        is_alive
    }

    /// Ready once each key source has had its first answer, or `ready_wait` has passed; then until the drain,
    /// so that no identity provider takes a replica out of service.
    pub(super) fn readiness(&self) -> Readiness {
        let draining = self.is_draining.load(Ordering::SeqCst);
        let is_settled = self.has_been_ready.load(Ordering::SeqCst)
            || self.clock.uptime() >= self.ready_wait
            || self.all_have_answered();
        if is_settled {
            self.has_been_ready.store(true, Ordering::SeqCst);
        }
        let snapshot = self.policy.snapshot();
        let unenforced = snapshot.resources().iter().filter(|resource| resource.policy().is_none());
        Readiness {
            ready: is_settled && !draining,
            draining,
            policy_version: snapshot.version().to_owned(),
            failed_reload: self.policy.last_load().failure,
            failing_audit: self.audit.as_ref().and_then(AuditHandle::failure),
            failing_sources: self.failing_sources(),
            unenforced_resources: unenforced.map(|resource| resource.id().to_string()).collect(),
            warnings: self.warnings.iter().chain(snapshot.warnings()).cloned().collect(),
        }
    }

    fn all_have_answered(&self) -> bool {
        let snapshot = self.policy.snapshot();
        let policies = snapshot.resources().iter().filter_map(|resource| resource.policy());
        let mut sources = policies.flat_map(|policy| policy.tokens().sources());
        let now = self.clock.uptime();
        sources.all(|source| source.keys.snapshot().is_usable(now))
    }

    fn failing_sources(&self) -> Vec<FailingSource> {
        let now = self.clock.uptime();
        let snapshot = self.policy.snapshot();
        let mut failing = Vec::new();
        for resource in snapshot.resources() {
            let sources = resource.policy().map(|policy| policy.tokens().sources()).unwrap_or_default();
            for source in sources {
                if let Some(cause) = trouble(&source.keys.snapshot(), now) {
                    let resource = resource.id().to_string();
                    failing.push(FailingSource { resource, source: source.name.to_string(), cause });
                }
            }
        }
        failing
    }
}

/// What an operator should know of a source: no keys yet, none at all, keys too old, or the cause of the last
/// failure.
pub(super) fn trouble(keys: &KeySnapshot, now: Uptime) -> Option<String> {
    let cause = keys.last_failure.as_deref();
    match (keys.is_usable(now), keys.last_success) {
        (true, _) => match cause {
            Some(cause) => Some(format!("the last good keys serve: {cause}")),
            None => {
                keys.keys.is_empty().then(|| "the provider has no keys: every token is refused".to_owned())
            }
        },
        (false, Some(_)) => Some(format!("the keys are too old: {}", cause.unwrap_or("no fetch succeeds"))),
        (false, None) => Some(format!("no keys yet: {}", cause.unwrap_or("the first fetch is under way"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_keys_is_trouble() {
        let no_keys = KeySnapshot::fixed([].into_iter().collect());
        let trouble = trouble(&no_keys, Uptime::default());
        assert_eq!(trouble.as_deref(), Some("the provider has no keys: every token is refused"));
    }
}
