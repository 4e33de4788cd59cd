//! How many live streams there may be: in all, and for one session.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use ownsight_gate::Credentials;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::Problem;

/// Tabs of one browser that are open at once.
const OF_A_SESSION_MAX: u32 = 8;

/// Counts live streams. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    all: Arc<Semaphore>,
    sessions: Arc<Mutex<HashMap<u64, u32>>>,
    /// Keyed by this process: the map holds nothing that tells a session.
    hasher: RandomState,
}

/// The right to one stream; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    streams: Streams,
    session: u64,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// At most so many in all.
    pub(crate) fn new(max: usize) -> Self {
        let all = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        Self { all, sessions: Arc::default(), hasher: RandomState::new() }
    }

    /// A slot for one more stream of this session.
    pub(crate) fn take(&self, who: &Credentials) -> Result<Slot, Problem> {
        self.take_for(self.hasher.hash_one(who.page_value()))
    }

    fn take_for(&self, session: u64) -> Result<Slot, Problem> {
        let after = Duration::from_secs(fastrand::u64(10..40));
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Problem::busy(after))?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let streams = sessions.entry(session).or_insert(0);
        if *streams >= OF_A_SESSION_MAX {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-streams",
                "Too many live streams are open",
            )
            .detail("This session has 8 live streams, and can have no more.")
            .remedy("Close a page.")
            .retry_after(after));
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
    fn a_session_has_eight_streams_and_gets_them_back() {
        let streams = Streams::new(100);
        let mut slots: Vec<_> = (0..OF_A_SESSION_MAX).map(|_| streams.take_for(1).unwrap()).collect();
        assert_eq!(streams.take_for(1).unwrap_err().code(), "too-many-streams");
        let other = streams.take_for(2).unwrap();
        slots.pop();
        slots.push(streams.take_for(1).unwrap());
        drop((slots, other));
        assert!(streams.sessions.lock().unwrap().is_empty());
        assert_eq!(streams.all.available_permits(), 100);
    }

    #[test]
    fn more_than_the_server_takes_are_told_to_come_back() {
        let streams = Streams::new(1);
        let slot = streams.take_for(1).unwrap();
        assert_eq!(streams.take_for(2).unwrap_err().code(), "busy");
        drop(slot);
        streams.take_for(2).unwrap();
    }
}
