//! Taking one event in: limits, claim, body, checks, vault, registry, answer. In this order.
//!
//! The object is durable in the vault, then its row in the registry, and only then is it acknowledged. What a
//! crash leaves:
//!
//! | crash | vault | registry | device |
//! | --- | --- | --- | --- |
//! | before the vault's commit | nothing, or a temporary file that the next start removes | nothing | sends again |
//! | before the registry's commit | an object that nobody knows: swept at the next start, or replaced by the next delivery | nothing | sends again |
//! | before the answer | the object | its row | sends again, and gets the first result |
//!
//! From the begin of the vault's writing until the registry has recorded the object, the vault's claim keeps
//! everybody else off it, another delivery and the sweep too. The last steps run in a task of their own: a
//! caller that goes away does not stop them half-way.

mod checks;
mod finish;
mod intake;
mod plain;

use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use ownsight_model::{CameraId, EventId, Timestamp};
use ownsight_registry::{RegistryError, StoredEvent};
use ownsight_vault::{ObjectRef, StoreError, VaultWriter};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use crate::alarm::{AlarmKind, DELIVERIES, DELIVERY_SECONDS};
use crate::error::{DISK_FULL_CODE, spread};
use crate::limits::DeviceUpload;
use crate::{DeviceIdentity, Ingest, IngestError};

use checks::Place;
use finish::Finish;
use intake::Intake;

pub use plain::{Begun, Delivery, KnownUpload, UploadDevice, UploadPace, UploadSlot};

/// Pause between two looks at an event that somebody else is delivering.
const CLAIM_PAUSE_MS: std::ops::Range<u64> = 20..80;
/// How long the vault may take to begin an object.
const BEGIN_MAX: Duration = Duration::from_secs(10);

/// What a device says of a body before it sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-256.
    pub digest: [u8; 32],
}

/// That an event is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The event.
    pub event: EventId,
    /// When it was durable here.
    pub received_at: Timestamp,
    /// Bytes of its object.
    pub bytes: u64,
    /// Whether it was this delivery that stored it; else it was durable already.
    pub fresh: bool,
}

/// One place among the deliveries that are under way.
#[derive(Debug)]
struct Slot {
    _device: DeviceUpload,
    _all: OwnedSemaphorePermit,
}

impl Ingest {
    /// Takes an event in. What the first delivery of (camera, event) was answered, every later one with the same
    /// digest is answered too, without its body being read.
    ///
    /// The body is read a chunk at a time; memory does not depend on its length. It is dropped unread, in part
    /// or as a whole, when the answer does not depend on it.
    ///
    /// Cancel-safe: a dropped call has stored the event as a whole or not at all. Dropped after the body was
    /// read, it goes on, so that the next delivery may find the event durable.
    pub async fn store_event<B, E>(
        &self,
        identity: &DeviceIdentity,
        camera: CameraId,
        event: EventId,
        declared: Declared,
        body: B,
    ) -> Result<Receipt, IngestError>
    where
        B: Stream<Item = Result<Bytes, E>> + Send,
        E: Send,
    {
        let begun = Instant::now();
        let result = self.take_in(identity, camera, event, declared, pin!(body)).await;
        self.note(result.as_ref().map_err(IngestError::code), begun);
        if let Err(error) = &result {
            tracing::debug!(device.id = %identity.device(), camera.id = %camera, event.id = %event, %error,
                "an event was not taken");
        }
        result
    }

    /// Counts what came of a delivery; `Err` has its code.
    fn note(&self, result: Result<&Receipt, &'static str>, begun: Instant) {
        let outcome = match result {
            Ok(Receipt { fresh: true, .. }) => "stored",
            Ok(_) => "known",
            Err(code) => code,
        };
        metrics::counter!(DELIVERIES, "outcome" => outcome).increment(1);
        match result {
            Ok(receipt) => {
                metrics::histogram!(DELIVERY_SECONDS).record(begun.elapsed());
                // One that was here already says nothing about the disk.
                if receipt.fresh {
                    self.inner.full.set(false);
                    self.inner.gone.set(false);
                }
            }
            Err(code) if code == DISK_FULL_CODE => self.inner.full.set(true),
            Err(_) => {}
        }
    }

