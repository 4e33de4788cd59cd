//! Lockdowns: what is closed, for whom, since when and why. A lockdown takes a view away; it gives nobody one.

use serde::{Deserialize, Serialize};

use crate::{AccountId, CameraId, HomeId};

/// For whom something is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "scope", content = "id")]
pub enum LockdownScope {
    /// For everybody.
    Installation,
    /// For the people of a home.
    Home(HomeId),
    /// For everybody who may see a camera.
    Camera(CameraId),
    /// For one account, whatever it may see otherwise.
    Account(AccountId),
}

impl LockdownScope {
    /// The word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Installation => "installation",
            Self::Home(_) => "home",
            Self::Camera(_) => "camera",
            Self::Account(_) => "account",
        }
    }

    /// Code and bytes of what it names, as rows have them.
    pub const fn parts(self) -> (u8, [u8; 16]) {
        match self {
            Self::Installation => (1, [0; 16]),
            Self::Home(id) => (2, *id.as_bytes()),
            Self::Camera(id) => (3, *id.as_bytes()),
            Self::Account(id) => (4, *id.as_bytes()),
        }
    }

    /// What these parts are of, if of anything.
    pub const fn from_parts(code: u8, subject: [u8; 16]) -> Option<Self> {
        match code {
            1 => Some(Self::Installation),
            2 => Some(Self::Home(HomeId::from_bytes(subject))),
            3 => Some(Self::Camera(CameraId::from_bytes(subject))),
            4 => Some(Self::Account(AccountId::from_bytes(subject))),
            _ => None,
        }
    }
}

/// What can be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closable {
    /// Thumbnails and stills.
    Thumbnails,
    /// Event videos, downloads too.
    Videos,
    /// Live pictures.
    Live,
    /// Signing in; sessions that there are go on.
    SignIn,
    /// All of these, and the lists of events.
    All,
}

impl Closable {
    /// All of them.
    pub const EACH: [Self; 5] = [Self::Thumbnails, Self::Videos, Self::Live, Self::SignIn, Self::All];

    /// The word in the API and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Thumbnails => "thumbnails",
            Self::Videos => "videos",
            Self::Live => "live",
            Self::SignIn => "sign-in",
            Self::All => "all",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Thumbnails => 1,
            Self::Videos => 2,
            Self::Live => 4,
            Self::SignIn => 8,
            Self::All => 128,
        }
    }
}

/// A set of what is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Closed(u8);

impl Closed {
    /// These; `None` if they are none.
    pub fn of(closed: impl IntoIterator<Item = Closable>) -> Option<Self> {
        Self::from_bits(closed.into_iter().fold(0, |bits, closable| bits | closable.bit()))
    }

    /// From a row's bits; `None` if they are none, or not ours.
    pub fn from_bits(bits: u8) -> Option<Self> {
        let known = Closable::EACH.iter().fold(0, |bits, closable| bits | closable.bit());
        (bits != 0 && bits & !known == 0).then_some(Self(bits))
    }

    /// As a row has it.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether this is closed; everything is, where all is.
    pub const fn closes(self, wanted: Closable) -> bool {
        self.0 & (wanted.bit() | Closable::All.bit()) != 0
    }

    /// Whether it closes any footage: what is under investigation then, and must stay.
    pub const fn closes_footage(self) -> bool {
        self.closes(Closable::Thumbnails) || self.closes(Closable::Videos)
    }

    /// What either closes.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The words of what is in it.
    pub fn words(self) -> Vec<&'static str> {
        let named = Closable::EACH.into_iter().filter(|closable| self.0 & closable.bit() != 0);
        named.map(Closable::word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_do_not_stand_for_each_other() {
        let bytes = [7; 16];
        let scopes = [
            LockdownScope::Installation,
            LockdownScope::Home(HomeId::from_bytes(bytes)),
            LockdownScope::Camera(CameraId::from_bytes(bytes)),
            LockdownScope::Account(AccountId::from_bytes(bytes)),
        ];
        for scope in scopes {
            let (code, subject) = scope.parts();
            assert_eq!(LockdownScope::from_parts(code, subject), Some(scope));
            assert_eq!(scopes.iter().filter(|other| **other == scope).count(), 1);
        }
        assert_eq!(LockdownScope::from_parts(0, bytes), None);
        assert_eq!(LockdownScope::from_parts(5, bytes), None);
    }

    #[test]
    fn all_closes_everything_and_each_only_itself() {
        let all = Closed::of([Closable::All]).unwrap();
        for wanted in Closable::EACH {
            assert!(all.closes(wanted));
            let only = Closed::of([wanted]).unwrap();
            for other in
                Closable::EACH.into_iter().filter(|other| *other != wanted && wanted != Closable::All)
            {
                assert!(!only.closes(other), "{wanted:?} closes {other:?}");
            }
            assert_eq!(Closed::from_bits(only.bits()), Some(only));
            assert_eq!(only.words(), [wanted.word()]);
        }
        let (videos, live) = (Closed::of([Closable::Videos]).unwrap(), Closed::of([Closable::Live]).unwrap());
        assert!(videos.closes_footage() && all.closes_footage() && !live.closes_footage());
        assert_eq!(videos.and(live).words(), ["videos", "live"]);
        assert_eq!(Closed::of([]), None);
        assert_eq!(Closed::from_bits(0), None);
        assert_eq!(Closed::from_bits(16), None);
    }
}
