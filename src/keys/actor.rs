//! The JwksActor keeps the keys of one source fresh. Only it decides when to fetch. It publishes a
//! snapshot that any thread reads without a message to the actor.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler,
    Message, ResponseFuture, SpawnHandle, WrapFuture,
};
use arc_swap::ArcSwap;
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use super::{
    KeySnapshot, KeysHandle, KeysMetrics, Missing, Outgoing, RemoteSettings,
    fetch::fetch,
    handle::Remote,
    metrics::SourceMetrics,
    schedule::{Schedule, TokenBucket},
    snapshot::Fetched,
    source_log::SourceLog,
};
use crate::{
    clock::{SharedClock, Uptime},
    domain::ResourceId,
};

/// Starts the actor of a source on `arbiter`, which must not serve requests. The actor ends when
/// the last handle is dropped. `source` is the name of the source in logs and metrics.
pub fn start(
    resource: &ResourceId,
    source: &str,
    settings: RemoteSettings,
    outgoing: Arc<Outgoing>,
    clock: SharedClock,
    metrics: &KeysMetrics,
    arbiter: &ArbiterHandle,
) -> KeysHandle {
    let snapshot = Arc::new(ArcSwap::from_pointee(KeySnapshot::unknown(&settings)));
    let metrics = Arc::new(metrics.source(resource, source, settings.max_stale));
    let (rounds_sender, rounds) = watch::channel(0);
    let (alive, closed) = oneshot::channel();
    let unknown_kid = settings.unknown_kid;
    let bucket = TokenBucket::full(unknown_kid, clock.uptime());
    let actor = JwksActor {
        log: SourceLog {
            resource: resource.clone(),
            source: source.to_owned(),
        },
        schedule: Schedule::every(settings.refresh_interval),
        unknown_kids: bucket.clone(),
        failed_signatures: bucket,
        settings,
        outgoing,
        clock,
        snapshot: Arc::clone(&snapshot),
        rounds: rounds_sender,
        metrics: Arc::clone(&metrics),
        timer: None,
        began: None,
        closed: Some(closed),
    };
    let mailbox = Mailbox(JwksActor::start_in_arbiter(arbiter, move |_| actor));
    KeysHandle::remote(
        snapshot,
        Remote::new(mailbox, unknown_kid, rounds, metrics, alive),
    )
}

/// Fetches the keys of one source. A round is one fetch and the update of the snapshot; rounds
/// never overlap.
struct JwksActor {
    log: SourceLog,
    settings: RemoteSettings,
    outgoing: Arc<Outgoing>,
    clock: SharedClock,
    snapshot: Arc<ArcSwap<KeySnapshot>>,
    /// The number of rounds that have ended. Requests that wait for a round watch it.
    rounds: watch::Sender<u64>,
    schedule: Schedule,
    unknown_kids: TokenBucket,
    failed_signatures: TokenBucket,
    metrics: Arc<SourceMetrics>,
    timer: Option<SpawnHandle>,
    /// When the present round began; `None` between rounds.
    began: Option<Uptime>,
    /// Resolves when the last handle is dropped. Without it, timers and fetches would keep the
    /// actor alive for ever.
    closed: Option<oneshot::Receiver<Infallible>>,
}

impl Actor for JwksActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(closed) = self.closed.take() {
            ctx.spawn(closed.into_actor(self).map(|_, _, ctx| ctx.stop()));
        }
        self.begin_round(ctx);
    }
}

impl JwksActor {
    fn begin_round(&mut self, ctx: &mut Context<Self>) {
        if self.began.is_some() {
            return;
        }
        self.began = Some(self.clock.uptime());
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let fetching = fetch(Arc::clone(&self.outgoing), self.settings.clone());
        ctx.spawn(
            fetching
                .into_actor(self)
                .map(|outcome, actor, ctx| actor.end_round(outcome, ctx)),
        );
    }

