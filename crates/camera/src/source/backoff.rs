//! How long to wait before the next attempt: full jitter, so that cameras behind one switch do not all come at
//! the same moment.

use std::time::Duration;

use ownsight_model::CameraFault;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);
const SHORTEST: Duration = Duration::from_millis(100);

/// Attempts that failed one after the other.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure and says how long to wait: anything up to a limit that doubles each time.
    ///
    /// After a refused password the wait is from half of the longest on: cameras lock out who asks too often.
    pub(crate) fn next(&mut self, fault: CameraFault) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let (least, most) = match fault {
            CameraFault::Unauthorized => (LONGEST / 2, LONGEST),
            _ => (SHORTEST, doubled),
        };
        least + most.saturating_sub(least).mul_f64(fastrand::f64())
    }

    /// An attempt succeeded.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_below_a_minute() {
        for _ in 0..200 {
            let mut backoff = Backoff::default();
            for limit in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
                let wait = backoff.next(CameraFault::NoAnswer);
                assert!((SHORTEST..=Duration::from_secs(limit)).contains(&wait), "{wait:?} of {limit} s");
            }
            backoff.reset();
            assert!(backoff.next(CameraFault::NoAnswer) <= FIRST);
        }
    }

    #[test]
    fn a_refused_password_waits_long() {
        let mut backoff = Backoff::default();
        for _ in 0..200 {
            let wait = backoff.next(CameraFault::Unauthorized);
            assert!((LONGEST / 2..=LONGEST).contains(&wait), "{wait:?}");
        }
    }
}