    /// Counts what came of a delivery of which the caller was told to come back, or went away: its call counted nothing, or
    /// `busy`, and the next one is `known`. Its bytes are counted where its row is written.
    fn note_unheard(&self, result: &Result<Receipt, IngestError>) {
        match result {
            Ok(Receipt { fresh: true, .. }) => {
                metrics::counter!(DELIVERIES, "outcome" => "stored").increment(1);
                self.inner.full.set(false);
                self.inner.gone.set(false);
            }
            Ok(_) => {}
            Err(error) if error.code() == DISK_FULL_CODE => self.inner.full.set(true),
            Err(error) => tracing::warn!(%error, "an event whose device waits no more was not taken"),
        }
    }

    async fn take_in<B, E>(
        &self,
        identity: &DeviceIdentity,
        camera: CameraId,
        event: EventId,
        declared: Declared,
        body: Pin<&mut B>,
    ) -> Result<Receipt, IngestError>
    where
        B: Stream<Item = Result<Bytes, E>> + Send,
    {
        let bytes_max = self.inner.config.event_bytes_max;
        if declared.length > bytes_max {
            return Err(IngestError::TooLarge { bytes: declared.length, bytes_max });
        }
        if declared.length < intake::OBJECT_BYTES_MIN {
            return Err(IngestError::malformed("the event is shorter than any sealed object"));
        }
        let slot = self.slot(identity)?;
        let place = self.place(identity, camera, event).await?;
        let object = ObjectRef { home: identity.home(), camera, event };
        let mut writer = match self.claim(object).await? {
            Claim::Ours(writer) => writer,
            Claim::Known(stored) => return known(object, &stored, declared),
        };
        let limit = self.inner.config.upload_max(declared.length);
        let whole = timeout(limit, self.receive(&place, declared, body, &mut writer))
            .await
            .map_err(|_| IngestError::Interrupted { why: "it took too long" })??;
        let row = place.row(whole, Timestamp::now(), &self.inner.config)?;
        let finish =
            Finish { registry: self.inner.registry.clone(), vault: self.inner.vault.clone(), writer, row };
        run_to_its_end(self, slot, finish).await
    }

    /// A place among the deliveries under way, if the device and the server have one.
    fn slot(&self, identity: &DeviceIdentity) -> Result<Slot, IngestError> {
        let inner = &self.inner;
        inner
            .event_rate
            .take(identity.device(), Instant::now())
            .map_err(|wait| IngestError::TooMany { retry_after: wait.max(Duration::from_secs(1)) })?;
        let device = inner
            .device_uploads
            .begin(identity.device(), inner.config.device_uploads_max)
            .ok_or_else(|| IngestError::TooMany { retry_after: spread(1, 3) })?;
        let all = inner.uploads.clone().try_acquire_owned().map_err(|_| IngestError::busy())?;
        Ok(Slot { _device: device, _all: all })
    }

    /// The right to write this object, or what the delivery stored that was before it.
    async fn claim(&self, object: ObjectRef) -> Result<Claim, IngestError> {
        let deadline = Instant::now() + self.inner.config.claim_wait_max;
        loop {
            // Asked before the vault, so that what is durable is acknowledged when the disk is full, too.
            if let Some(stored) = self.known(object).await? {
                return Ok(Claim::Known(stored));
            }
            let begun = timeout(BEGIN_MAX, self.inner.vault.begin(object)).await;
            match begun.map_err(|_| IngestError::busy())? {
                Ok(writer) => {
                    // And after it: who held the claim until now may have stored it.
                    let known = self.known(object).await?;
                    return Ok(known.map_or(Claim::Ours(writer), Claim::Known));
                }
                Err(StoreError::Busy { .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(CLAIM_PAUSE_MS))).await;
                }
                Err(error) => return Err(refused(&error)),
            }
        }
    }

    /// What the registry knows of this event.
    async fn known(&self, object: ObjectRef) -> Result<Option<StoredEvent>, IngestError> {
        let stored = self.inner.registry.stored_event(object.camera, object.event).await;
        stored.map_err(|error| unavailable(&error))
    }

    /// Reads the body into the writer, and checks its header before anything after it is taken.
    async fn receive<B, E>(
        &self,
        place: &Place<'_>,
        declared: Declared,
        mut body: Pin<&mut B>,
        writer: &mut VaultWriter,
    ) -> Result<intake::Whole, IngestError>
    where
        B: Stream<Item = Result<Bytes, E>> + Send,
    {
        let idle_max = self.inner.config.idle_max;
        let mut intake = Intake::declared(declared);
        loop {
            let next = timeout(idle_max, body.next()).await;
            let chunk =
                match next.map_err(|_| IngestError::Interrupted { why: "nothing came for too long" })? {
                    None => break,
                    Some(Ok(chunk)) => chunk,
                    Some(Err(_)) => return Err(IngestError::Interrupted { why: "the connection broke" }),
                };
            let header_was_there = intake.header().is_some();
            intake.take(&chunk)?;
            if header_was_there {
                writer.write(&chunk).await.map_err(|error| refused(&error))?;
            } else if let Some(header) = intake.header() {
                place.check_header(header, Timestamp::now(), &self.inner.config)?;
                writer.write(&intake.held()).await.map_err(|error| refused(&error))?;
            }
        }
        intake.finish()
    }
}

