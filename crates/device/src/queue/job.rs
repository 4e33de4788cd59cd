//! One object on its way to the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ownsight_disk::{DiskError, DiskFile};

use super::{Name, Outcome, Queue};

/// An object that is being delivered. Dropped without an end it goes back to the queue.
///
/// All functions that end it block on the disk.
#[derive(Debug)]
pub(crate) struct Job {
    queue: Arc<Queue>,
    name: Name,
    bytes: u64,
    /// How often it was tried in vain, for reasons of its own.
    failures: u32,
    ended: bool,
}

impl Job {
    pub(super) fn new(queue: Arc<Queue>, name: Name, bytes: u64, failures: u32) -> Self {
        Self { queue, name, bytes, failures, ended: false }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Opens the object's file. It stays readable even if it is dropped from the queue meanwhile.
    pub(crate) fn open(&self) -> Result<Box<dyn DiskFile>, DiskError> {
        self.queue.open_queued(&self.name)
    }

    /// Ends it: the file goes.
    pub(crate) fn done(mut self, outcome: Outcome) -> Result<(), DiskError> {
        self.ended = true;
        self.queue.remove(&self.name, outcome)
    }

    /// Ends it: the file is kept aside, for people to look at.
    pub(crate) fn quarantine(mut self, reason: &str) -> Result<(), DiskError> {
        self.ended = true;
        self.queue.quarantine(&self.name, reason)
    }

    /// Gives it back, to be tried again after a pause; others are tried before.
    pub(crate) fn later(mut self, pause: Duration) {
        self.ended = true;
        self.give_back(Some(Instant::now() + pause));
    }

    fn give_back(&self, not_before: Option<Instant>) {
        if let Some(entry) = self.queue.lock().entries.get_mut(&self.name.sequence) {
            entry.in_flight = false;
            entry.not_before = not_before;
            entry.failures = self.failures + u32::from(not_before.is_some());
        }
        self.queue.changed.notify_waiters();
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.ended {
            self.give_back(None);
        }
    }
}