    fn end_round(&mut self, outcome: Result<Fetched, String>, ctx: &mut Context<Self>) {
        let began = self.began.take().unwrap_or_default();
        match outcome {
            Ok(fetched) => self.succeed(fetched, began),
            Err(cause) => self.fail(cause),
        }
        self.rounds
            .send_modify(|ended| *ended = ended.wrapping_add(1));
        let delay = self.schedule.next_delay(fastrand::f64());
        self.timer = Some(ctx.run_later(delay, |actor, ctx| {
            actor.timer = None;
            actor.begin_round(ctx);
        }));
    }

    fn succeed(&mut self, fetched: Fetched, began: Uptime) {
        let before = self.snapshot.load_full();
        let after = before.succeed(fetched, began, self.clock.uptime());
        self.schedule.succeed();
        self.metrics
            .record_success(after.keys.len(), self.clock.unix_seconds());
        self.log.changes(&before, &after);
        self.snapshot.store(Arc::new(after));
    }

    fn fail(&mut self, cause: String) {
        self.schedule.fail();
        self.metrics.record_failure();
        self.log.failure(&cause);
        self.snapshot
            .store(Arc::new(self.snapshot.load().fail(cause)));
    }

    /// Resolves when the present round has ended.
    fn end_of_round(&self) -> ResponseFuture<()> {
        let mut rounds = self.rounds.subscribe();
        Box::pin(async move {
            // An error means that the actor has ended, so there is no round to wait for.
            let _ = rounds.changed().await;
        })
    }

    fn take_token(&mut self, missing: Missing) -> bool {
        let now = self.clock.uptime();
        match missing {
            Missing::Kid => self.unknown_kids.take(now),
            Missing::Signature => self.failed_signatures.take(now),
        }
    }
}

/// Asks for a fetch now, unless one already runs. The answer comes when the round has ended.
#[derive(Message)]
#[rtype(result = "()")]
struct Refresh;

impl Handler<Refresh> for JwksActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Refresh, ctx: &mut Context<Self>) -> Self::Result {
        self.begin_round(ctx);
        self.end_of_round()
    }
}

/// Reports that a token needs a key that was missing after `round` rounds. The actor fetches if the
/// token bucket allows it. The answer comes when the round has ended; it comes at once if no round
/// begins, or if one has ended meanwhile.
#[derive(Message)]
#[rtype(result = "()")]
struct KeyMissing {
    missing: Missing,
    round: u64,
}

impl Handler<KeyMissing> for JwksActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, message: KeyMissing, ctx: &mut Context<Self>) -> Self::Result {
        let is_answered = self.snapshot.load().round > message.round;
        if is_answered || (self.began.is_none() && !self.take_token(message.missing)) {
            return Box::pin(std::future::ready(()));
        }
        self.begin_round(ctx);
        self.end_of_round()
    }
}

/// Asks whether the actor lives. A living actor answers at once.
#[derive(Message)]
#[rtype(result = "()")]
struct Ping;

impl Handler<Ping> for JwksActor {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) {}
}

/// The address of the actor, for the handle. The type keeps actix inside this file.
pub(super) struct Mailbox(Addr<JwksActor>);

/// The actor has ended.
pub(super) struct Closed;

impl Mailbox {
    pub(super) async fn refresh(&self) -> Result<(), Closed> {
        self.0.send(Refresh).await.map_err(|_| Closed)
    }

    pub(super) async fn report(&self, missing: Missing, round: u64) -> Result<(), Closed> {
        self.0
            .send(KeyMissing { missing, round })
            .await
            .map_err(|_| Closed)
    }

    pub(super) async fn is_alive(&self) -> bool {
        timeout(ALIVE_WITHIN, self.0.send(Ping))
            .await
            .is_ok_and(|answer| answer.is_ok())
    }
}

/// How long the actor may take to answer a ping.
const ALIVE_WITHIN: Duration = Duration::from_secs(2);
