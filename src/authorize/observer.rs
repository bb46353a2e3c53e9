//! Counts, times and logs each decision. It is started first, so that a caller who goes away is counted too.

use std::{sync::Arc, time::Duration};

use prometheus::{Histogram, HistogramOpts, HistogramVec, Registry};

use super::{CheckRequest, line::Line, span::SpanSource};
use crate::{
    clock::{SharedClock, Uptime},
    domain::{Dialect, Operation},
    policy::{Decision, DecisionCounters, PolicyMetrics, ProtectedResource},
    telemetry::{LogSettings, traces::Tracer},
};

/// What every observer needs.
#[derive(Clone, Debug)]
pub struct ObserverSettings {
    clock: SharedClock,
    durations: [Histogram; Dialect::ALL.len()],
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
        let options = HistogramOpts::new(
            "scopegate_decision_duration_seconds",
            "Time from the first look at a request to its decision.",
        )
        .buckets(BUCKETS.to_vec());
        let durations = HistogramVec::new(options, &["dialect"])?;
        registry.register(Box::new(durations.clone()))?;
        let durations = Dialect::ALL.map(|dialect| durations.with_label_values(&[dialect.name()]));
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

    fn duration_of(&self, dialect: Dialect) -> Option<&Histogram> {
        self.durations.get(dialect as usize)
    }
}

/// Watches one decision being made.
pub(super) struct Observer<'s> {
    settings: &'s ObserverSettings,
    dialect: Dialect,
    started: Uptime,
    resource: Option<Arc<ProtectedResource>>,
    is_finished: bool,
}

impl<'s> Observer<'s> {
    pub(super) fn start(settings: &'s ObserverSettings, dialect: Dialect) -> Self {
        Self { settings, dialect, started: settings.clock.uptime(), resource: None, is_finished: false }
    }

    pub(super) fn note_resource(&mut self, resource: &Arc<ProtectedResource>) {
        self.resource = Some(Arc::clone(resource));
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
        if let Some(histogram) = self.settings.duration_of(self.dialect) {
            histogram.observe(duration.as_secs_f64());
        }
        let resource = self.resource.as_ref().map_or("none", |resource| resource.id().as_str());
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
        self.resource.as_ref().map_or(&*self.settings.of_no_resource, |resource| resource.counters())
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

/// From a cache hit, at some microseconds, to a request that waited for a key.
const BUCKETS: [f64; 13] = [
    0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.25, 1.0,
];
