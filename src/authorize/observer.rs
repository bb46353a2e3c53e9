//! Counts, times and logs each decision. It is started first, so that a caller who goes away is counted too.

use std::{sync::Arc, time::Duration};

use prometheus::Registry;

use super::{CheckRequest, decision_log::Line, span::SpanSource};
use crate::{
    clock::{SharedClock, Uptime},
    domain::{Dialect, Operation},
    policy::{Decision, DecisionCounters, PolicyMetrics, ProtectedResource},
    telemetry::{log::LogSettings, metrics::DurationHistograms, traces::Tracer},
};

/// What every observer needs.
#[derive(Clone, Debug)]
pub struct ObserverSettings {
    clock: SharedClock,
    durations: DurationHistograms<{ Dialect::ALL.len() }>,
    of_no_resource: Arc<DecisionCounters>,
    log: LogSettings,
    tracer: Tracer,
    scheme: &'static str,
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
        let tracer = Tracer::default();
        Ok(Self { clock, durations, of_no_resource: policy.counters_of_none(), log, tracer, scheme: "http" })
    }

    /// The same, giving spans to a tracer. `scheme` is that of the listener, `http` or `https`.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer, scheme: &'static str) -> Self {
        Self { tracer, scheme, ..self }
    }

    pub(super) fn tracer(&self) -> &Tracer {
        &self.tracer
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

    /// The time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.settings.clock.uptime().saturating_sub(self.started)
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
        let duration = self.elapsed();
        self.counters().count(self.dialect, decision);
        self.settings.durations.observe(self.dialect as usize, duration);
        let resource = self.resource.map_or("none", |resource| resource.id().as_str());
        let settings = self.settings.log;
        let tracer = &self.settings.tracer;
        let span = request
            .and_then(|request| tracer.sample(request.traceparent, request.tracestate).zip(Some(request)));
        let begun_here = span.as_ref().and_then(|(context, _)| context.root_trace_id());
        let (dialect, begun_trace) = (self.dialect, begun_here.as_deref());
        Line { settings, dialect, resource, decision, operation, request, duration, begun_trace }.write();
        if let Some((context, request)) = span {
            let (subject, scheme) = (settings.subject, self.settings.scheme);
            let source = SpanSource { subject, scheme, resource, decision, operation, request, duration };
            tracer.record(|end| source.span(context, end));
        }
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
