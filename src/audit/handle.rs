//! The handle of the AuditActor: the request path records a decision through it before the answer is sent.

use std::{io, sync::Arc, time::Duration};

use actix::{Actor, Addr, Arbiter, Context};
use prometheus::Registry;
use tokio::sync::{mpsc, oneshot};

use super::{
    AuditOutput, AuditSettings, WhenFull,
    actor::{AuditActor, Entry, Failure, Reopen},
    line::line_of,
    metrics::AuditMetrics,
    output::Output,
    selection::Selection,
    writer::Writer,
};
use crate::{
    clock::SharedClock,
    domain::Reason,
    policy::{Decision, DecisionRecord},
    telemetry::log::SubjectLogging,
};

/// Records decisions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuditHandle {
    pub(super) selection: Arc<Selection>,
    subject: SubjectLogging,
    when_full: WhenFull,
    pub(super) queue: mpsc::Sender<Entry>,
    pub(super) metrics: AuditMetrics,
    clock: SharedClock,
    failure: Arc<Failure>,
    actor: Addr<AuditActor>,
}

/// Why the audit log cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Its file cannot be opened.
    #[error("`{path}` cannot be opened for appending: {cause}")]
    Output {
        /// The file, or `stdout`.
        path: String,
        /// The system's error.
        cause: io::Error,
    },
    /// Its metrics cannot be registered.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl AuditHandle {
    /// Opens the output and starts the actor on its own thread.
    ///
    /// # Errors
    /// If the output cannot be opened, or the name of a metric is already registered.
    pub fn start(
        settings: &AuditSettings,
        clock: SharedClock,
        registry: &Registry,
    ) -> Result<Self, AuditError> {
        let output = Output::open(&settings.output).map_err(|cause| AuditError::Output {
            path: path_of(&settings.output),
            cause,
        })?;
        Ok(Self::start_with(output, settings, clock, registry)?)
    }

    pub(super) fn start_with(
        output: Output,
        settings: &AuditSettings,
        clock: SharedClock,
        registry: &Registry,
    ) -> Result<Self, prometheus::Error> {
        let metrics = AuditMetrics::register(registry)?;
        let (queue, entries) = mpsc::channel(settings.queue);
        let failure = Arc::new(Failure::empty());
        let (writer, counters) = (Writer::new(output), metrics.clone());
        let actor = AuditActor::new(
            entries,
            writer,
            counters,
            Arc::clone(&clock),
            Arc::clone(&failure),
        );
        let actor = AuditActor::start_in_arbiter(
            &Arbiter::new().handle(),
            |_: &mut Context<AuditActor>| actor,
        );
        let (subject, when_full) = (settings.subject, settings.when_full);
        let selection = Arc::new(Selection::new(settings));
        Ok(Self {
            selection,
            subject,
            when_full,
            queue,
            metrics,
            clock,
            failure,
            actor,
        })
    }

    /// Records a decision, if the configuration selects it. If the record cannot be written and `when_full` is
    /// `refuse`, this turns a permit into a denial.
    pub fn record(&self, record: &mut DecisionRecord<'_, '_>) {
        if !self.selection.chooses(record) {
            return;
        }
        match self.reserve(&record.decision) {
            Some(place) => {
                let line = line_of(record, self.subject, self.clock.unix_time());
                place.send(Entry::Record(line));
            }
            None => self.give_up(record),
        }
    }

    /// Reopens the file's path, at which another file may be by now.
    pub fn reopen(&self) {
        if let Err(error) = self.actor.try_send(Reopen) {
            tracing::error!(%error, "the audit log cannot be reopened");
        }
    }

    /// Waits until every record is written, but at most `DRAIN_TIMEOUT`.
    pub async fn drain(&self) {
        let (barrier, is_written) = oneshot::channel();
        let all_written = async {
            self.queue.send(Entry::Barrier(barrier)).await.ok()?;
            is_written.await.ok()
        };
        if tokio::time::timeout(DRAIN_TIMEOUT, all_written)
            .await
            .ok()
            .flatten()
            .is_none()
        {
            tracing::error!("the service ends; some audit records were not written");
        }
    }

    /// Why the log cannot be written now; `None` while it can.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failure.load().as_deref().cloned()
    }

    /// Whether the actor is running.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.actor.connected()
    }

    /// Reserves a place in the queue before the answer is sent. Requests without a verified token may fill only
    /// half of the queue: a flood of them costs the sender nothing, and must not displace the records of clients
    /// with a token.
    fn reserve(&self, decision: &Decision) -> Option<mpsc::Permit<'_, Entry>> {
        let may_be_refused = self.when_full == WhenFull::Refuse && decision.refusal().is_none();
        let is_half_full = || self.queue.capacity() <= self.queue.max_capacity() / 2;
        if (decision.identity().is_none() && is_half_full())
            || (may_be_refused && self.failure.load().is_some())
        {
            return None;
        }
        self.queue.try_reserve().ok()
    }

    /// Handles a decision that cannot be recorded. A denial always stays a denial, because some gateways would let
    /// a 503 pass.
    fn give_up(&self, record: &mut DecisionRecord<'_, '_>) {
        match (self.when_full, &record.decision) {
            (WhenFull::Refuse, Decision::Permit(permit)) => {
                self.metrics.refused.inc();
                record.decision = Decision::Deny(permit.withdrawn(Reason::AuditUnavailable));
            }
            (WhenFull::Refuse, Decision::Deny(_)) | (WhenFull::Drop, _) => {
                self.metrics.dropped.inc()
            }
        }
    }
}

fn path_of(output: &AuditOutput) -> String {
    match output {
        AuditOutput::Stdout => "stdout".to_owned(),
        AuditOutput::File(path) => path.display().to_string(),
    }
}

/// The longest time that the end of the service waits for a slow disk.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);
