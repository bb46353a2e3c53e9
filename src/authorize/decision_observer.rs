//! Counts, times, logs and traces each decision. It starts before the first step, so that a request whose caller
//! closes the connection is counted too.

use std::sync::Arc;

use prometheus::Registry;

use super::{
    Checked, decision_log,
    span::{self, SpanOptions},
};
use crate::{
    clock::{SharedClock, Uptime},
    domain::Dialect,
    policy::{DecisionCounters, DecisionRecord, PolicyMetrics, ProtectedResource},
    telemetry::{log::LogSettings, metrics::DurationHistograms, traces::Tracer},
};

/// The settings that all observers share.
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
    /// If the name is already registered.
    pub fn register(
        registry: &Registry,
        clock: SharedClock,
        policy: &PolicyMetrics,
        log: LogSettings,
    ) -> Result<Self, prometheus::Error> {
        let dialects = Dialect::ALL.map(Dialect::name);
        let durations = DurationHistograms::register(registry, DURATION, "dialect", dialects)?;
        let tracer = Tracer::default();
        Ok(Self {
            clock,
            durations,
            of_no_resource: policy.counters_without_resource(),
            log,
            tracer,
            scheme: "http",
        })
    }

    /// Sets the tracer of the spans. `scheme` is that of the listener, `http` or `https`.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer, scheme: &'static str) -> Self {
        Self {
            tracer,
            scheme,
            ..self
        }
    }

    pub(super) fn tracer(&self) -> &Tracer {
        &self.tracer
    }
}

/// Observes one decision, and owns its record.
pub(super) struct Observer<'s, 'a> {
    settings: &'s ObserverSettings,
    started: Uptime,
    record: DecisionRecord<'s, 'a>,
    is_finished: bool,
}

impl<'s, 'a> Observer<'s, 'a> {
    pub(super) fn start(settings: &'s ObserverSettings, record: DecisionRecord<'s, 'a>) -> Self {
        Self {
            settings,
            started: settings.clock.uptime(),
            record,
            is_finished: false,
        }
    }

    /// The record; the steps fill it in.
    pub(super) fn record(&mut self) -> &mut DecisionRecord<'s, 'a> {
        &mut self.record
    }

    /// Sets the duration so far, for the audit log, which is written before the answer is sent.
    pub(super) fn note_duration(&mut self) {
        self.record.duration = self.settings.clock.uptime().saturating_sub(self.started);
    }

    /// Counts, times, logs and traces the decision, and returns it for the gateway.
    pub(super) fn finish(mut self) -> Checked<'a> {
        self.is_finished = true;
        self.note_duration();
        let (settings, record) = (self.settings, &mut self.record);
        counters(settings, record).count(record.dialect, &record.decision);
        settings
            .durations
            .observe(record.dialect as usize, record.duration);
        let sampled = record.request.and_then(|request| {
            Some((
                settings
                    .tracer
                    .sample(request.traceparent, request.tracestate)?,
                request,
            ))
        });
        record.root_trace_id = sampled
            .as_ref()
            .and_then(|(context, _)| context.root_trace_id());
        decision_log::write(record, settings.log);
        if let Some((context, request)) = sampled {
            let options = SpanOptions {
                subject: settings.log.subject,
                scheme: settings.scheme,
            };
            settings
                .tracer
                .record(|end| span::of(record, request, options, context, end));
        }
        Checked::of(record)
    }
}

fn counters<'s>(
    settings: &'s ObserverSettings,
    record: &DecisionRecord<'s, '_>,
) -> &'s DecisionCounters {
    record
        .resource
        .map_or(&*settings.of_no_resource, ProtectedResource::counters)
}

/// Counts a request whose caller closed the connection before the decision.
impl Drop for Observer<'_, '_> {
    fn drop(&mut self) {
        if !self.is_finished {
            counters(self.settings, &self.record).count_abandoned(self.record.dialect);
        }
    }
}

const DURATION: (&str, &str) = (
    "scopegate_decision_duration_seconds",
    "Time from the start of a request to its decision.",
);
