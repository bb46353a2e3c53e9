//! The batch processor: a thread that collects spans for a short time, exports them together,
//! retries if that may help, and counts lost spans. It logs an outage of the collector once at its
//! begin and once at its end.

use std::{io, thread, time::Duration};

use prometheus::IntCounter;
use rustls::ClientConfig;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout_at},
};

use super::{
    export::{ExportError, Exporter},
    settings::OtlpSettings,
    span::Span,
};

/// The counters of spans that left the queue, by outcome.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    pub(super) exported: IntCounter,
    pub(super) failed: IntCounter,
}

/// Starts the thread. It ends when `stop` is true and the queue is empty, and then drops `ended`.
///
/// # Errors
/// If the runtime or the thread cannot be created.
pub(super) fn start(
    settings: OtlpSettings,
    tls: ClientConfig,
    queue: mpsc::Receiver<Span>,
    counters: Counters,
    stop: watch::Receiver<bool>,
    ended: watch::Sender<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("traces".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                let exporter = Exporter::new(settings, tls);
                BatchProcessor {
                    exporter,
                    queue,
                    counters,
                    stop,
                    lost: None,
                }
                .run()
                .await;
            });
            drop(ended);
        })?;
    Ok(())
}

struct BatchProcessor {
    exporter: Exporter,
    queue: mpsc::Receiver<Span>,
    counters: Counters,
    stop: watch::Receiver<bool>,
    /// How many spans the present outage has lost; `None` if there is no outage.
    lost: Option<u64>,
}

impl BatchProcessor {
    async fn run(mut self) {
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                return;
            }
            self.send(batch).await;
        }
    }

    /// The next batch; empty after the last one.
    async fn next_batch(&mut self) -> Vec<Span> {
        let mut batch = Vec::new();
        tokio::select! {
            _ = self.queue.recv_many(&mut batch, MAX_BATCH) => {}
            _ = self.stop.wait_for(|is_stopping| *is_stopping) => self.queue.close(),
        }
        let due = Instant::now() + DELAY;
        while batch.len() < MAX_BATCH {
            let (room, is_open) = (MAX_BATCH - batch.len(), !self.queue.is_closed());
            tokio::select! {
                more = timeout_at(due, self.queue.recv_many(&mut batch, room)) => match more {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                },
                _ = self.stop.wait_for(|is_stopping| *is_stopping), if is_open => self.queue.close(),
            }
        }
        batch
    }

    /// Exports a batch, with retries, and counts the outcome.
    async fn send(&mut self, batch: Vec<Span>) {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let request = self.exporter.request(batch);
        let mut delays = RETRY_DELAYS.into_iter();
        loop {
            match self.exporter.send(&request).await {
                Ok(()) => {
                    self.counters.exported.inc_by(count);
                    return self.end_outage();
                }
                Err(ExportError::Rejected {
                    count: rejected,
                    cause,
                }) => {
                    let rejected = rejected.min(count);
                    self.counters.exported.inc_by(count - rejected);
                    return self.count_lost(rejected, &cause);
                }
                Err(ExportError::Failed {
                    is_retryable,
                    cause,
                }) => {
                    let delay = delays
                        .next()
                        .filter(|_| is_retryable && self.lost.is_none());
                    match delay {
                        Some(delay) if self.wait(delay).await => {}
                        Some(_) | None => return self.count_lost(count, &cause),
                    }
                }
            }
        }
    }

    /// Waits. Returns `false` if the process stops meanwhile.
    async fn wait(&mut self, delay: Duration) -> bool {
        tokio::select! {
            () = sleep(delay) => true,
            _ = self.stop.wait_for(|is_stopping| *is_stopping) => false,
        }
    }

    fn count_lost(&mut self, count: u64, cause: &str) {
        self.counters.failed.inc_by(count);
        match &mut self.lost {
            Some(lost) => *lost = lost.saturating_add(count),
            None => {
                let endpoint = self.exporter.endpoint();
                tracing::warn!(endpoint, cause, "{SPANS_LOST}");
                self.lost = Some(count);
            }
        }
    }

    fn end_outage(&mut self) {
        if let Some(lost) = self.lost.take() {
            tracing::info!(lost, "the collector accepts spans again");
        }
    }
}

const SPANS_LOST: &str =
    "spans are lost; this is logged again only after the collector has accepted spans";

/// The most spans of a batch.
const MAX_BATCH: usize = 512;

/// How long the first span of a batch waits for others.
const DELAY: Duration = Duration::from_secs(1);

/// How long to wait before each retry. During an outage each batch is tried only once.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
