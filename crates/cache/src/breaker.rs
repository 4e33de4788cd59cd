//! When an outer tier is not asked: a circuit breaker, without a clock of its own.
//!
//! After some failures in a row it opens for a pause that doubles, with chance in it so that a fleet does not come back
//! all at once; then one asks on trial, and the rest still go without.

use std::time::Duration;

/// Failures in a row that open it.
const FAILURES: u32 = 5;
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A trial that was never heard of again holds others up no longer than this.
const TRIAL_MAX: Duration = Duration::from_secs(1);

/// Times are since any moment that is the same for all calls, and never go back.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: State,
    opened: u32,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration },
    Trial { since: Duration },
}

impl Breaker {
    pub(crate) const fn new() -> Self {
        Self { state: State::Closed { failures: 0 }, opened: 0 }
    }

    /// Whether to ask now. Whoever is told yes says afterwards how it went, if it lives to.
    pub(crate) fn admits(&mut self, now: Duration) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } if now < until => false,
            State::Trial { since } if now < since.saturating_add(TRIAL_MAX) => false,
            State::Open { .. } | State::Trial { .. } => {
                self.state = State::Trial { since: now };
                true
            }
        }
    }

    pub(crate) fn succeeded(&mut self) {
        // What was asked before it opened says nothing of how it is now.
        if !matches!(self.state, State::Open { .. }) {
            *self = Self::new();
        }
    }

    /// `chance` is in `0.0..1.0`. Whether it opened by this.
    pub(crate) fn failed(&mut self, now: Duration, chance: f64) -> bool {
        match &mut self.state {
            State::Open { .. } => return false,
            State::Closed { failures } if *failures + 1 < FAILURES => {
                *failures += 1;
                return false;
            }
            State::Closed { .. } | State::Trial { .. } => {}
        }
        let doubled = PAUSE_MIN.saturating_mul(1 << self.opened.min(16)).min(PAUSE_MAX);
        self.opened = self.opened.saturating_add(1);
        self.state = State::Open { until: now + spread(doubled, chance) };
        true
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }
}

/// A pause that is up to half of it shorter by chance, which is in `0.0..1.0`: a fleet does not come back all at once.
pub(crate) fn spread(pause: Duration, chance: f64) -> Duration {
    pause.mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new();
        for failure in 1..=FAILURES {
            assert!(breaker.admits(ms(0)));
            assert_eq!(breaker.failed(ms(0), 0.0), failure == FAILURES);
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let mut breaker = Breaker::new();
        for _ in 0..10 {
            for _ in 1..FAILURES {
                assert!(!breaker.failed(ms(0), 0.0));
            }
            assert!(breaker.is_closed());
            breaker.succeeded();
        }
        assert!(!opened().is_closed());
    }

    #[test]
    fn after_a_pause_one_asks_on_trial() {
        let mut breaker = opened();
        assert!(!breaker.admits(ms(49)));
        breaker.succeeded();
        assert!(!breaker.admits(ms(49)), "an old success opens nothing");
        assert!(breaker.admits(ms(50)));
        assert!(!breaker.admits(ms(51)));
        breaker.succeeded();
        assert!(breaker.is_closed() && breaker.admits(ms(52)));
    }

    #[test]
    fn a_trial_that_was_cancelled_is_followed_by_another() {
        let mut breaker = opened();
        assert!(breaker.admits(ms(50)));
        assert!(!breaker.admits(ms(1_049)));
        assert!(breaker.admits(ms(1_050)));
    }

    #[test]
    fn pauses_double_to_a_limit_and_begin_anew() {
        let mut breaker = opened();
        let mut now = ms(0);
        for pause in [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000] {
            now += ms(pause / 2 - 1);
            assert!(!breaker.admits(now), "{pause}");
            now += ms(1);
            assert!(breaker.admits(now), "{pause}");
            assert!(breaker.failed(now, 0.0));
            assert!(!breaker.failed(now, 0.0));
        }
        assert!(breaker.admits(now + ms(5_000)));
        breaker.succeeded();
        for _ in 0..FAILURES {
            breaker.failed(now, 0.999);
        }
        assert!(!breaker.admits(now + ms(99)));
        assert!(breaker.admits(now + ms(100)));
    }
}
