//! How much of the processors refused tokens may take. Whoever invents tokens makes this service check signatures,
//! answer and log for nothing; beyond a share, tokens that nobody has seen before wait for each other, so that those
//! that were verified before do not.
//!
//! Only refusals are charged. While they stay below the share nobody waits, however many new tokens are good.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use crate::clock::{SharedClock, Uptime};

/// The account of refused tokens.
#[derive(Debug)]
pub(super) struct Pace {
    /// The machine's, whatever tokens are judged by: it is about work.
    clock: SharedClock,
    /// Processor time that refusals may take, for each second; more than one second with many workers.
    share: f64,
    max_waiting: usize,
    /// How long a token waits.
    max_wait: Duration,
    /// Until when what was charged so far takes up the share: nanoseconds of uptime.
    paid_until: AtomicU64,
    waiting: AtomicUsize,
    turn: Mutex<()>,
}

/// Too many tokens wait already, or this one has waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Pace {
    pub(super) fn new(clock: SharedClock, workers: usize, max_waiting: usize) -> Self {
        Self {
            clock,
            share: SHARE * workers as f64,
            max_waiting,
            max_wait: MAX_WAIT,
            paid_until: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            turn: Mutex::default(),
        }
    }

    /// Returns at once while the share is not used up; else in turn, when there is room again.
    pub(super) async fn wait(&self) -> Result<(), TooMany> {
        if self.excess().is_zero() {
            return Ok(());
        }
        let _place = self.enter().ok_or(TooMany)?;
        let admitted = async {
            let _turn = self.turn.lock().await;
            loop {
                let excess = self.excess();
                if excess.is_zero() {
                    return;
                }
                sleep(excess.max(TICK)).await;
            }
        };
        timeout(self.max_wait, admitted).await.map_err(|_| TooMany)
    }

    /// Charges one refusal that took `worked` to find.
    pub(super) fn charge(&self, worked: Duration) {
        let cost = (worked.min(MAX_CHARGE) + ANSWER).div_f64(self.share);
        let (cost, now) = (nanoseconds(cost), nanoseconds(self.clock.uptime()));
        let add = |until: u64| Some(until.max(now).saturating_add(cost));
        let _ = self.paid_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How far the charges are beyond what may be used at once.
    fn excess(&self) -> Duration {
        let now = nanoseconds(self.clock.uptime());
        let ahead = self.paid_until.load(Ordering::Relaxed).saturating_sub(now);
        Duration::from_nanos(ahead).saturating_sub(BURST)
    }

    fn enter(&self) -> Option<Place<'_>> {
        let place = Place(&self.waiting);
        (self.waiting.fetch_add(1, Ordering::Relaxed) < self.max_waiting).then_some(place)
    }
}

/// One that waits.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn nanoseconds(duration: Uptime) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Of each worker's time.
const SHARE: f64 = 0.25;

/// What a refusal costs beside the check: the exchange, and its line in the log.
const ANSWER: Duration = Duration::from_micros(50);

/// A check that took longer was interrupted.
const MAX_CHARGE: Duration = Duration::from_millis(2);

/// How much of the share may be used at once.
const BURST: Duration = Duration::from_millis(200);

/// Long enough for a client's retry to be the worse choice, short enough for its patience.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The timer's own step.
const TICK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::clock::{ManualClock, SystemClock};

    const CHECK: Duration = Duration::from_micros(80);

    /// A pace of one worker that has used up its share.
    fn spent(clock: SharedClock, max_waiting: usize) -> Pace {
        let pace = Pace::new(clock, 1, max_waiting);
        while pace.excess().is_zero() {
            pace.charge(CHECK);
        }
        pace
    }

    fn still() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(0))
    }

    #[test]
    fn nobody_waits_below_the_share() {
        let clock = still();
        let pace = Pace::new(clock.clone(), 2, 0);
        for millisecond in 0..60_000 {
            clock.advance(Duration::from_millis(1));
            // With their answers 260 µs of the 500 that two workers may use.
            pace.charge(CHECK);
            pace.charge(CHECK);
            assert_eq!(pace.wait().now_or_never(), Some(Ok(())), "{millisecond}");
        }
    }

    #[tokio::test]
    async fn a_spent_share_comes_back_with_time() {
        let clock = still();
        let pace = spent(clock.clone(), 10);
        assert_eq!(pace.wait().now_or_never(), None, "it waits");
        clock.advance(Duration::from_millis(1));
        assert_eq!(pace.wait().now_or_never(), Some(Ok(())));
    }

    #[tokio::test]
    async fn no_more_wait_than_may() {
        let pace = spent(still(), 2);
        let (mut first, mut second) = (Box::pin(pace.wait()), Box::pin(pace.wait()));
        assert_eq!((&mut first).now_or_never(), None);
        assert_eq!((&mut second).now_or_never(), None);
        assert_eq!(pace.wait().now_or_never(), Some(Err(TooMany)));
        drop(first);
        assert_eq!(pace.wait().now_or_never(), None, "a place is free again");
    }

    #[tokio::test]
    async fn a_token_does_not_wait_for_ever() {
        let pace = Pace { max_wait: Duration::from_millis(5), ..spent(still(), 1) };
        assert_eq!(pace.wait().await, Err(TooMany));
        assert_eq!(pace.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_there_is_room_and_who_gives_up_holds_up_nobody() {
        let pace = spent(Arc::new(SystemClock::default()), 10);
        // Far enough ahead that both have to wait, whatever this machine does meanwhile.
        (0..40).for_each(|_| pace.charge(MAX_CHARGE));
        let mut first = Box::pin(pace.wait());
        assert_eq!((&mut first).now_or_never(), None);
        let mut second = Box::pin(pace.wait());
        assert_eq!((&mut second).now_or_never(), None);
        drop(first);
        assert_eq!(second.await, Ok(()));
        assert_eq!(pace.waiting.load(Ordering::Relaxed), 0);
    }
}
