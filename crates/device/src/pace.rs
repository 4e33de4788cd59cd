//! When the server may be called again, for all deliveries together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;

/// A pause that all deliveries keep.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    backoff: Backoff,
    until: Option<Instant>,
}

impl Pace {
    /// Waits until the server may be called. Cancel-safe.
    pub(crate) async fn ready(&self) {
        loop {
            let until = self.lock().until;
            match until {
                Some(until) if until > Instant::now() => sleep_until(until).await,
                _ => return,
            }
        }
    }

    /// The server could not be reached, or asked for a pause. Two failures of calls that ran side by side count
    /// once; a longer pause that was asked for counts always.
    pub(crate) fn failed(&self, asked: Option<Duration>) -> Duration {
        let mut inner = self.lock();
        let now = Instant::now();
        let left = inner.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        if left > asked.unwrap_or_default() {
            return left;
        }
        let pause = inner.backoff.failed(asked);
        inner.until = Some(now + pause);
        pause
    }

    pub(crate) fn worked(&self) {
        self.lock().backoff.reset();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
