//! The thread that sends spans: it gathers them for a moment, sends them together, tries again where that may help,
//! and counts what is lost. An outage is logged once when it begins and once when it ends.

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

/// What became of the spans that were taken.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    pub(super) exported: IntCounter,
    pub(super) failed: IntCounter,
}

/// Starts the thread. It ends once `stop` is true and the queue is empty, and then drops `ended`.
pub(super) fn start(
    settings: OtlpSettings,
    tls: ClientConfig,
    queue: mpsc::Receiver<Span>,
    counters: Counters,
    stop: watch::Receiver<bool>,
    ended: watch::Sender<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("traces".to_owned()).spawn(move || {
        runtime.block_on(async {
            let exporter = Exporter::new(settings, tls);
            Batches { exporter, queue, counters, stop, lost: None }.run().await;
        });
        drop(ended);
    })?;
    Ok(())
}

struct Batches {
    exporter: Exporter,
    queue: mpsc::Receiver<Span>,
    counters: Counters,
    stop: watch::Receiver<bool>,
    /// How many spans were lost in the outage that lasts.
    lost: Option<u64>,
}

impl Batches {
    async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            self.send(batch).await;
        }
    }

    /// The next spans; none at the end.
    async fn gather(&mut self) -> Vec<Span> {
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

    async fn send(&mut self, batch: Vec<Span>) {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let request = self.exporter.request(batch);
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.exporter.send(&request).await {
                Ok(()) => {
                    self.counters.exported.inc_by(count);
                    return self.recover();
                }
                Err(ExportError::Rejected { count: rejected, cause }) => {
                    let rejected = rejected.min(count);
                    self.counters.exported.inc_by(count - rejected);
                    return self.lose(rejected, &cause);
                }
                Err(ExportError::Failed { may_try_again, cause }) => {
                    let pause = pauses.next().filter(|_| may_try_again && self.lost.is_none());
                    match pause {
                        Some(pause) if self.pause(pause).await => {}
                        Some(_) | None => return self.lose(count, &cause),
                    }
                }
            }
        }
    }

    /// Waits; `false` if the process ends meanwhile.
    async fn pause(&mut self, pause: Duration) -> bool {
        tokio::select! {
            () = sleep(pause) => true,
            _ = self.stop.wait_for(|is_stopping| *is_stopping) => false,
        }
    }

    fn lose(&mut self, count: u64, cause: &str) {
        self.counters.failed.inc_by(count);
        match &mut self.lost {
            Some(lost) => *lost = lost.saturating_add(count),
            None => {
                let endpoint = self.exporter.endpoint();
                tracing::warn!(endpoint, cause, "spans are lost; more are not logged until some are taken");
                self.lost = Some(count);
            }
        }
    }

    fn recover(&mut self) {
        if let Some(lost) = self.lost.take() {
            tracing::info!(lost, "spans are taken again");
        }
    }
}

/// How many spans are sent together.
const MAX_BATCH: usize = 512;

/// How long the first span of a batch waits for others.
const DELAY: Duration = Duration::from_secs(1);

/// How long to wait before each further attempt. In an outage that lasts there is one attempt a batch.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
