//! The camera's clock: which frame is due when, and what RTP calls that time.

use std::time::Duration;

use tokio::time::Instant;

use crate::rtp::CLOCK_RATE;

/// Counts the frames that are due from the camera's start on, whether somebody looks or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    fps: u32,
    /// RTP time of frame 0; random, as RFC 3550 wants it.
    base: u32,
}

impl Clock {
    pub(crate) fn new(start: Instant, fps: u32, base: u32) -> Self {
        Self { start, fps: fps.max(1), base }
    }

    /// When frame `tick` is due.
    pub(crate) fn due(&self, tick: u64) -> Instant {
        self.start + Duration::from_nanos(tick.saturating_mul(1_000_000_000) / u64::from(self.fps))
    }

    /// The first frame that is due after `now`.
    pub(crate) fn next_tick(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        (elapsed * u128::from(self.fps) / 1_000_000_000) as u64 + 1
    }

    /// RTP time of frame `tick`. Wraps every 13 hours.
    pub(crate) fn timestamp(&self, tick: u64) -> u32 {
        self.base.wrapping_add((tick.wrapping_mul(u64::from(CLOCK_RATE)) / u64::from(self.fps)) as u32)
    }

    /// RTP time at `now`.
    pub(crate) fn timestamp_at(&self, now: Instant) -> u32 {
        let elapsed = now.saturating_duration_since(self.start).as_micros();
        self.base.wrapping_add((elapsed * u128::from(CLOCK_RATE) / 1_000_000) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_instants_and_timestamps_agree() {
        let start = Instant::now();
        let clock = Clock::new(start, 10, u32::MAX - 8999);
        assert_eq!(clock.timestamp(0), u32::MAX - 8999);
        assert_eq!(clock.timestamp(1), 0, "wraps");
        assert_eq!(clock.timestamp(2), 9000);
        for tick in [0, 1, 17, 795, 1_000_000] {
            assert_eq!(clock.next_tick(clock.due(tick)), tick + 1);
            assert_eq!(clock.timestamp_at(clock.due(tick)), clock.timestamp(tick));
        }
        assert_eq!(clock.next_tick(start + Duration::from_millis(250)), 3);
    }

    #[test]
    fn odd_rates_do_not_drift() {
        let clock = Clock::new(Instant::now(), 7, 0);
        assert_eq!(clock.timestamp(7 * 3600), 3600 * CLOCK_RATE);
    }
}
