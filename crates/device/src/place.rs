//! Where in a device's folder the queue and the reports of a pairing are: each pairing has its own, so that nothing which was
//! sealed under one can be delivered or reported under another.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The place of one pairing: the top of the folder for a device's first, a folder of its own for each later one. Counted here: what
/// a server says, such as an id, must not lead to the queue of another pairing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Place(u64);

impl Place {
    /// The place of the pairing that follows the one here.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Where that is, relative to the device's folder.
    pub(crate) fn path(self) -> PathBuf {
        if self.0 == 0 { PathBuf::new() } else { PathBuf::from(format!("pairing-{}", self.0)) }
    }

    /// A file there.
    pub(crate) fn file(self, name: &str) -> String {
        if self.0 == 0 { name.to_owned() } else { format!("pairing-{}/{name}", self.0) }
    }
}
