//! When a source fetches next, and how many fetches tokens may cause. Pure: time and randomness are
//! passed in.

use std::time::Duration;

use super::UnknownKidSettings;
use crate::clock::Uptime;

/// The schedule of a source: a fixed interval while fetches succeed, and exponential backoff up to
/// that interval while they fail.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    interval: Duration,
    failures: u32,
}

impl Schedule {
    /// One fetch per `interval`.
    pub(super) const fn every(interval: Duration) -> Self {
        Self {
            interval,
            failures: 0,
        }
    }

    /// Records a successful fetch.
    pub(super) const fn succeed(&mut self) {
        self.failures = 0;
    }

    /// Records a failed fetch.
    pub(super) const fn fail(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// The time from the end of the last fetch to the start of the next. `chance`, from 0 to 1,
    /// selects the jitter of ±10 %, so that many pods do not fetch at the same moment.
    pub(super) fn next_delay(&self, chance: f64) -> Duration {
        let jitter = 0.9 + 0.2 * chance.clamp(0.0, 1.0);
        if self.failures == 0 {
            return self.interval.mul_f64(jitter);
        }
        let doublings = self.failures.saturating_sub(1).min(MAX_DOUBLINGS);
        let backed_off = FIRST_RETRY
            .saturating_mul(1 << doublings)
            .min(self.interval)
            .mul_f64(jitter);
        backed_off
            .min(self.interval)
            .max(FIRST_RETRY.min(self.interval))
    }
}

/// A token bucket: it allows `burst` fetches at once and then one per interval, no matter how many
/// tokens ask.
#[derive(Clone, Debug)]
pub(super) struct TokenBucket {
    burst: u32,
    interval: Duration,
    level: u32,
    counted_from: Uptime,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) const fn full(settings: UnknownKidSettings, now: Uptime) -> Self {
        let UnknownKidSettings {
            interval, burst, ..
        } = settings;
        Self {
            burst,
            interval,
            level: burst,
            counted_from: now,
        }
    }

    /// Takes one fetch. Returns `false` if the bucket is empty.
    pub(super) fn take(&mut self, now: Uptime) -> bool {
        self.refill(now);
        let is_allowed = self.level > 0;
        self.level = self.level.saturating_sub(1);
        is_allowed
    }

    fn refill(&mut self, now: Uptime) {
        let passed = now.saturating_sub(self.counted_from).as_nanos();
        let refilled = passed
            .checked_div(self.interval.as_nanos())
            .unwrap_or(u128::MAX);
        let missing = u128::from(self.burst - self.level);
        if refilled >= missing {
            // Time that passes while the bucket is full does not count.
            (self.level, self.counted_from) = (self.burst, now);
        } else if let Ok(refilled) = u32::try_from(refilled) {
            self.level += refilled;
            self.counted_from += self.interval * refilled;
        }
    }
}

/// The delay after the first failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The most doublings of that delay, which keeps the shift in range.
const MAX_DOUBLINGS: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn while_fetches_succeed_the_interval_varies_by_ten_percent() {
        let schedule = Schedule::every(MINUTE);
        for (chance, seconds) in [(0.0, 54.0), (0.5, 60.0), (1.0, 66.0)] {
            assert!(
                (schedule.next_delay(chance).as_secs_f64() - seconds).abs() < 1e-6,
                "{chance}"
            );
        }
    }

    #[test]
    fn failures_back_off_from_one_second_to_the_interval() {
        let mut schedule = Schedule::every(MINUTE);
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            schedule.fail();
            assert_eq!(schedule.next_delay(0.5), Duration::from_secs(seconds));
        }
        schedule.succeed();
        assert_eq!(schedule.next_delay(0.5), MINUTE);
    }

    #[test]
    fn no_retry_comes_sooner_than_a_second_or_later_than_the_interval() {
        let mut schedule = Schedule::every(MINUTE);
        for _ in 0..100 {
            schedule.fail();
            for chance in [0.0, 0.3, 1.0] {
                let delay = schedule.next_delay(chance);
                assert!((FIRST_RETRY..=MINUTE).contains(&delay), "{delay:?}");
            }
        }
    }

    fn bucket(burst: u32) -> TokenBucket {
        let settings = UnknownKidSettings {
            enabled: true,
            max_wait: Duration::ZERO,
            interval: MINUTE,
            burst,
        };
        TokenBucket::full(settings, Duration::ZERO)
    }

    #[test]
    fn a_bucket_allows_its_burst_and_then_one_fetch_per_interval() {
        let mut bucket = bucket(2);
        let taken: Vec<bool> = (0..4).map(|_| bucket.take(Duration::ZERO)).collect();
        assert_eq!(taken, [true, true, false, false]);
        assert!(!bucket.take(MINUTE - Duration::from_millis(1)));
        assert!(bucket.take(MINUTE));
        assert!(!bucket.take(MINUTE));
        assert!(bucket.take(MINUTE * 2 + Duration::from_secs(59)));
        assert!(
            bucket.take(MINUTE * 3),
            "the remainder of an interval is not lost"
        );
    }

    #[test]
    fn a_long_pause_fills_the_bucket_only_to_its_burst() {
        let mut bucket = bucket(2);
        bucket.take(Duration::ZERO);
        let later = MINUTE * 1000;
        let taken: Vec<bool> = (0..3).map(|_| bucket.take(later)).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(!bucket.take(later + MINUTE / 2));
    }

    #[test]
    fn a_bucket_without_burst_allows_no_fetch() {
        assert!(!bucket(0).take(MINUTE * 10));
    }
}
