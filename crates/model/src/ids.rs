//! The registry of id kinds.
//!
//! Every id is a UUIDv7 (RFC 9562) with a kind that exists in the type system only; in canonical bytes (keys,
//! headers, associated data) the kind's code stands before the sixteen bytes, so an id of one kind never
//! encodes like an id of another. Codes are part of formats on disk: never change or reuse one.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Text that is not an id: not the 36 characters of a hyphenated UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{kind}` id expected: a UUID of 36 characters such as 0192f3c4-0000-7000-8000-000000000000")]
pub struct ParseIdError {
    kind: &'static str,
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal;)+) => {
        /// The kind of an id. Its code is part of every canonical encoding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum IdKind { $($(#[$doc])* $name = $code),+ }

        impl IdKind {
            /// All kinds, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code that stands for this kind in canonical bytes.
            pub const fn code(self) -> u8 { self as u8 }

            /// The kind with this code, if there is one.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }

            /// The kind's word in messages.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

id_kinds! {
    /// One installation of Ownsight, made at its first start.
    Installation = 1, "installation";
    /// A home: the tenant.
    Home = 2, "home";
    /// A person's account.
    Account = 3, "account";
    /// A camera.
    Camera = 4, "camera";
    /// A device: what holds credentials and pushes.
    Device = 5, "device";
    /// A camera's time in a home.
    Tenure = 6, "tenure";
    /// An event; chosen by the device that seals it.
    Event = 7, "event";
    /// A grant: a home's or camera's key, for one account.
    Grant = 8, "grant";
    /// A sign-in.
    Session = 9, "session";
    /// A test of a camera's address; a sealed still is sent under it.
    Test = 10, "camera test";
    /// A lockdown.
    Lockdown = 11, "lockdown";
}

macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident: $kind:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The kind of this id.
            pub const KIND: IdKind = IdKind::$kind;

            /// A new id: UUIDv7, so ids made later sort later (to the millisecond).
            pub fn generate() -> Self { Self(Uuid::now_v7()) }

            /// The id with these sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(Uuid::from_bytes(bytes)) }

            /// The id's sixteen bytes, most significant first.
            pub const fn as_bytes(&self) -> &[u8; 16] { self.0.as_bytes() }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(&self.0, f) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let error = ParseIdError { kind: Self::KIND.word() };
                if text.len() != 36 {
                    return Err(error);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| error)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

id_type! {
    /// One installation of Ownsight, made at its first start.
    InstallationId: Installation;
    /// A home: the tenant.
    HomeId: Home;
    /// A person's account.
    AccountId: Account;
    /// A camera.
    CameraId: Camera;
    /// A device: what holds credentials and pushes.
    DeviceId: Device;
    /// A camera's time in a home.
    TenureId: Tenure;
    /// An event; chosen by the device that seals it.
    EventId: Event;
    /// A grant: a home's or camera's key, for one account.
    GrantId: Grant;
    /// A sign-in.
    SessionId: Session;
    /// A test of a camera's address; a sealed still is sent under it.
    TestId: Test;
    /// A lockdown.
    LockdownId: Lockdown;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_json_is_the_text() {
        let id = HomeId::generate();
        assert_eq!(id.to_string().parse::<HomeId>().unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<HomeId>(&format!("\"{id}\"")).unwrap(), id);
    }

    #[test]
    fn other_texts_are_refused_with_the_kind_that_was_expected() {
        for text in ["", "x", "0192f3c4000070008000000000000000", "{0192f3c4-0000-7000-8000-000000000000}"] {
            let error = text.parse::<CameraId>().unwrap_err();
            assert!(error.to_string().contains("`camera`"), "{error}");
        }
    }

    #[test]
    fn codes_are_unique_and_read_back() {
        for kind in IdKind::ALL {
            assert_eq!(IdKind::from_code(kind.code()), Some(*kind));
        }
        assert_eq!(IdKind::from_code(0), None);
        assert_eq!(IdKind::from_code(200), None);
    }
}
