//! Epochs: which generation of a home's control key, and of a camera's salt, a key was derived under.

use serde::{Deserialize, Serialize};

macro_rules! epoch {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The first epoch.
            pub const FIRST: Self = Self(1);

            /// The epoch with this number, counted from 1; `None` for 0.
            pub const fn new(number: u32) -> Option<Self> {
                if number == 0 { None } else { Some(Self(number)) }
            }

            /// Its number, counted from 1.
            pub const fn number(self) -> u32 { self.0 }

            /// The epoch after this one; `None` after the last that can be written.
            pub const fn next(self) -> Option<Self> {
                match self.0.checked_add(1) { Some(number) => Some(Self(number)), None => None }
            }
        }
    };
}

epoch! {
    /// A generation of a home's control key. A removed member ends one.
    HomeEpoch
}
epoch! {
    /// A generation of a camera's salt. A revoked share or removed device ends one.
    CameraEpoch
}
