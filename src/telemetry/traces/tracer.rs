//! The handle with which every room records spans, and the queue behind it. Without
//! `server.otlp.endpoint` there is no queue, and a call costs one branch.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};
use rustls::ClientConfig;
use tokio::sync::{mpsc, watch};

use super::{
    batch_processor::{self, Counters},
    sampler::{Sampler, SpanContext, root_context},
    settings::OtlpSettings,
    span::Span,
};
use crate::{
    clock::{SharedClock, Uptime},
    domain::Field,
};

/// Records spans; the default one records none.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    sampler: Sampler,
    clock: SharedClock,
    queue: mpsc::Sender<Span>,
    dropped: IntCounter,
    /// What the thread needs; `None` once it is started.
    not_started: Mutex<Option<(OtlpSettings, mpsc::Receiver<Span>, Counters)>>,
}

/// The start time of work that becomes a span at its end.
#[derive(Debug)]
pub struct SpanStart(Uptime);

impl Tracer {
    /// Creates a tracer for these settings and registers `scopegate_spans_total`. It exports
    /// nothing before [`Tracer::start`].
    ///
    /// # Errors
    /// If the name is already registered.
    pub fn register(
        settings: Option<&OtlpSettings>,
        registry: &Registry,
        clock: SharedClock,
    ) -> Result<Self, prometheus::Error> {
        let Some(settings) = settings else {
            return Ok(Self(None));
        };
        let spans = IntCounterVec::new(Opts::new(SPANS.0, SPANS.1), &["outcome"])?;
        registry.register(Box::new(spans.clone()))?;
        let of = |outcome| spans.with_label_values(&[outcome]);
        let counters = Counters {
            exported: of("exported"),
            failed: of("failed"),
        };
        let (queue, receiver) = mpsc::channel(QUEUE);
        Ok(Self(Some(Arc::new(Inner {
            sampler: settings.sample,
            clock,
            queue,
            dropped: of("dropped"),
            not_started: Mutex::new(Some((settings.clone(), receiver, counters))),
        }))))
    }

    /// Starts the batch processor; `None` if traces are off. `tls` is for a collector with https.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(&self, tls: ClientConfig) -> io::Result<Option<TracesHandle>> {
        let Some(inner) = &self.0 else {
            return Ok(None);
        };
        let not_started = inner
            .not_started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some((settings, receiver, counters)) = not_started else {
            return Ok(None);
        };
        let stop = watch::Sender::new(false);
        let (ended, has_ended) = watch::channel(());
        batch_processor::start(settings, tls, receiver, counters, stop.subscribe(), ended)?;
        Ok(Some(TracesHandle {
            stop: Arc::new(stop),
            has_ended,
        }))
    }

    /// Whether traces are on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The context of the span of a request with these headers; `None` if the request is not
    /// sampled.
    #[must_use]
    pub fn sample(&self, traceparent: Field<'_>, tracestate: Field<'_>) -> Option<SpanContext> {
        self.0.as_ref()?.sampler.sample(traceparent, tracestate)
    }

    /// Puts a span into the queue. If the queue is full, the span is dropped and counted, and the
    /// caller does not wait. `make` creates the span; it gets the time since 1970.
    pub fn record(&self, make: impl FnOnce(Duration) -> Span) {
        let Some(inner) = &self.0 else { return };
        match inner.queue.try_reserve() {
            Ok(slot) => slot.send(make(inner.clock.unix_time())),
            Err(_) => inner.dropped.inc(),
        }
    }

    /// The start of work that is rare and always sampled: a fetch of keys, a reload.
    #[must_use]
    pub fn begin(&self) -> Option<SpanStart> {
        self.0.as_ref().map(|inner| SpanStart(inner.clock.uptime()))
    }

    /// Records the span of work that began at `start`. `make` gets a context in a new trace, the
    /// time since 1970, and the duration.
    pub fn end(
        &self,
        start: Option<SpanStart>,
        make: impl FnOnce(SpanContext, Duration, Duration) -> Span,
    ) {
        if let (Some(inner), Some(SpanStart(started))) = (&self.0, start) {
            let duration = inner.clock.uptime().saturating_sub(started);
            self.record(|now| make(root_context(), now, duration));
        }
    }
}

/// The handle of the batch processor's thread.
#[derive(Clone, Debug)]
pub struct TracesHandle {
    stop: Arc<watch::Sender<bool>>,
    has_ended: watch::Receiver<()>,
}

impl TracesHandle {
    /// Exports the spans of the queue, for at most three seconds. Spans that are recorded later are
    /// lost.
    pub async fn drain(mut self) {
        self.stop.send_replace(true);
        // The thread drops the sender when it ends.
        if tokio::time::timeout(FLUSH, self.has_ended.changed())
            .await
            .is_err()
        {
            tracing::warn!("the last spans could not be sent in time");
        }
    }
}

/// The most spans that may wait. They need some MiB.
const QUEUE: usize = 4096;

/// How long the process waits at its end for the last spans.
const FLUSH: Duration = Duration::from_secs(3);

const SPANS: (&str, &str) = ("scopegate_spans_total", "Spans, by outcome.");
