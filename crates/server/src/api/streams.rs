//! How many answers that last there may be: live streams and exports, in all and for one session.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use ownsight_gate::Credentials;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::Problem;

/// What lasts, and how many of it a session may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// As many as tabs of one browser that are open at once.
    Streams,
    /// Each reads whole files, twice.
    Exports,
}

impl Lasting {
    const fn of_a_session_max(self) -> u32 {
        match self {
            Self::Streams => 8,
            Self::Exports => 2,
        }
    }

    fn too_many(self) -> Problem {
        let status = StatusCode::TOO_MANY_REQUESTS;
        match self {
            Self::Streams => Problem::new(status, "too-many-streams", "Too many live streams are open")
                .detail("This session has 8 live streams, and can have no more.")
                .remedy("Close a page."),
            Self::Exports => Problem::new(status, "too-many-exports", "Two exports are under way")
                .detail("This session downloads two archives already, and can have no more at once.")
                .remedy("Wait until one of them is complete."),
        }
    }
}

/// Counts what lasts of one kind. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    kind: Lasting,
    all: Arc<Semaphore>,
    sessions: Arc<Mutex<HashMap<u64, u32>>>,
    /// Keyed by this process: the map holds nothing that tells a session.
    hasher: RandomState,
}

/// The right to one of them; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    streams: Streams,
    session: u64,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// At most so many in all.
    pub(crate) fn new(kind: Lasting, max: usize) -> Self {
        let all = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        Self { kind, all, sessions: Arc::default(), hasher: RandomState::new() }
    }

    /// A slot for one more of this session.
    pub(crate) fn take(&self, who: &Credentials) -> Result<Slot, Problem> {
        self.take_for(self.hasher.hash_one(who.page_value()))
    }

    fn take_for(&self, session: u64) -> Result<Slot, Problem> {
        let after = Duration::from_secs(fastrand::u64(10..40));
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Problem::busy(after))?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let streams = sessions.entry(session).or_insert(0);
        if *streams >= self.kind.of_a_session_max() {
            return Err(self.kind.too_many().retry_after(after));
        }
        *streams += 1;
        Ok(Slot { streams: self.clone(), session, _permit: permit })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut sessions = self.streams.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(streams) = sessions.get_mut(&self.session) {
            *streams = streams.saturating_sub(1);
            if *streams == 0 {
                sessions.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_so_many_and_gets_them_back() {
        for (kind, count, code) in
            [(Lasting::Streams, 8, "too-many-streams"), (Lasting::Exports, 2, "too-many-exports")]
        {
            let streams = Streams::new(kind, 100);
            let mut slots: Vec<_> = (0..count).map(|_| streams.take_for(1).unwrap()).collect();
            assert_eq!(streams.take_for(1).unwrap_err().code(), code);
            let other = streams.take_for(2).unwrap();
            slots.pop();
            slots.push(streams.take_for(1).unwrap());
            drop((slots, other));
            assert!(streams.sessions.lock().unwrap().is_empty());
            assert_eq!(streams.all.available_permits(), 100);
        }
    }

    #[test]
    fn more_than_the_server_takes_are_told_to_come_back() {
        let streams = Streams::new(Lasting::Streams, 1);
        let slot = streams.take_for(1).unwrap();
        assert_eq!(streams.take_for(2).unwrap_err().code(), "busy");
        drop(slot);
        streams.take_for(2).unwrap();
    }
}
