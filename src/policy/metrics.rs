//! Counts decisions. Each counter is resolved once, at the first decision of its kind.

use std::sync::{Arc, OnceLock};

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::{Decision, Grounds};
use crate::{
    domain::{Dialect, Reason, ResourceId},
    telemetry::metrics::{Counter, CounterVec},
};

/// The metrics of the policy room.
#[derive(Clone, Debug)]
pub struct PolicyMetrics {
    decisions: CounterVec,
    reloads: IntCounterVec,
    last_reload_succeeded: IntGauge,
    info: IntGaugeVec,
}

impl PolicyMetrics {
    /// Registers `scopegate_decisions_total`, `scopegate_policy_reload_total`,
    /// `scopegate_policy_last_reload_successful` and `scopegate_policy_info`.
    ///
    /// # Errors
    /// If one of the names is already registered.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let decisions = CounterVec::register(
            registry,
            Opts::new(
                "scopegate_decisions_total",
                "Decisions, by resource, dialect, outcome and reason.",
            ),
            &["resource", "dialect", "decision", "reason"],
        )?;
        let reloads = IntCounterVec::new(
            Opts::new(
                "scopegate_policy_reload_total",
                "Loads of the policy, by outcome.",
            ),
            &["outcome"],
        )?;
        let last_reload_succeeded = IntGauge::new(
            "scopegate_policy_last_reload_successful",
            "Whether the last load of the policy succeeded; 0 while the policy in the file is not in force.",
        )?;
        let info = IntGaugeVec::new(
            Opts::new(
                "scopegate_policy_info",
                "1 for the version of the policy in force.",
            ),
            &["version"],
        )?;
        registry.register(Box::new(reloads.clone()))?;
        registry.register(Box::new(last_reload_succeeded.clone()))?;
        registry.register(Box::new(info.clone()))?;
        for outcome in ["success", "failure"] {
            reloads.with_label_values(&[outcome]);
        }
        Ok(Self {
            decisions,
            reloads,
            last_reload_succeeded,
            info,
        })
    }

    /// The counters of one resource.
    #[must_use]
    pub fn counters_of(&self, resource: &ResourceId) -> Arc<DecisionCounters> {
        DecisionCounters::new(resource.as_str(), self.decisions.clone())
    }

    /// The counters of requests that match no resource.
    #[must_use]
    pub fn counters_without_resource(&self) -> Arc<DecisionCounters> {
        DecisionCounters::new("none", self.decisions.clone())
    }

    /// Records that the policy of this version is in force.
    pub fn loaded(&self, version: &str) {
        self.reloads.with_label_values(&["success"]).inc();
        self.last_reload_succeeded.set(1);
        self.info.reset();
        self.info.with_label_values(&[version]).set(1);
    }

    /// Records that a load failed.
    pub fn load_failed(&self) {
        self.reloads.with_label_values(&["failure"]).inc();
        self.last_reload_succeeded.set(0);
    }
}

/// The counters of one resource, for each dialect and outcome.
#[derive(Debug)]
pub struct DecisionCounters {
    resource: String,
    decisions: CounterVec,
    by_dialect: [[OnceLock<Arc<Counter>>; OUTCOMES]; Dialect::ALL.len()],
}

impl DecisionCounters {
    fn new(resource: &str, decisions: CounterVec) -> Arc<Self> {
        let by_dialect = std::array::from_fn(|_| std::array::from_fn(|_| OnceLock::new()));
        Arc::new(Self {
            resource: resource.to_owned(),
            decisions,
            by_dialect,
        })
    }

    /// Counts one decision.
    pub fn count(&self, dialect: Dialect, decision: &Decision) {
        let outcome = decision.outcome();
        self.count_at(
            dialect,
            (slot_of(decision), outcome.kind.name(), outcome.code),
        );
    }

    /// Counts a request whose caller closed the connection before the decision.
    pub fn count_abandoned(&self, dialect: Dialect) {
        self.count_at(dialect, (ABANDONED, "abandoned", "caller-gone"));
    }

    fn count_at(
        &self,
        dialect: Dialect,
        (slot, outcome, reason): (usize, &'static str, &'static str),
    ) {
        let counter = self
            .by_dialect
            .get(dialect as usize)
            .and_then(|outcomes| outcomes.get(slot));
        if let Some(counter) = counter {
            let labels = [self.resource.as_str(), dialect.name(), outcome, reason];
            counter.get_or_init(|| self.decisions.with(&labels)).inc();
        }
    }
}

/// The index of a decision's counter.
fn slot_of(decision: &Decision) -> usize {
    match decision {
        Decision::Deny(denial) => denial.reason() as usize,
        Decision::Permit(permit) => match permit.grounds {
            Grounds::Reported(reason) => REPORTED + reason as usize,
            Grounds::Granted => REASONS,
            Grounds::Public => REASONS + 1,
            Grounds::Unenforced => REASONS + 2,
        },
    }
}

const REASONS: usize = Reason::ALL.len();
const ABANDONED: usize = REASONS + 3;
const REPORTED: usize = ABANDONED + 1;
const OUTCOMES: usize = REPORTED + REASONS;
