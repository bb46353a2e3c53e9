//! The AuditActor: takes records from the queue and writes them, a batch at a time. It lives on a thread of its own,
//! since a write may wait for a disk.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use arc_swap::ArcSwapOption;
use tokio::sync::{mpsc, oneshot};

use super::{line::line_of_lost, metrics::AuditMetrics, writer::Writer};
use crate::clock::SharedClock;

/// What waits in the queue.
#[derive(Debug)]
pub(super) enum Entry {
    /// A line to be written.
    Record(Vec<u8>),
    /// Wants to know when everything before it is written.
    Barrier(oneshot::Sender<()>),
}

/// Writes the audit log. While that fails it keeps what it has, leaves the queue alone, and tries again.
pub(super) struct AuditActor {
    /// `None` while the next batch is awaited.
    queue: Option<mpsc::Receiver<Entry>>,
    writer: Writer,
    barriers: Vec<oneshot::Sender<()>>,
    metrics: AuditMetrics,
    clock: SharedClock,
    failure: Arc<Failure>,
    retry: Option<SpawnHandle>,
    told_dropped: u64,
    told_refused: u64,
}

/// Why the log cannot be written now; empty while it can.
pub(super) type Failure = ArcSwapOption<String>;

/// The file was moved away: its path is opened anew.
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
            told_dropped: 0,
            told_refused: 0,
        }
    }

    /// Waits for the next batch, unless that is awaited already.
    fn await_batch(&mut self, context: &mut Context<Self>) {
        let Some(mut queue) = self.queue.take() else { return };
        let batch = async move {
            let mut batch = Vec::new();
            queue.recv_many(&mut batch, MAX_BATCH).await;
            (queue, batch)
        };
        let take = |(queue, batch): (_, Vec<Entry>), actor: &mut Self, context: &mut Context<Self>| {
            actor.queue = Some(queue);
            // Nothing at all: nobody is left who could send.
            if !batch.is_empty() {
                actor.take(batch);
                actor.write(context);
            }
        };
        context.spawn(batch.into_actor(self).map(take));
    }

    fn take(&mut self, batch: Vec<Entry>) {
        if !self.is_failing() {
            self.tell_lost();
        }
        for entry in batch {
            match entry {
                Entry::Record(line) => self.writer.push(&line),
                Entry::Barrier(barrier) => self.barriers.push(barrier),
            }
        }
    }

    /// Says in the log itself that records are missing from it.
    fn tell_lost(&mut self) {
        let (dropped, refused) = (self.metrics.dropped.get(), self.metrics.refused.get());
        let (new_dropped, new_refused) = (dropped - self.told_dropped, refused - self.told_refused);
        if new_dropped + new_refused > 0 {
            (self.told_dropped, self.told_refused) = (dropped, refused);
            self.writer.push(&line_of_lost(new_dropped, new_refused, self.clock.unix_time()));
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
            tracing::info!("the audit log is written again");
            self.metrics.last_write_succeeded.set(1);
            self.tell_lost();
            self.metrics.written.inc_by(self.writer.write()?);
            self.failure.store(None);
        }
        Ok(())
    }

    /// Counts each failure, and logs the first: a full disk makes one line, not one a second.
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

/// Records that are written at once.
const MAX_BATCH: usize = 512;

/// Time between two attempts while the log cannot be written.
const RETRY_AFTER: Duration = Duration::from_secs(1);
