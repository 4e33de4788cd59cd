//! How long to wait before a next attempt: exponential with full jitter, and never earlier than asked.
//!
//! The pause is uniformly random between zero and `min(60 s, 1 s · 2ⁿ)` after the *n*th failure in a row, counted
//! from 0. When the server said `Retry-After`, that time comes first and the random pause is added, so that
//! devices which were told the same moment do not come back at the same moment.

use std::time::Duration;

const BASE: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_mins(1);
/// Longest `Retry-After` that is believed.
const ASKED_MAX: Duration = Duration::from_hours(1);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure.
    pub(crate) fn failed(&mut self, asked: Option<Duration>) -> Duration {
        let jitter = longest(self.failures).mul_f64(fastrand::f64());
        self.failures = self.failures.saturating_add(1);
        asked.unwrap_or_default().min(ASKED_MAX) + jitter
    }

    /// It worked.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

fn longest(failures: u32) -> Duration {
    CAP.min(BASE.saturating_mul(1 << failures.min(10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_cap_with_full_jitter() {
        let mut seen_low = false;
        for _ in 0..200 {
            let mut backoff = Backoff::default();
            for failures in 0..12 {
                let pause = backoff.failed(None);
                assert!(pause <= longest(failures));
                seen_low |= failures > 6 && pause < CAP / 4;
            }
            backoff.reset();
            assert!(backoff.failed(None) <= BASE);
        }
        assert_eq!(longest(200), CAP);
        assert!(seen_low, "jitter reaches down to zero");
    }

    #[test]
    fn never_earlier_than_asked() {
        let asked = Duration::from_secs(7);
        let pauses: Vec<_> = (0..50).map(|_| Backoff::default().failed(Some(asked))).collect();
        assert!(pauses.iter().all(|pause| *pause >= asked && *pause <= asked + BASE));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "spread out");
        assert!(Backoff::default().failed(Some(Duration::MAX)) <= ASKED_MAX + BASE);
    }
}
