//! What can be done to a reply.

use std::time::Duration;

/// One way to mix replies up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A reply is swallowed, and each later request on the connection gets the reply of the one after it.
    OffByOne,
    /// Two neighbouring replies on a connection change places.
    Swapped,
    /// A reply comes twice, and each later request on the connection gets the reply of the one before it.
    Duplicated,
    /// A reply, and all behind it on its connection, comes so late.
    Delayed(Duration),
    /// Half of a reply, and then the end of the connection.
    Truncated,
    /// A bit of a reply's content is another.
    Corrupted,
    /// The reply that somebody else got to a command of the same name.
    OtherTenant,
    /// The first value that came for the very same request.
    Stale,
    /// A redirection to another node, as in a cluster that moves.
    Moved,
    /// Nothing comes any more, and the connection stays open.
    Silent,
}

impl Fault {
    /// All of them. Delays are of 50 ms.
    pub const ALL: [Self; 10] = [
        Self::OffByOne,
        Self::Swapped,
        Self::Duplicated,
        Self::Delayed(Duration::from_millis(50)),
        Self::Truncated,
        Self::Corrupted,
        Self::OtherTenant,
        Self::Stale,
        Self::Moved,
        Self::Silent,
    ];

    /// Its name, in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OffByOne => "off by one",
            Self::Swapped => "swapped",
            Self::Duplicated => "duplicated",
            Self::Delayed(_) => "delayed",
            Self::Truncated => "truncated",
            Self::Corrupted => "corrupted",
            Self::OtherTenant => "another tenant's",
            Self::Stale => "stale",
            Self::Moved => "moved",
            Self::Silent => "silent",
        }
    }
}

/// A fault, and how often it strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dose {
    /// What happens.
    pub fault: Fault,
    /// The chance at each reply, `0.0..=1.0`.
    pub chance: f64,
}
