//! Time: one clock that never goes back, for ages inside this process, and the wall's, for what others wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// A moment on the clock that never goes back: ns since a hundred years before the clock was made, so that what is older than
/// the process has one too. One number, of which a hit compares two; it ends where a number does, after 584 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// When the clock was made.
const MADE: Moment = Moment(100 * 365 * 24 * 3_600 * 1_000_000_000);

impl Moment {
    /// Before anything.
    pub(crate) const FIRST: Self = Self(0);

    pub(crate) fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(nanos(time)))
    }

    pub(crate) fn minus(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(time)))
    }

    /// Zero if it is the later one.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Both {
    pub(crate) now: Moment,
    /// ms since 1970 (UTC).
    pub(crate) wall_ms: u64,
}

/// Where the cache takes its time from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System {
        anchor: Instant,
        /// The same moment, by the clock that is cheap to read, in ns.
        anchor_of_recent: u64,
    },
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now_ms: AtomicU64,
    wall_ms: AtomicU64,
}

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Self {
        Self(Source::System {
            anchor: Instant::now(),
            anchor_of_recent: nanos_since_boot(ClockId::Monotonic),
        })
    }

    /// A clock that stands still until it is moved: for tests.
    pub fn manual() -> Self {
        let wall_ms = AtomicU64::new(1_800_000_000_000);
        Self(Source::Manual(Arc::new(Manual { now_ms: AtomicU64::new(0), wall_ms })))
    }

    /// Moves a manual clock on, and its wall time with it. The system's is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(manual) = &self.0 {
            manual.now_ms.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
            manual.wall_ms.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock's wall time alone, in ms since 1970 (UTC), as somebody does who corrects it.
    pub fn set_wall_ms(&self, ms: u64) {
        if let Source::Manual(manual) = &self.0 {
            manual.wall_ms.store(ms, Ordering::SeqCst);
        }
    }

    /// Never goes back.
    pub(crate) fn now(&self) -> Moment {
        match &self.0 {
            Source::System { anchor, .. } => MADE.plus(anchor.elapsed()),
            Source::Manual(manual) => MADE.plus(Duration::from_millis(manual.now_ms.load(Ordering::SeqCst))),
        }
    }

    /// The same, behind by some ms: what the system noted at its last tick. Precise time makes the processor wait for what
    /// went before, which costs as much as a hit; it is for what has a bound, and this for what merely expires.
    pub(crate) fn recent(&self) -> Moment {
        match &self.0 {
            Source::System { anchor_of_recent, .. } => {
                MADE.plus(Duration::from_nanos(nanos_since_boot(RECENT).saturating_sub(*anchor_of_recent)))
            }
            Source::Manual(_) => self.now(),
        }
    }

    /// Both clocks, as near to each other as they can be read.
    pub(crate) fn both(&self) -> Both {
        Both { now: self.now(), wall_ms: self.wall_ms() }
    }

    /// The wall's time in ms since 1970 (UTC). May jump.
    pub fn wall_ms(&self) -> u64 {
        match &self.0 {
            Source::System { .. } => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
            }
            Source::Manual(manual) => manual.wall_ms.load(Ordering::SeqCst),
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const RECENT: ClockId = ClockId::MonotonicCoarse;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const RECENT: ClockId = ClockId::Monotonic;

fn nanos_since_boot(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_is_now_or_a_little_before_and_never_goes_back() {
        let clock = Clock::system();
        let (mut last, until) = (Moment::FIRST, clock.now().plus(Duration::from_millis(30)));
        while clock.now() < until {
            let recent = clock.recent();
            assert!(recent <= clock.now() && recent >= last);
            last = recent;
        }
        while last == MADE {
            assert!(clock.now() < until.plus(Duration::from_secs(10)), "it stands still");
            last = clock.recent();
        }
        // A machine that stalls notes the time late, and not by seconds.
        assert!(last.plus(Duration::from_secs(1)) > until, "{last:?} {until:?}");
        let manual = Clock::manual();
        manual.advance(Duration::from_secs(1));
        assert_eq!(manual.recent(), manual.now());
    }

    #[test]
    fn moments_neither_wrap_nor_go_below_the_first() {
        let second = Duration::from_secs(1);
        assert_eq!(MADE.plus(second).minus(second), MADE);
        assert_eq!(MADE.plus(second).since(MADE), second);
        assert_eq!(MADE.since(MADE.plus(second)), Duration::ZERO);
        assert_eq!(MADE.minus(Duration::MAX), Moment::FIRST);
        assert!(MADE.plus(Duration::MAX).plus(second) >= MADE.plus(Duration::MAX));
        assert!(MADE.minus(Duration::from_hours(24 * 365 * 99)) > Moment::FIRST);
    }
}
