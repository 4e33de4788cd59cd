//! What a member of a home may do. A role is a key: see `docs/key-chain.md`.

use serde::{Deserialize, Serialize};

/// A member's role in a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Has the control key, and decides on members.
    Owner,
    /// Has the control key.
    Adult,
    /// Has the home key only: can see, and cannot change who sees.
    Viewer,
}

impl Role {
    /// The code of this role in canonical bytes and in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Owner => 1,
            Self::Adult => 2,
            Self::Viewer => 3,
        }
    }

    /// The role with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Owner),
            2 => Some(Self::Adult),
            3 => Some(Self::Viewer),
            _ => None,
        }
    }
}
