//! Limits the processor time that rejected tokens take. A client that invents tokens makes the service check
//! signatures, answer and log for nothing. Beyond a share, tokens that miss the cache wait for each other, so that
//! requests with cached tokens do not.
//!
//! Only rejected tokens are charged. While they stay below the share no token waits, however many new tokens are valid.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use crate::clock::{SharedClock, SystemClock, Uptime};

/// A leaky bucket of processor time.
#[derive(Debug)]
pub(super) struct Throttle {
    clock: SharedClock,
    /// Processor time that rejected tokens may take in each second; more than one second with many workers.
    share: f64,
    max_waiting: usize,
    /// How long one token may wait.
    max_wait: Duration,
    /// Until when the charges so far use up the share: nanoseconds of uptime.
    paid_until: AtomicU64,
    waiting: AtomicUsize,
    queue: Mutex<()>,
}

/// Too many tokens wait already, or this one has waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyWaiting;

impl Throttle {
    /// A throttle that gives rejected tokens a share of the time of `workers`.
    pub(super) fn new(clock: SharedClock, workers: usize, max_waiting: usize) -> Self {
        Self::with_share(clock, SHARE * workers as f64, max_waiting)
    }

    /// A throttle that charges nothing and lets every token pass.
    pub(super) fn unlimited() -> Self {
        Self::with_share(Arc::new(SystemClock::default()), f64::INFINITY, usize::MAX)
    }

    fn with_share(clock: SharedClock, share: f64, max_waiting: usize) -> Self {
        Self {
            clock,
            share,
            max_waiting,
            max_wait: MAX_WAIT,
            paid_until: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            queue: Mutex::default(),
        }
    }

    /// Returns at once while the share is not used up. Otherwise the token waits in a queue until it is not.
    pub(super) async fn admit(&self) -> Result<(), TooManyWaiting> {
        if self.excess().is_zero() {
            return Ok(());
        }
        let _waiting = self.start_waiting().ok_or(TooManyWaiting)?;
        let admitted = async {
            let _first = self.queue.lock().await;
            loop {
                let excess = self.excess();
                if excess.is_zero() {
                    return;
                }
                sleep(excess.max(TIMER_TICK)).await;
            }
        };
        timeout(self.max_wait, admitted)
            .await
            .map_err(|_| TooManyWaiting)
    }

    /// Charges one rejected token on which a thread has `worked` so long.
    pub(super) fn charge(&self, worked: Duration) {
        let cost = (worked.min(MAX_CHARGE) + ANSWER_COST).div_f64(self.share);
        let (cost, now) = (nanoseconds(cost), nanoseconds(self.clock.uptime()));
        let add = |until: u64| Some(until.max(now).saturating_add(cost));
        let _ = self
            .paid_until
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How far the charges exceed the share and its burst.
    fn excess(&self) -> Duration {
        let now = nanoseconds(self.clock.uptime());
        let ahead = self.paid_until.load(Ordering::Relaxed).saturating_sub(now);
        Duration::from_nanos(ahead).saturating_sub(BURST)
    }

    fn start_waiting(&self) -> Option<Waiting<'_>> {
        let waiting = Waiting(&self.waiting);
        (self.waiting.fetch_add(1, Ordering::Relaxed) < self.max_waiting).then_some(waiting)
    }
}

/// Counts one token that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn nanoseconds(duration: Uptime) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The share of each worker's time that rejected tokens may take.
const SHARE: f64 = 0.25;

/// What a rejected token costs beside its verification: the HTTP exchange and a line in the log.
const ANSWER_COST: Duration = Duration::from_micros(50);

/// The most that one token is charged. A thread that took longer was interrupted.
const MAX_CHARGE: Duration = Duration::from_millis(2);

/// How much of the share may be used at once.
const BURST: Duration = Duration::from_millis(200);

/// Long enough for a client's retry to be the worse choice, short enough for its timeout.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The resolution of the timer.
const TIMER_TICK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::clock::{ManualClock, SystemClock};

    const CHECK: Duration = Duration::from_micros(80);

    /// A throttle of one worker whose share is used up.
    fn spent(clock: SharedClock, max_waiting: usize) -> Throttle {
        let throttle = Throttle::new(clock, 1, max_waiting);
        while throttle.excess().is_zero() {
            throttle.charge(CHECK);
        }
        throttle
    }

    fn still() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(0))
    }

    #[test]
    fn no_token_waits_below_the_share() {
        let clock = still();
        let throttle = Throttle::new(clock.clone(), 2, 0);
        for millisecond in 0..60_000 {
            clock.advance(Duration::from_millis(1));
            // With their answers 260 µs of the 500 µs that two workers may use.
            throttle.charge(CHECK);
            throttle.charge(CHECK);
            assert_eq!(
                throttle.admit().now_or_never(),
                Some(Ok(())),
                "{millisecond}"
            );
        }
    }

    #[tokio::test]
    async fn a_used_up_share_comes_back_with_time() {
        let clock = still();
        let throttle = spent(clock.clone(), 10);
        assert_eq!(throttle.admit().now_or_never(), None, "the token waits");
        clock.advance(Duration::from_millis(1));
        assert_eq!(throttle.admit().now_or_never(), Some(Ok(())));
    }

    #[tokio::test]
    async fn the_number_of_waiting_tokens_is_bounded() {
        let throttle = spent(still(), 2);
        let (mut first, mut second) = (Box::pin(throttle.admit()), Box::pin(throttle.admit()));
        assert_eq!((&mut first).now_or_never(), None);
        assert_eq!((&mut second).now_or_never(), None);
        assert_eq!(throttle.admit().now_or_never(), Some(Err(TooManyWaiting)));
        drop(first);
        assert_eq!(throttle.admit().now_or_never(), None, "there is room again");
    }

    #[tokio::test]
    async fn a_token_waits_for_a_bounded_time() {
        let throttle = Throttle {
            max_wait: Duration::from_millis(5),
            ..spent(still(), 1)
        };
        assert_eq!(throttle.admit().await, Err(TooManyWaiting));
        assert_eq!(throttle.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_waiting_token_goes_on_when_there_is_room_and_one_that_gives_up_holds_up_no_other() {
        let throttle = spent(Arc::new(SystemClock::default()), 10);
        // Far enough ahead that both have to wait, even on a slow machine.
        (0..40).for_each(|_| throttle.charge(MAX_CHARGE));
        let mut first = Box::pin(throttle.admit());
        assert_eq!((&mut first).now_or_never(), None);
        let mut second = Box::pin(throttle.admit());
        assert_eq!((&mut second).now_or_never(), None);
        drop(first);
        assert_eq!(second.await, Ok(()));
        assert_eq!(throttle.waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn without_a_limit_no_token_waits() {
        let throttle = Throttle::unlimited();
        for _ in 0..10_000 {
            throttle.charge(MAX_CHARGE);
        }
        assert_eq!(throttle.admit().now_or_never(), Some(Ok(())));
    }
}
