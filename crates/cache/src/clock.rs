//! Time: one clock that never goes back, for ages inside this process, and the wall's, for what others wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// So that what is older than this process has a time too.
const BASE: Duration = Duration::from_hours(100 * 365 * 24);

/// Where the cache takes its time from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System(Instant),
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
        Self(Source::System(Instant::now()))
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

    /// Time since a moment long ago. Never goes back.
    pub(crate) fn now(&self) -> Duration {
        match &self.0 {
            Source::System(anchor) => BASE + anchor.elapsed(),
            Source::Manual(manual) => BASE + Duration::from_millis(manual.now_ms.load(Ordering::SeqCst)),
        }
    }

    /// The wall's time in ms since 1970 (UTC). May jump.
    pub fn wall_ms(&self) -> u64 {
        match &self.0 {
            Source::System(_) => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
            }
            Source::Manual(manual) => manual.wall_ms.load(Ordering::SeqCst),
        }
    }
}
