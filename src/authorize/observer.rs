//! Counts, times and logs each decision. It is started first, so that a caller who goes away is counted too.

use std::sync::Arc;

use prometheus::Registry;

use super::{CheckRequest, line::Line};
use crate::{
    clock::{SharedClock, Uptime},
    domain::{Dialect, Operation},
    policy::{Decision, DecisionCounters, PolicyMetrics, ProtectedResource},
    telemetry::{DurationHistograms, LogSettings},
};

/// What every observer needs.
#[derive(Clone, Debug)]
pub struct ObserverSettings {
    clock: SharedClock,
    durations: DurationHistograms<{ Dialect::ALL.len() }>,
    of_no_resource: Arc<DecisionCounters>,
    log: LogSettings,
}

impl ObserverSettings {
    /// Registers `scopegate_decision_duration_seconds`.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn register(
        registry: &Registry,
        clock: SharedClock,
        policy: &PolicyMetrics,
        log: LogSettings,
    ) -> Result<Self, prometheus::Error> {
        let dialects = Dialect::ALL.map(Dialect::name);
        let durations = DurationHistograms::register(registry, DURATION, "dialect", dialects)?;
        Ok(Self { clock, durations, of_no_resource: policy.counters_of_none(), log })
    }
}

/// Watches one decision being made.
pub(super) struct Observer<'s> {
    settings: &'s ObserverSettings,
    dialect: Dialect,
    started: Uptime,
    resource: Option<&'s ProtectedResource>,
    is_finished: bool,
}

impl<'s> Observer<'s> {
    pub(super) fn start(settings: &'s ObserverSettings, dialect: Dialect) -> Self {
        Self { settings, dialect, started: settings.clock.uptime(), resource: None, is_finished: false }
    }

    pub(super) fn note_resource(&mut self, resource: &'s ProtectedResource) {
        self.resource = Some(resource);
    }

    /// Counts, times and logs the decision.
    pub(super) fn finish(
        self,
        decision: &Decision,
        operation: Option<&Operation<'_>>,
        request: &CheckRequest<'_>,
    ) {
        self.finish_line(decision, operation, Some(request));
    }

    /// The same for a request that could not be read as its dialect demands.
    pub(super) fn finish_unread(self, decision: &Decision) {
        self.finish_line(decision, None, None);
    }

    fn finish_line(
        mut self,
        decision: &Decision,
        operation: Option<&Operation<'_>>,
        request: Option<&CheckRequest<'_>>,
    ) {
        self.is_finished = true;
        let duration = self.settings.clock.uptime().saturating_sub(self.started);
        self.counters().count(self.dialect, decision);
        self.settings.durations.observe(self.dialect as usize, duration);
        let resource = self.resource.map_or("none", |resource| resource.id().as_str());
        let settings = self.settings.log;
        Line { settings, dialect: self.dialect, resource, decision, operation, request, duration }.write();
    }

    fn counters(&self) -> &DecisionCounters {
        self.resource.map_or(&*self.settings.of_no_resource, |resource| resource.counters())
    }
}

/// The caller went away before there was a decision.
impl Drop for Observer<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            self.counters().count_abandoned(self.dialect);
        }
    }
}

const DURATION: (&str, &str) =
    ("scopegate_decision_duration_seconds", "Time from the first look at a request to its decision.");
