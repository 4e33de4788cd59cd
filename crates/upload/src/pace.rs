//! How long an upload may be waited for: a little while, and then as long as what came of it has earned.

use std::time::Duration;

/// What an upload has left of its patience. Only waiting for its sender counts, not what the disk takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    grace: Duration,
    bytes_per_second_min: u64,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// `grace`: how long it may take beside the time for its bytes at `bytes_per_second_min`.
    pub(crate) const fn new(grace: Duration, bytes_per_second_min: u64) -> Self {
        Self { grace, bytes_per_second_min, waited: Duration::ZERO, bytes: 0 }
    }

    /// How long its next bytes may be waited for; nothing if it was too slow.
    pub(crate) fn left(&self) -> Duration {
        let milliseconds = self.bytes.saturating_mul(1000) / self.bytes_per_second_min.max(1);
        self.grace.saturating_add(Duration::from_millis(milliseconds)).saturating_sub(self.waited)
    }

    /// So many bytes came after so long a wait.
    pub(crate) fn came(&mut self, bytes: usize, waited: Duration) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.waited = self.waited.saturating_add(waited);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_comes_at_the_least_rate_may_go_on_for_ever() {
        let mut pace = Pace::new(10 * SECOND, 1000);
        for _ in 0..100_000 {
            pace.came(1000, SECOND);
            assert_eq!(pace.left(), 10 * SECOND);
        }
    }

    #[test]
    fn who_sends_a_byte_now_and_then_has_the_grace_and_no_more() {
        let mut pace = Pace::new(10 * SECOND, 1000);
        let mut seconds = 0;
        while !pace.left().is_zero() {
            pace.came(1, SECOND);
            seconds += 1;
        }
        assert_eq!(seconds, 11, "ten bytes earn a hundredth of a second");
    }

    #[test]
    fn what_came_quickly_is_to_the_good_afterwards() {
        let mut pace = Pace::new(10 * SECOND, 1000);
        pace.came(5000, Duration::ZERO);
        assert_eq!(pace.left(), 15 * SECOND);
        pace.came(0, 14 * SECOND);
        assert_eq!(pace.left(), SECOND);
        pace.came(usize::MAX, 20 * SECOND);
        assert!(pace.left() > SECOND, "no overflow");
    }
}
