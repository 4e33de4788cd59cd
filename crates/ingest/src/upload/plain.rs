//! Taking in what a device uploads plainly: the caller seals it on its way, under keys that came with the request.
//!
//! This crate sees the same as from any other device: sealed bytes. They go the same way, with the same checks; only
//! their length and digest are not known beforehand, and what says that all is there is the caller's check of the
//! upload's MAC, before [`Delivery::commit`]. A delivery that is dropped before leaves nothing.

use std::time::{Duration, Instant};

use ownsight_model::{CameraId, DeviceId, EventId, InstallationId, Timestamp};
use ownsight_registry::StoredEvent;
use ownsight_vault::{ObjectRef, VaultWriter};

use super::checks::Place;
use super::finish::Finish;
use super::intake::Intake;
use super::{Claim, Receipt, Slot, differs, refused};
use crate::identity::Call;
use crate::{AuthenticateError, Credential, DeviceIdentity, Ingest, IngestError};

/// A device that uploads plainly, proven, with what its upload key opens. For one call.
#[derive(Debug)]
pub struct UploadDevice {
    identity: DeviceIdentity,
    /// Its device key, wrapped under its upload key.
    pub device_key: Vec<u8>,
    /// Its latest configuration's serial number.
    pub serial: u64,
    /// That configuration, sealed to the device.
    pub configuration: Vec<u8>,
}

impl UploadDevice {
    /// Who it is.
    pub const fn identity(&self) -> &DeviceIdentity {
        &self.identity
    }
}

/// How long a plain upload may be waited for, so that who sends nothing, or little, holds no place for long.
#[derive(Debug, Clone, Copy)]
pub struct UploadPace {
    /// For its first line.
    pub line_max: Duration,
    /// For the next bytes.
    pub idle_max: Duration,
    /// In all, beside the time for the bytes that came at `bytes_per_second_min`.
    pub grace: Duration,
    /// The slowest upload that is borne.
    pub bytes_per_second_min: u64,
}

/// One place among the deliveries that are under way; given back when dropped.
#[derive(Debug)]
pub struct UploadSlot(Slot);

/// What becomes of an upload, once it says of which event it is.
#[derive(Debug)]
pub enum Begun<'a> {
    /// It is new: this takes it in.
    New(Box<Delivery<'a>>),
    /// The event is known: whether by this very upload, its MAC tells.
    Known(KnownUpload),
}

/// An event on its way in, as it is sealed.
pub struct Delivery<'a> {
    ingest: Ingest,
    slot: Slot,
    place: Place<'a>,
    intake: Intake,
    writer: VaultWriter,
    /// Whether the header was checked, and what came is with the vault.
    header_checked: bool,
}

/// An event that was taken in before.
#[derive(Debug)]
pub struct KnownUpload {
    object: ObjectRef,
    stored: StoredEvent,
}

impl Ingest {
    /// Finds a device that uploads plainly by the credential that its upload key gives, with what that key opens. No other
    /// device is found so, and such a device does nothing else.
    ///
    /// Cancel-safe: it changes nothing.
    pub async fn authenticate_upload(
        &self,
        device: DeviceId,
        credential: &Credential,
    ) -> Result<UploadDevice, AuthenticateError> {
        let (identity, row) = self.identify(device, credential.hash(), None, Call::Upload).await?;
        let latest = self.inner.registry.latest_configuration(device).await;
        let latest = latest.map_err(|error| crate::identity::busy(&error))?;
        // Without either it was removed in this moment.
        let (Some(device_key), Some((serial, configuration))) = (row.upload_key, latest) else {
            return Err(AuthenticateError::Removed);
        };
        Ok(UploadDevice { identity, device_key, serial, configuration })
    }

    /// A place for one more upload of this device, before any of its body is read.
    pub fn begin_upload(&self, identity: &DeviceIdentity) -> Result<UploadSlot, IngestError> {
        self.slot(identity).map(UploadSlot)
    }

    /// The installation that this is of.
    pub fn installation(&self) -> InstallationId {
        self.inner.installation
    }