enum Claim {
    Ours(VaultWriter),
    Known(StoredEvent),
}

/// The first delivery's result, if it stored this very object.
fn known(object: ObjectRef, stored: &StoredEvent, declared: Declared) -> Result<Receipt, IngestError> {
    if stored.digest != declared.digest {
        return Err(differs(object));
    }
    if stored.erased {
        return Err(IngestError::Erased);
    }
    let (received_at, bytes) = (stored.received_at, stored.bytes);
    Ok(Receipt { event: object.event, received_at, bytes, fresh: false })
}

/// The last steps, in a task of their own: a caller that goes away does not stop them half-way, nor does one that a slow
/// disk keeps waiting for so long that it is told to come back. The work is not done twice: as long as it goes on it
/// holds its place and the event's claim, and who comes back finds the event durable. What nobody waits for any more,
/// the task counts itself.
async fn run_to_its_end(ingest: &Ingest, slot: Slot, finish: Finish) -> Result<Receipt, IngestError> {
    let (tell, mut told) = oneshot::channel();
    let counts = ingest.clone();
    let task = tokio::spawn(async move {
        let result = finish.run().await;
        drop(slot);
        if let Err(unheard) = tell.send(result) {
            counts.note_unheard(&unheard);
        }
    });
    match timeout(ingest.inner.config.commit_max, &mut told).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => match task.await {
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            _ => Err(IngestError::busy()),
        },
        Err(_) => {
            // It may have ended in this moment: then it has told, and not counted.
            told.close();
            if let Ok(result) = told.try_recv() {
                return result;
            }
            tracing::warn!("the disk takes long to make an event durable: its device is told to come back");
            Err(IngestError::busy())
        }
    }
}

/// What a device is told of a vault's error.
pub(crate) fn refused(error: &StoreError) -> IngestError {
    match error {
        StoreError::Full => IngestError::DiskFull { retry_after: spread(30, 90) },
        StoreError::Busy { .. } | StoreError::Stopping => IngestError::busy(),
        StoreError::Interrupted | StoreError::NotDurable { .. } | StoreError::Disk(_) => {
            tracing::error!(%error, source = ?std::error::Error::source(error), "the vault took no event");
            IngestError::busy()
        }
    }
}

/// What a device is told of a registry's error.
pub(crate) fn unavailable(error: &RegistryError) -> IngestError {
    if matches!(error, RegistryError::DiskFull) {
        return IngestError::DiskFull { retry_after: spread(30, 90) };
    }
    tracing::warn!(%error, "the registry did not answer about an event");
    IngestError::busy()
}

/// Another object with this id is here.
pub(crate) fn differs(object: ObjectRef) -> IngestError {
    AlarmKind::EventDigestDiffers.raise();
    tracing::error!(
        alarm.kind = AlarmKind::EventDigestDiffers.label(),
        camera.id = %object.camera,
        event.id = %object.event,
        "alarm: a second object came under an event's id"
    );
    IngestError::DigestDiffers
}
