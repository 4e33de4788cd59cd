//! A bounded queue from asynchronous callers to threads: who comes when it is full waits, and gives up in time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::RegistryError;

/// Work of type `J`, taken by threads in the order in which it came.
pub(super) struct Queue<J> {
    room: std::sync::Arc<Semaphore>,
    state: Mutex<State<J>>,
    arrived: Condvar,
}

struct State<J> {
    jobs: VecDeque<(J, OwnedSemaphorePermit)>,
    closed: bool,
}

impl<J> Queue<J> {
    pub(super) fn new(length_max: usize) -> Self {
        Self {
            room: std::sync::Arc::new(Semaphore::new(length_max)),
            state: Mutex::new(State { jobs: VecDeque::new(), closed: false }),
            arrived: Condvar::new(),
        }
    }

    /// Waits for room, then puts a job in. Cancel-safe: a caller that goes away while it waits left nothing.
    pub(super) async fn push(&self, job: J) -> Result<(), RegistryError> {
        let permit = self.room.clone().acquire_owned().await.map_err(|_| RegistryError::Unavailable)?;
        let mut state = self.lock();
        if state.closed {
            return Err(RegistryError::Unavailable);
        }
        state.jobs.push_back((job, permit));
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes up to `count_max` jobs, blocking until there is one, or until `idle_at`: then there are none in the
    /// answer. `None` once the queue is closed and empty.
    pub(super) fn take(&self, count_max: usize, idle_at: Option<Instant>) -> Option<Vec<J>> {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return None;
            }
            let Some(idle_at) = idle_at else {
                state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let patience = idle_at.saturating_duration_since(Instant::now());
            if patience.is_zero() {
                return Some(Vec::new());
            }
            (state, _) = self.arrived.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.jobs.len().min(count_max);
        Some(state.jobs.drain(..count).map(|(job, _room)| job).collect())
    }

    /// Refuses new jobs; those that are in are still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.close();
        self.arrived.notify_all();
    }

    /// The state is a queue and a flag, each changed in one step, so it is whole even after a panic.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
