//! The device's side: pairing, configuration, sealing, durable queue, delivery.
//!
//! For agents, for cameras that push by themselves, and for simulated fleets. Reach first for [`Device`]:
//! [`Device::pair`] once, [`Device::load`] at each start, then [`Device::start`] gives a [`DeviceHandle`] (seals,
//! reports) and a [`DeviceRunner`] (talks to the server). `docs/device-api.md` is the contract with the server.
//!
//! # What always holds
//! - A device believes only what opens under the keys of its pairing: its next configuration, nothing else. What
//!   does not open is not used, counted, and reported as an alarm.
//! - A configuration and the key for the one after it are on disk, in one file, before the server hears of it.
//! - Footage is sealed as it is written: nothing in the folder opens it, and nothing can be delivered that was
//!   not sealed for the camera's home.
//! - An event whose sealing returned `Ok` survives kill -9 and power loss, until the server says that it has it or
//!   never wants it, or the queue is full: then the oldest go, counted and reported as gaps.
//! - Every call has a deadline. Failures are followed by a random, growing pause, never shorter than the server
//!   asked for.
//! - Nothing is sealed before the time is known.
//! - Secrets are wiped when dropped, and appear in no log and no `Debug`.
//!
//! # Memory
//! For each delivery under way (two at most) and each object being sealed (two at most) some 200 KiB, whatever
//! their size; and some 250 bytes for each object in the queue.
//!
//! # What it deliberately is not
//! It knows no video. Of a former pairing it keeps nothing but the queue and how to deliver it.

mod address;
mod api;
mod backoff;
mod clock;
mod configuration;
mod delivery;
mod device;
mod drain;
mod error;
mod files;
mod former;
mod handle;
mod pace;
mod pairing;
mod place;
mod queue;
mod report;
mod run;
mod state;
mod tls;

pub use address::{ServerAddress, ServerAddressError};
pub use api::PROTOCOL;
pub use configuration::ServerState;
pub use device::{ConfigurationReceiver, Device, DeviceOptions, DeviceRunner};
pub use error::{CallError, LoadError, PairError, SealError, StopReason};
pub use files::DeviceFiles;
pub use handle::{DeviceHandle, DeviceStats, EventToSeal, Queued, SectionToSeal};
pub use pairing::{DeviceKind, Invitation, PairingRequest};
pub use queue::{ObjectKind, Outcome, QueueStats};
pub use tls::ServerPin;

/// What stands in this crate's own signatures.
pub use ownsight_disk::{Disk, DiskError};
#[doc(no_inline)]
pub use ownsight_seal::{
    AssignedCamera, AssignedLook, AssignedTest, CameraSealer, CameraSource, Configuration, LookOf,
    OnvifSource, PairingCode, PairingScope,
};
