//! The outside of the AuditActor: what the request path asks before a decision goes out.

use std::{io, sync::Arc, time::Duration};

use actix::{Actor, Addr, Arbiter, Context};
use prometheus::Registry;
use tokio::sync::{mpsc, oneshot};

use super::{
    AuditOutput, AuditSettings, Decided, WhenFull,
    actor::{AuditActor, Entry, Failure, Reopen},
    metrics::AuditMetrics,
    output::Output,
    record::line_of,
    selection::Selection,
    writer::Writer,
};
use crate::{clock::SharedClock, domain::Reason, policy::Decision, telemetry::log::SubjectLogging};

/// Writes decisions down. Cheap to clone.
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

/// Why there is no audit log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Its file cannot be opened.
    #[error("`{path}` cannot be opened for appending: {cause}")]
    Output {
        /// The file, or `stdout`.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Its metrics cannot be registered.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl AuditHandle {
    /// Opens the output and starts the actor, on a thread of its own.
    ///
    /// # Errors
    /// When the output cannot be opened, or a name of a metric is taken.
    pub fn start(
        settings: &AuditSettings,
        clock: SharedClock,
        registry: &Registry,
    ) -> Result<Self, AuditError> {
        let output = Output::open(&settings.output)
            .map_err(|cause| AuditError::Output { path: path_of(&settings.output), cause })?;
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
        let actor = AuditActor::new(entries, writer, counters, Arc::clone(&clock), Arc::clone(&failure));
        let actor =
            AuditActor::start_in_arbiter(&Arbiter::new().handle(), |_: &mut Context<AuditActor>| actor);
        let (subject, when_full) = (settings.subject, settings.when_full);
        let selection = Arc::new(Selection::new(settings));
        Ok(Self { selection, subject, when_full, queue, metrics, clock, failure, actor })
    }

    /// Writes a decision down if it is one that is written, and gives back the decision that goes out: another one
    /// where a permit may not go out without its record.
    #[must_use]
    pub fn record(&self, decision: Decision, decided: &Decided<'_>) -> Decision {
        if !self.selection.chooses(&decision, decided.operation) {
            return decision;
        }
        match self.place_for(&decision) {
            Some(place) => {
                let line = line_of(&decision, decided, self.subject, self.clock.unix_time());
                place.send(Entry::Record(line));
                decision
            }
            None => self.without_record(decision),
        }
    }

    /// Opens the file anew, whose path may have another file by now.
    pub fn reopen(&self) {
        if let Err(error) = self.actor.try_send(Reopen) {
            tracing::error!(%error, "the audit log is not opened anew");
        }
    }

    /// Waits until everything that was recorded is written, for a while.
    pub async fn drain(&self) {
        let (barrier, is_written) = oneshot::channel();
        let all_written = async {
            self.queue.send(Entry::Barrier(barrier)).await.ok()?;
            is_written.await.ok()
        };
        if tokio::time::timeout(DRAIN_TIMEOUT, all_written).await.ok().flatten().is_none() {
            tracing::error!("the service ends with records of the audit log that were not written");
        }
    }

    /// Why it cannot be written now.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failure.load().as_deref().cloned()
    }

    /// Whether the actor still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.actor.connected()
    }

    /// A place in the queue, taken before the decision goes out. Requests without a verified token may fill half of
    /// it: a flood that costs its sender nothing must not take the places of those who have one.
    fn place_for(&self, decision: &Decision) -> Option<mpsc::Permit<'_, Entry>> {
        let (may_be_refused, identity) = match decision {
            Decision::Permit(permit) => (self.when_full == WhenFull::Refuse, permit.identity()),
            Decision::Deny(denial) => (false, denial.identity()),
        };
        let is_half_full = || self.queue.capacity() <= self.queue.max_capacity() / 2;
        if (identity.is_none() && is_half_full()) || (may_be_refused && self.failure.load().is_some()) {
            return None;
        }
        self.queue.try_reserve().ok()
    }

    /// A denial stands, whatever the setting: turned into a 503 some gateways would let it pass.
    fn without_record(&self, decision: Decision) -> Decision {
        match (self.when_full, decision) {
            (WhenFull::Refuse, Decision::Permit(permit)) => {
                self.metrics.refused.inc();
                Decision::Deny(permit.withdraw(Reason::AuditUnavailable))
            }
            (WhenFull::Refuse | WhenFull::Drop, decision) => {
                self.metrics.dropped.inc();
                decision
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

/// How long the end of the service may wait for a slow disk.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);
