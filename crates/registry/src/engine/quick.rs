//! Reads that take microseconds, run by who asks: the way to a reader thread and back takes longer than they do.
//!
//! It must not keep an asynchronous worker long. So only single statements of a bounded number of rows go this way, on
//! connections of their own; and once one was slow, because its pages lay on a disk, all go to the reader threads for a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::RegistryError;
use crate::error::{Step, StorageError};

/// A read that took longer than this was slow.
const SLOW: Duration = Duration::from_millis(2);
/// For so long the reader threads do everything after a slow read.
const RESTS: Duration = Duration::from_secs(2);

/// Connections for quick reads.
pub(super) struct Quick {
    connections: Vec<Mutex<Option<Connection>>>,
    slow: Duration,
    began: Instant,
    /// Milliseconds since `began` until which nothing is run here.
    rests_until: AtomicU64,
}

/// What became of a quick read.
pub(super) enum Tried<T, F> {
    Done(Result<T, RegistryError>),
    /// All connections are in use, closed, or rest: the work is given back.
    NotNow(F),
}

impl Quick {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            connections: connections.into_iter().map(|connection| Mutex::new(Some(connection))).collect(),
            slow: SLOW,
            began: Instant::now(),
            rests_until: AtomicU64::new(0),
        }
    }

    /// Runs a read at once, if it can be. Blocks for as long as the read takes.
    pub(super) fn run<T, F: FnOnce(&Connection) -> Step<T>>(&self, work: F) -> Tried<T, F> {
        let began = Instant::now();
        if self.millis(began) < self.rests_until.load(Ordering::Relaxed) {
            return Tried::NotNow(work);
        }
        let Some(slot) = self.connections.iter().find_map(free) else { return Tried::NotNow(work) };
        let Some(connection) = slot.as_ref() else { return Tried::NotNow(work) };
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let took = began.elapsed();
        if took > self.slow {
            let until = self.millis(began + took + RESTS);
            self.rests_until.fetch_max(until, Ordering::Relaxed);
        }
        Tried::Done(match result {
            Ok(result) => result.map_err(|failure| failure.0),
            Err(_) => Err(RegistryError::Storage(StorageError::new("a read panicked"))),
        })
    }

    /// Waits for reads that run, and closes all connections.
    pub(super) fn close(&self) {
        for connection in &self.connections {
            drop(connection.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

/// A connection whose lock nobody holds. A read that panicked left it as it was: statements are reset when they are dropped.
fn free(slot: &Mutex<Option<Connection>>) -> Option<MutexGuard<'_, Option<Connection>>> {
    match slot.try_lock() {
        Ok(connection) => Some(connection),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One connection, whose reads are slow after this time.
    fn quick(slow: Duration) -> Quick {
        Quick { slow, ..Quick::new(vec![Connection::open_in_memory().unwrap()]) }
    }

    fn one(connection: &Connection) -> Step<i64> {
        Ok(connection.query_row("SELECT 1", [], |row| row.get(0))?)
    }

    #[test]
    fn a_read_runs_at_once_and_gives_back_what_it_cannot_run() {
        let quick = quick(Duration::MAX);
        assert!(matches!(quick.run(one), Tried::Done(Ok(1))));
        let busy = quick.run(|_| Ok(matches!(quick.run(one), Tried::NotNow(_))));
        assert!(matches!(busy, Tried::Done(Ok(true))), "its one connection is in use");
        quick.close();
        assert!(matches!(quick.run(one), Tried::NotNow(_)));
    }

    #[test]
    fn after_a_slow_read_it_rests() {
        let quick = quick(Duration::ZERO);
        assert!(matches!(quick.run(one), Tried::Done(Ok(1))));
        assert!(matches!(quick.run(one), Tried::NotNow(_)));
    }

    #[test]
    fn a_panic_is_an_error_and_not_the_end() {
        let quick = quick(Duration::MAX);
        let panicked = quick.run(|_| -> Step<i64> { panic!("in a read") });
        assert!(matches!(panicked, Tried::Done(Err(RegistryError::Storage(_)))));
        assert!(matches!(quick.run(one), Tried::Done(Ok(1))));
    }
}