    /// Most bytes of a sealed event.
    pub fn event_bytes_max(&self) -> u64 {
        self.inner.config.event_bytes_max
    }

    /// How long an upload may be waited for.
    pub fn upload_pace(&self) -> UploadPace {
        let config = &self.inner.config;
        UploadPace {
            line_max: config.plain_line_max,
            idle_max: config.idle_max,
            grace: config.plain_grace,
            bytes_per_second_min: config.bytes_per_second_min,
        }
    }

    /// How long an upload of so many bytes may take in all.
    pub fn upload_max(&self, bytes: u64) -> Duration {
        self.inner.config.upload_max(bytes)
    }

    /// Counts what came of an upload that began then, whatever it was refused for: `Err` has the code of
    /// `docs/device-api.md`. Call it once for each.
    pub fn note_upload(&self, result: Result<&Receipt, &'static str>, begun: Instant) {
        self.note(result, begun);
    }

    /// Begins to take an event in, or says that it is known. `length_max`: most sealed bytes.
    ///
    /// Cancel-safe: a dropped call leaves nothing.
    pub async fn deliver<'a>(
        &self,
        slot: UploadSlot,
        identity: &'a DeviceIdentity,
        camera: CameraId,
        event: EventId,
        length_max: u64,
    ) -> Result<Begun<'a>, IngestError> {
        let place = self.place(identity, camera, event).await?;
        let object = ObjectRef { home: identity.home(), camera, event };
        match self.claim(object).await? {
            Claim::Known(stored) => Ok(Begun::Known(KnownUpload { object, stored })),
            Claim::Ours(writer) => Ok(Begun::New(Box::new(Delivery {
                ingest: self.clone(),
                slot: slot.0,
                place,
                intake: Intake::up_to(length_max),
                writer,
                header_checked: false,
            }))),
        }
    }
}

impl Delivery<'_> {
    /// Takes the next sealed bytes. Not cancel-safe: a delivery of which a call was dropped is to be dropped.
    pub async fn write(&mut self, sealed: &[u8]) -> Result<(), IngestError> {
        self.intake.take(sealed)?;
        if self.header_checked {
            return self.writer.write(sealed).await.map_err(|error| refused(&error));
        }
        let Some(header) = self.intake.header() else { return Ok(()) };
        self.place.check_header(header, Timestamp::now(), &self.ingest.inner.config)?;
        self.header_checked = true;
        self.writer.write(&self.intake.held()).await.map_err(|error| refused(&error))
    }

    /// Makes the event durable: in the vault, then in the registry. Call it once the MAC of the upload, `mac`, has verified.
    ///
    /// Cancel-safe: once begun it goes on, whoever waits for it.
    pub async fn commit(self, mac: [u8; 32]) -> Result<Receipt, IngestError> {
        let Self { ingest, slot, place, intake, writer, header_checked: _ } = self;
        let whole = intake.finish()?;
        let mut row = place.row(whole, Timestamp::now(), &ingest.inner.config)?;
        row.upload_mac = Some(mac);
        let finish = Finish {
            registry: ingest.inner.registry.clone(),
            vault: ingest.inner.vault.clone(),
            writer,
            row,
        };
        let result = super::run_to_its_end(&ingest, slot, finish).await;
        if result.is_ok() {
            ingest.touch(place.identity()).await;
        }
        result
    }
}

impl std::fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delivery({:?})", self.writer.object())
    }
}

impl KnownUpload {
    /// The first delivery's result, if this upload, whose MAC has verified, is the same; else the alarm is raised.
    pub fn receipt(self, mac: &[u8; 32]) -> Result<Receipt, IngestError> {
        let Self { object, stored } = self;
        if stored.upload_mac.as_ref() != Some(mac) {
            return Err(differs(object));
        }
        if stored.erased {
            return Err(IngestError::Erased);
        }
        let (received_at, bytes) = (stored.received_at, stored.bytes);
        Ok(Receipt { event: object.event, received_at, bytes, fresh: false })
    }
}
