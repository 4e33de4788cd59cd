//! Waking the devices of one home when its devices or configurations changed.
//!
//! One task listens to the registry's changes for all waiting devices: with each of them listening by itself,
//! every stored event would wake every device of the installation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ownsight_model::HomeId;
use ownsight_registry::{ChangeKind, Registry};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// Who waits, by home.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    homes: Mutex<HashMap<HomeId, watch::Sender<()>>>,
}

impl Wakes {
    /// Begins to listen. The task ends with the registry.
    pub(crate) fn start(registry: &Registry) -> Arc<Self> {
        let wakes = Arc::new(Self::default());
        let mut changes = registry.changes();
        let task = Arc::downgrade(&wakes);
        tokio::spawn(async move {
            loop {
                let received = changes.recv().await;
                let Some(wakes) = task.upgrade() else { return };
                match received {
                    Ok(change) if change.what == ChangeKind::Devices => wakes.wake(change.home),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => wakes.wake_all(),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        wakes
    }

    /// Subscribe first, then look: what changes in between is not missed.
    pub(crate) fn subscribe(&self, home: HomeId) -> watch::Receiver<()> {
        self.lock().entry(home).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    fn wake(&self, home: HomeId) {
        let mut homes = self.lock();
        // Nobody waits any more: the entry goes.
        if homes.get(&home).is_some_and(|sender| sender.send(()).is_err()) {
            homes.remove(&home);
        }
    }

    fn wake_all(&self) {
        self.lock().retain(|_, sender| sender.send(()).is_ok());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HomeId, watch::Sender<()>>> {
        // Each change of the map is one step: it is whole after a panic.
        self.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_home_that_changed_is_woken_and_nobody_stays_behind() {
        let wakes = Wakes::default();
        let (one, other) = (HomeId::generate(), HomeId::generate());
        let (mut waits, quiet) = (wakes.subscribe(one), wakes.subscribe(other));
        wakes.wake(one);
        waits.changed().await.unwrap();
        assert!(!quiet.has_changed().unwrap());
        drop((waits, quiet));
        wakes.wake_all();
        assert!(wakes.lock().is_empty());
    }
}
