//! The gate: the only door to keys and plaintext.
//!
//! Everything that people see comes out of [`Gate`], opened step by step from the [`Credentials`] of their own
//! request: session → account key → grant → control key → home key → camera secret → event key → section. Each
//! step is an authenticated decryption whose associated data is built from what was asked and from what was opened
//! before, never from the row that came back. What does not authenticate is a [`GateError::NotVerified`], an alarm
//! in the metrics, and nothing else.
//!
//! - Session, account, grant, home, camera and event are read from the registry in the same call; nothing is
//!   remembered between calls, and no relation is ever cached.
//! - An opening is in the ledger before its first byte leaves; if the ledger cannot take it, nothing leaves.
//! - [`Answer`]s and [`Chunk`]s carry their session's tag, and come out only against that session's credentials.
//! - Whoever depends on this crate and not on `seal`, as the HTTP layer does, can name no constructor of a key, of
//!   plaintext, or of the proof that an opening is on record.

mod access;
mod account;
mod alarm;
mod answer;
mod camera_status;
mod camera_tests;
mod cameras;
mod changes;
mod credentials;
mod days;
mod devices;
mod error;
mod event_access;
mod events;
mod exports;
mod gate;
mod home_epochs;
mod homes;
mod invitation_codes;
mod invitations;
mod kept_keys;
mod links;
mod lockdown;
mod lockdown_record;
mod looks;
mod master_key;
mod media;
mod motion;
mod not_events;
mod open_section;
mod operator_visits;
mod password;
mod people;
mod plan;
mod profile;
mod program;
mod record;
mod restored;
mod rights;
mod roster;
mod sessions;
mod shares;
mod sign_in;
mod text;
mod throttle;
mod token_use;
mod tokens;
mod upload_devices;
mod urls;
pub mod views;

pub use alarm::ALARMS;
pub use answer::{Answer, WrongSession};
pub use camera_tests::{Confirmed, TestOf};
pub use cameras::{CameraChange, NewCamera, Source};
pub use changes::{Changed, Changes, Part};
pub use credentials::Credentials;
pub use error::{GateError, Reference};
pub use events::EventFilter;
pub use exports::Exported;
pub use gate::{Gate, LocalCode, LocalPairing, OpenGateError};
pub use homes::HomeChange;
pub use invitations::NewAccount;
pub use links::{LinkFor, Redemption};
pub use lockdown::LockdownFor;
pub use looks::LookFor;
pub use master_key::{RotateError, Unopened, master_key_fits, rotate_master_key};
pub use media::{Chunk, Media, MediaAbout, MediaStream, RangeAsked};
pub use motion::{DrawnZone, MotionChange};
pub use operator_visits::{BegunVisit, OperatorCredentials};
#[doc(no_inline)]
pub use ownsight_registry::Remainder;
pub use password::Password;
pub use restored::StillBelong;
pub use shares::{NewEnd, NewShare, ShareUpdate};
pub use sign_in::{Client, SignedIn};
pub use tokens::NewToken;
