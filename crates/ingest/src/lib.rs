//! Takes in what devices deliver, and keeps what is durable within its limits. It can write and never read: it
//! holds no key, and looks at the form of headers and trailers only.
//!
//! Start with [`Ingest::open`]. [`Ingest::authenticate`] turns a device's credential into a [`DeviceIdentity`],
//! which every other call of a device borrows: [`Ingest::store_event`], [`Ingest::configuration`],
//! [`Ingest::reports`]. A device that has no credential yet pairs by [`Ingest::find_pairing`] and
//! [`Ingest::answer_pairing`]. [`Ingest::sweep`] and [`Ingest::keep_limits`] keep house, and [`check::run`]
//! compares the registry with the vault.
//!
//! What holds:
//! - What a device was acknowledged is durable in the vault and in the registry, in this order; a crash between
//!   the two leaves an object that nobody knows, which the next start sweeps.
//! - What is erased goes from the registry first, and from the vault then: a crash between the two leaves the
//!   same. So a row without its object is never a crash's doing, and always an alarm.
//! - What a device sends names its own home, device, the camera and event of the path, and a tenure and epochs
//!   of that camera; or it is refused before more than its header was read, and alarmed. Were this check to look
//!   up the wrong rows, the footage would still open for the home that it was sealed for, and for no other.
//! - Memory for an event is one chunk of its body, the vault's buffer and a trailer, whatever its size.
//! - Everything is limited in number, rate, size and time; who is refused for too much is told when to come
//!   back, at a time of its own.

mod alarm;
pub mod check;
mod config;
mod configuration;
mod error;
mod fleet;
mod identity;
mod leaving;
mod limits;
mod pairing;
mod reports;
mod retention;
mod run;
mod service;
mod sweep;
mod upload;
mod wakes;

pub use alarm::{ALARMS, AlarmKind};
pub use config::IngestConfig;
pub use configuration::{NextConfiguration, WAIT_MAX};
pub use error::{AuthenticateError, DeviceCallError, IngestError, PairingError};
pub use fleet::Fleet;
pub use identity::{Credential, DeviceIdentity};
pub use pairing::Answer;
pub use reports::{AlarmReport, Report, ReportKind};
pub use retention::Round;
pub use run::Run;
pub use service::{Ingest, OpenIngestError, Readiness};
pub use sweep::{SweepFailed, is_known, object_of};
pub use upload::{Begun, Declared, Delivery, KnownUpload, Receipt, UploadDevice, UploadPace, UploadSlot};

/// Names this crate's metrics, once a recorder is installed.
pub fn describe_metrics() {
    alarm::describe();
}
