//! The change feed: that something changed, after its commit, and never what.

use tokio::sync::broadcast;

use crate::{HomeId, Registry};

/// Something of a home changed and is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// The home.
    pub home: HomeId,
    /// What of it.
    pub what: ChangeKind,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Events came or went, or a gap was reported.
    Events,
    /// Cameras, their state or their last pictures; also the home's own settings.
    Cameras,
    /// Devices, their pairing, or configurations for them.
    Devices,
    /// Camera tests.
    Tests,
    /// Members or invitations.
    People,
    /// Sessions or grants ended: streams must ask again whether theirs is live.
    Sessions,
}

impl Registry {
    /// Changes from now on. A receiver that is too slow gets `Lagged`, which means: something changed.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.engine.changes.subscribe()
    }
}
