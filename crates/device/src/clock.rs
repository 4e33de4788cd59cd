//! The server's clock, as far as it can be known here.
//!
//! Each answer was stamped by the server at some moment between question and answer; so when it arrives the
//! server's clock stands between the stamp and the stamp plus the time that the call took. These intervals are
//! intersected, and widen with time as clocks drift. A call that took long (a long poll, a large delivery) says
//! little, and a quick one much; nothing is ever worse than half the time of the quickest recent call.
//!
//! The estimate is tied to the monotonic clock, so that a step of this machine's clock does not move it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ownsight_model::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What two clocks may drift apart, in parts per million: quartz with a wide margin.
const DRIFT_PPM: i64 = 200;
/// No estimate is taken for better than this, in microseconds.
const ERROR_MIN: i64 = 1000;

/// Where that is kept.
pub(crate) const CLOCK_FILE: &str = "clock.json";

/// What of the clock is kept over a restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedClock {
    /// The server's time when it was last known, microseconds since 1970.
    pub(crate) last: i64,
    /// The server's clock minus this machine's, microseconds.
    pub(crate) offset: i64,
}

/// Estimates the server's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    saved: SavedClock,
    estimate: Mutex<Option<Estimate>>,
    known: watch::Sender<bool>,
}

/// At `at` the server's clock stood at `server`, give or take `error` (microseconds).
#[derive(Debug, Clone, Copy)]
struct Estimate {
    at: Instant,
    server: i64,
    error: i64,
}

impl Estimate {
    fn carried_to(self, at: Instant) -> Self {
        let passed = micros(at.saturating_duration_since(self.at));
        Self { at, server: self.server + passed, error: self.error + passed / 1_000_000 * DRIFT_PPM }
    }
}

impl Clock {
    pub(crate) fn new(saved: SavedClock) -> Self {
        let known = Timestamp::now().as_micros().saturating_add(saved.offset) > saved.last;
        // A device that was never answered has no last moment to be past of: it waits for its first answer.
        let known = known && saved != SavedClock::default();
        Self { saved, estimate: Mutex::new(None), known: watch::Sender::new(known) }
    }

    /// Takes in the server's stamp of an answer.
    pub(crate) fn observe(&self, stamp: Timestamp, asked: Instant, answered: Instant) {
        let took = micros(answered.saturating_duration_since(asked));
        let (mut low, mut high) = (stamp.as_micros(), stamp.as_micros().saturating_add(took));
        let mut estimate = self.lock();
        let mut doubt = ERROR_MIN;
        if let Some(before) = *estimate {
            let before = before.carried_to(answered);
            let (known_low, known_high) = (before.server - before.error, before.server + before.error);
            if known_low <= high && low <= known_high {
                low = low.max(known_low);
                high = high.min(known_high);
            } else {
                // One of the clocks was set. The nearest moment is the best guess, the whole interval possible.
                doubt = doubt.max(took);
                (low, high) = if known_high < low { (low, low) } else { (high, high) };
            }
        }
        let server = low + (high - low) / 2;
        *estimate = Some(Estimate { at: answered, server, error: doubt.max((high - low) / 2) });
        drop(estimate);
        self.known.send_if_modified(|known| !std::mem::replace(known, true));
    }

    /// The server's time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.server_time(Timestamp::now())
    }

    /// The server's time at a recent moment of this machine's clock.
    pub(crate) fn server_time(&self, local: Timestamp) -> Timestamp {
        local.shifted(self.offset())
    }

    /// The server's clock minus this machine's, microseconds.
    pub(crate) fn offset(&self) -> i64 {
        match *self.lock() {
            Some(estimate) => {
                estimate.carried_to(Instant::now()).server.saturating_sub(Timestamp::now().as_micros())
            }
            None => self.saved.offset,
        }
    }

    /// Whether something may be sealed: the server has answered since the start, or this machine's clock is
    /// past the last moment that was known.
    pub(crate) fn known(&self) -> watch::Receiver<bool> {
        self.known.subscribe()
    }

    pub(crate) fn is_known(&self) -> bool {
        *self.known.borrow()
    }

    /// What to keep for the next start; `None` before the first answer.
    pub(crate) fn to_save(&self) -> Option<SavedClock> {
        let estimate = (*self.lock())?;
        let last = estimate.carried_to(Instant::now()).server;
        Some(SavedClock { last, offset: last.saturating_sub(Timestamp::now().as_micros()) })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Estimate>> {
        self.estimate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1000;

    fn offset_after(samples: &[(i64, u64, u64)]) -> i64 {
        // (server's clock minus ours in µs, ms to the server, ms back)
        let clock = Clock::new(SavedClock::default());
        let start = Instant::now();
        let mut local = 0i64;
        for (offset, there, back) in samples {
            let asked = start + Duration::from_micros(local as u64);
            let stamp = Timestamp::from_micros(local + (*there as i64) * MS + offset);
            let took = Duration::from_millis(there + back);
            clock.observe(stamp, asked, asked + took);
            local += micros(took);
        }
        let estimate = clock.lock().unwrap();
        estimate.server - micros(estimate.at - start)
    }

    #[test]
    fn half_the_round_trip_is_corrected() {
        assert_eq!(offset_after(&[(5_000_000, 20, 20)]), 5_000_000);
        let lopsided = offset_after(&[(5_000_000, 0, 40)]);
        assert!((lopsided - 5_000_000).abs() <= 20 * MS, "{lopsided}");
    }

    #[test]
    fn a_long_poll_does_not_spoil_a_quick_call() {
        let offset = offset_after(&[(-7_000_000, 5, 5), (-7_000_000, 30_000, 5), (-7_000_000, 30_000, 5)]);
        assert!((offset + 7_000_000).abs() <= 20 * MS, "{offset}");
    }

    #[test]
    fn quick_calls_sharpen_a_first_slow_one() {
        let offset = offset_after(&[(1_000_000, 0, 3000), (1_000_000, 10, 2)]);
        assert!((offset - 1_000_000).abs() <= 8 * MS, "{offset}");
    }

    #[test]
    fn a_clock_that_was_set_is_followed() {
        for step in [3_600_000_000, -3_600_000_000] {
            let offset = offset_after(&[(0, 5, 5), (step, 5, 5), (step, 4, 4)]);
            assert!((offset - step).abs() <= 10 * MS, "{offset}");
            let offset = offset_after(&[(0, 5, 5), (step, 30_000, 5), (step, 5, 5)]);
            assert!((offset - step).abs() <= 20 * MS, "{offset}");
        }
    }

    #[test]
    fn nothing_is_known_before_an_answer_or_a_clock_past_the_last() {
        assert!(!Clock::new(SavedClock::default()).is_known());
        let now = Timestamp::now().as_micros();
        assert!(Clock::new(SavedClock { last: now - 1, offset: 0 }).is_known());
        let behind = Clock::new(SavedClock { last: now + 60_000_000, offset: 0 });
        assert!(!behind.is_known());
        assert!(Clock::new(SavedClock { last: now + 60_000_000, offset: 90_000_000 }).is_known());
        let asked = Instant::now();
        behind.observe(Timestamp::from_micros(now + 70_000_000), asked, asked);
        assert!(behind.is_known());
        assert!((behind.offset() - 70_000_000).abs() < 1_000_000);
    }
}
