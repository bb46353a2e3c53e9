//! The handle by which every room gives its spans away, and the queue behind it. Without `server.otlp.endpoint` there
//! is neither, and asking costs a branch.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};
use rustls::ClientConfig;
use tokio::sync::{mpsc, watch};

use super::{
    batches::{self, Counters},
    sampler::{self, Sampler, SpanContext},
    settings::OtlpSettings,
    span::Span,
};
use crate::{
    clock::{SharedClock, Uptime},
    domain::Field,
};

/// Takes spans, or nothing at all.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    sampler: Sampler,
    clock: SharedClock,
    queue: mpsc::Sender<Span>,
    dropped: IntCounter,
    /// What the thread needs, until it is started.
    ready: Mutex<Option<(OtlpSettings, mpsc::Receiver<Span>, Counters)>>,
}

/// Work that began and may become a span.
#[derive(Debug)]
pub struct Begun(Uptime);

impl Tracer {
    /// A tracer for these settings, which registers `scopegate_spans_total`. Nothing is sent before [`Tracer::start`].
    ///
    /// # Errors
    /// When the name is taken.
    pub fn register(
        settings: Option<&OtlpSettings>,
        registry: &Registry,
        clock: SharedClock,
    ) -> Result<Self, prometheus::Error> {
        let Some(settings) = settings else { return Ok(Self(None)) };
        let spans = IntCounterVec::new(Opts::new(SPANS.0, SPANS.1), &["outcome"])?;
        registry.register(Box::new(spans.clone()))?;
        let of = |outcome| spans.with_label_values(&[outcome]);
        let counters = Counters { exported: of("exported"), failed: of("failed") };
        let (queue, receiver) = mpsc::channel(QUEUE);
        Ok(Self(Some(Arc::new(Inner {
            sampler: settings.sample,
            clock,
            queue,
            dropped: of("dropped"),
            ready: Mutex::new(Some((settings.clone(), receiver, counters))),
        }))))
    }

    /// Starts the thread that sends; `None` where traces are off. `tls` is for a collector behind https.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(&self, tls: ClientConfig) -> io::Result<Option<TracesHandle>> {
        let Some(inner) = &self.0 else { return Ok(None) };
        let ready = inner.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((settings, receiver, counters)) = ready else { return Ok(None) };
        let stop = watch::Sender::new(false);
        let (ended, has_ended) = watch::channel(());
        batches::start(settings, tls, receiver, counters, stop.subscribe(), ended)?;
        Ok(Some(TracesHandle { stop: Arc::new(stop), has_ended }))
    }

    /// Whether any span can be kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The context of the span of a request that came with these headers; `None` if it is not to be kept.
    #[must_use]
    pub fn sample(&self, traceparent: Field<'_>, tracestate: Field<'_>) -> Option<SpanContext> {
        self.0.as_ref()?.sampler.sample(traceparent, tracestate)
    }

    /// Gives a span away. With a full queue it is dropped and counted: nobody waits. `make` gets the calendar's time.
    pub fn record(&self, make: impl FnOnce(Duration) -> Span) {
        let Some(inner) = &self.0 else { return };
        match inner.queue.try_reserve() {
            Ok(place) => place.send(make(inner.clock.unix_time())),
            Err(_) => inner.dropped.inc(),
        }
    }

    /// Notes when something begins that is done now and then and always kept: a fetch, a reload.
    #[must_use]
    pub fn begin(&self) -> Option<Begun> {
        self.0.as_ref().map(|inner| Begun(inner.clock.uptime()))
    }

    /// GlobIndex what has begun: `make` gets a context of its own trace, the time, and the duration.
    pub fn end(&self, begun: Option<Begun>, make: impl FnOnce(SpanContext, Duration, Duration) -> Span) {
        if let (Some(inner), Some(Begun(began))) = (&self.0, begun) {
            let duration = inner.clock.uptime().saturating_sub(began);
            self.record(|now| make(sampler::root(), now, duration));
        }
    }
}

/// The thread that sends.
#[derive(Clone, Debug)]
pub struct TracesHandle {
    stop: Arc<watch::Sender<bool>>,
    has_ended: watch::Receiver<()>,
}

impl TracesHandle {
    /// Sends what is in the queue, for at most three seconds; what is given away afterwards is lost.
    pub async fn drain(mut self) {
        self.stop.send_replace(true);
        // The sender is gone when the thread has ended.
        if tokio::time::timeout(FLUSH, self.has_ended.changed()).await.is_err() {
            tracing::warn!("the last spans could not be sent in time");
        }
    }
}

/// How many spans wait at most: some MiB.
const QUEUE: usize = 4096;

/// How long the end of the process waits for the last spans.
const FLUSH: Duration = Duration::from_secs(3);

const SPANS: (&str, &str) = ("scopegate_spans_total", "Spans, by what became of them.");
