//! Sealed objects, HPKE and key wrapping: the pure core of Ownsight, without I/O.
//!
//! Nobody gets a yes; one gets a key. This crate holds every step from a session's secret to a picture, and from
//! a pairing code to a sealed event, and each is an authenticated decryption:
//!
//! - [`session`], [`account`]: sign-in and sessions open the account key.
//! - [`grant`]: the account key opens grants, each to the key of its role.
//! - [`share`]: the secrets of some cameras, for an account outside their home.
//! - [`home`], [`camera`]: the ladder from control key to home key to camera secret, and what is sealed under each.
//! - [`pairing`], [`configuration`]: how a device comes to what it seals with, and what it may believe.
//! - [`event`]: sealed objects; [`stream`]: their sections, in segments that open one at a time.
//! - [`report`]: tags of what devices say; [`upload`]: a device that cannot seal, for one request.
//!
//! Keys carry what they were opened for, and associated data is built from that: a row's ids may find, only opened
//! ids decide. [`OpenError`] tells a mix-up from damage. `docs/key-chain.md` and `docs/sealed-objects.md` describe
//! all formats; every label is in [`Purpose`].
//!
//! Which processes may hold which of these types is not this crate's to say: the server's HTTP layer does not
//! depend on it at all.

pub mod account;
mod away;
pub mod barriers;
pub mod camera;
mod canonical;
pub mod configuration;
mod error;
pub mod event;
pub mod grant;
pub mod home;
mod hpke;
mod invitation;
mod link;
mod look;
pub mod pairing;
mod primitives;
mod purpose;
pub mod report;
mod secret;
pub mod session;
pub mod share;
pub mod stream;
pub mod upload;
#[cfg(test)]
mod vectors;
mod wrap;

pub use account::{AccountKey, AccountScope};
pub use camera::{CameraPlace, CameraSalt, CameraScope, CameraSecret};
pub use canonical::Field;
pub use configuration::{
    AssignedCamera, AssignedLook, AssignedTest, CameraSource, Configuration, LookOf, OnvifSource,
};
pub use error::OpenError;
pub use event::header::{HEADER_BYTES, Header, HeaderIds};
pub use event::opener::{EventOpener, VerifiedEvent};
pub use event::sealer::{CameraSealer, EventSealer};
pub use event::trailer::{Section, TRAILER_BYTES_MAX, Trailer};
pub use grant::{GrantScope, Granted};
pub use home::{ControlKey, HomeKey, HomeScope};
pub use hpke::{KeyPair, PublicKey};
pub use pairing::{PairingAnswer, PairingCode, PairingScope, ParseCodeError};
pub use primitives::random as random_bytes;
pub use purpose::{Form, Purpose};
pub use report::{CameraReportKind, report_is_about, tag_device_report};
pub use secret::{
    DeviceKey, DevicePsk, DeviceReportKey, InvitationKey, InvitationSecret, LinkSecret, MasterKey, MemberKey,
    PasswordHash, ShareKey, UploadKey, UploadSigningKey,
};
pub use session::{OpenedSession, SessionKind, SessionSecret, SessionTag};
pub use share::{ShareContents, ShareScope};
pub use upload::UploadMac;
