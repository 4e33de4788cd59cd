//! That something changed, after it was durable, and never what: the answer to "what" comes through the gate.

use ownsight_model::HomeId;
use ownsight_registry::ChangeKind;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::gate::Gate;

/// Something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Changed {
    /// In which home; `None`: in any, because so much changed that some was missed.
    pub home: Option<HomeId>,
    /// What of it; of a change in any home, anything.
    pub what: Part,
}

/// What of a home changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Events or gaps.
    Events,
    /// Cameras, their state, or the home itself.
    Cameras,
    /// Devices and pairings.
    Devices,
    /// Camera tests.
    Tests,
    /// Members or invitations.
    People,
    /// Sessions or grants: ask again whether yours is live.
    Sessions,
}

impl Part {
    /// Its word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Cameras => "cameras",
            Self::Devices => "devices",
            Self::Tests => "tests",
            Self::People => "people",
            Self::Sessions => "sessions",
        }
    }
}

/// Changes from the moment on when it was asked for.
#[derive(Debug)]
pub struct Changes(broadcast::Receiver<ownsight_registry::Change>);

impl Changes {
    /// The next change; `None` when the registry was closed.
    ///
    /// Cancel-safe: a dropped call has lost nothing.
    pub async fn next(&mut self) -> Option<Changed> {
        match self.0.recv().await {
            Ok(change) => {
                let what = match change.what {
                    ChangeKind::Events => Part::Events,
                    ChangeKind::Cameras => Part::Cameras,
                    ChangeKind::Devices => Part::Devices,
                    ChangeKind::Tests => Part::Tests,
                    ChangeKind::People => Part::People,
                    ChangeKind::Sessions => Part::Sessions,
                };
                Some(Changed { home: Some(change.home), what })
            }
            Err(RecvError::Lagged(_)) => Some(Changed { home: None, what: Part::Events }),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Gate {
    /// Changes from now on.
    pub fn changes(&self) -> Changes {
        Changes(self.registry().changes())
    }
}
