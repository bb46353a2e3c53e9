//! The AuditActor: takes records from the queue and writes them in batches. It has its own thread, because a write
//! may wait for a disk.

use std::{sync::Arc, time::Duration};

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture,
};
use arc_swap::ArcSwapOption;
use tokio::sync::{mpsc, oneshot};

use super::{line::line_of_lost, metrics::AuditMetrics, writer::Writer};
use crate::clock::SharedClock;

/// An entry of the queue.
#[derive(Debug)]
pub(super) enum Entry {
    /// A line to be written.
    Record(Vec<u8>),
    /// A request to signal when every earlier entry is written.
    Barrier(oneshot::Sender<()>),
}

/// Writes the audit log. While writing fails, it keeps its pending lines, takes nothing from the queue, and
/// retries.
pub(super) struct AuditActor {
    /// `None` while it waits for the next batch.
    queue: Option<mpsc::Receiver<Entry>>,
    writer: Writer,
    barriers: Vec<oneshot::Sender<()>>,
    metrics: AuditMetrics,
    clock: SharedClock,
    failure: Arc<Failure>,
    retry: Option<SpawnHandle>,
    reported_dropped: u64,
    reported_refused: u64,
}

/// Why the log cannot be written; empty while it can.
pub(super) type Failure = ArcSwapOption<String>;

/// Reopens the path of the file, which may have been moved away.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Reopen;

impl AuditActor {
    pub(super) fn new(
        queue: mpsc::Receiver<Entry>,
        writer: Writer,
        metrics: AuditMetrics,
        clock: SharedClock,
        failure: Arc<Failure>,
    ) -> Self {
        Self {
            queue: Some(queue),
            writer,
            barriers: Vec::new(),
            metrics,
            clock,
            failure,
            retry: None,
            reported_dropped: 0,
            reported_refused: 0,
        }
    }

    /// Waits for the next batch, unless it already does.
    fn await_batch(&mut self, context: &mut Context<Self>) {
        let Some(mut queue) = self.queue.take() else {
            return;
        };
        let batch = async move {
            let mut batch = Vec::new();
            queue.recv_many(&mut batch, MAX_BATCH).await;
            (queue, batch)
        };
        let take =
            |(queue, batch): (_, Vec<Entry>), actor: &mut Self, context: &mut Context<Self>| {
                actor.queue = Some(queue);
                // An empty batch means that all senders are gone.
                if !batch.is_empty() {
                    actor.take(batch);
                    actor.write(context);
                }
            };
        context.spawn(batch.into_actor(self).map(take));
    }

    fn take(&mut self, batch: Vec<Entry>) {
        if !self.is_failing() {
            self.report_lost();
        }
        for entry in batch {
            match entry {
                Entry::Record(line) => self.writer.push(&line),
                Entry::Barrier(barrier) => self.barriers.push(barrier),
            }
        }
    }

    /// Writes into the log itself that records are missing from it.
    fn report_lost(&mut self) {
        let (dropped, refused) = (self.metrics.dropped.get(), self.metrics.refused.get());
        let (new_dropped, new_refused) = (
            dropped - self.reported_dropped,
            refused - self.reported_refused,
        );
        if new_dropped + new_refused > 0 {
            (self.reported_dropped, self.reported_refused) = (dropped, refused);
            self.writer.push(&line_of_lost(
                new_dropped,
                new_refused,
                self.clock.unix_time(),
            ));
        }
    }

    fn write(&mut self, context: &mut Context<Self>) {
        match self.write_all() {
            Ok(()) => {
                for barrier in self.barriers.drain(..) {
                    let _ = barrier.send(());
                }
                self.await_batch(context);
            }
            Err(error) => {
                self.note_failure(&error);
                if self.retry.is_none() {
                    let again = |actor: &mut Self, context: &mut Context<Self>| {
                        actor.retry = None;
                        actor.write(context);
                    };
                    self.retry = Some(context.run_later(RETRY_AFTER, again));
                }
            }
        }
    }

    fn write_all(&mut self) -> std::io::Result<()> {
        self.metrics.written.inc_by(self.writer.write()?);
        if self.is_failing() {
            tracing::info!("the audit log can be written again");
            self.metrics.last_write_succeeded.set(1);
            self.report_lost();
            self.metrics.written.inc_by(self.writer.write()?);
            self.failure.store(None);
        }
        Ok(())
    }

    /// Counts every failure, but logs only the first: a full disk causes one line, not one each second.
    fn note_failure(&self, error: &std::io::Error) {
        self.metrics.write_failures.inc();
        if !self.is_failing() {
            tracing::error!(%error, "the audit log cannot be written");
        }
        self.metrics.last_write_succeeded.set(0);
        self.failure.store(Some(Arc::new(error.to_string())));
    }

    fn is_failing(&self) -> bool {
        self.failure.load().is_some()
    }
}

impl Actor for AuditActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.await_batch(context);
    }
}

impl Handler<Reopen> for AuditActor {
    type Result = ();

    fn handle(&mut self, _: Reopen, context: &mut Self::Context) {
        self.writer.close();
        self.write(context);
    }
}

/// The most records of one batch.
const MAX_BATCH: usize = 512;

/// The time between two attempts while the log cannot be written.
const RETRY_AFTER: Duration = Duration::from_secs(1);
