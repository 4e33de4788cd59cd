//! What devices deliver: whether it is a device's own, and that it is kept once.

use ownsight_model::{CameraId, DeviceId, EventId, HomeId, TestId, Timestamp};
use rusqlite::{Connection, params};

use crate::cameras::{camera_row, epochs_of_camera};
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::engine::Tx;
use crate::error::Step;
use crate::retention::{add_usage, remove};
use crate::rows::{CameraEpochRow, CameraRow, CameraStanding, EventRow};
use crate::sql::{exists, first, run};
use crate::{ObjectKey, Registry, RegistryError};

/// A camera of a device's home, with all that what it delivers may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraForDevice {
    /// The camera, of any standing.
    pub row: CameraRow,
    /// All its epochs in that home.
    pub epochs: Vec<CameraEpochRow>,
    /// Whether this device serves it.
    pub assigned: bool,
    /// The test of which it is the draft and this device the tester.
    pub test: Option<TestId>,
}

/// An object that was taken in before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// SHA-256 of the object.
    pub digest: [u8; 32],
    /// When it was durable here.
    pub received_at: Timestamp,
    /// Bytes of the object.
    pub bytes: u64,
    /// Whether it was erased since.
    pub erased: bool,
    /// If it was uploaded plainly: the MAC of the upload.
    pub upload_mac: Option<[u8; 32]>,
}

/// What became of an event that was to be inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertOutcome {
    /// Durable.
    Inserted {
        /// The still that gave way to this one: its object is to be erased from the vault. If the camera has a
        /// later still already, this is the one just delivered, which was not kept.
        replaced_still: Option<ObjectKey>,
    },
    /// The id is taken in that home: by this object if the digest is the same, else by another one.
    Exists(StoredEvent),
    /// The event or its camera was erased.
    Gone,
}

impl Registry {
    /// A camera of this device's home. `None` for a camera of another home, or none at all.
    pub async fn camera_for_device(
        &self,
        device: DeviceId,
        camera: CameraId,
    ) -> Result<Option<CameraForDevice>, RegistryError> {
        self.engine
            .snapshot(move |connection| {
                let Some(row) = camera_row(connection, camera)? else { return Ok(None) };
                let sql = "SELECT 1 FROM devices WHERE id = ?1 AND home = ?2";
                if !exists(connection, sql, params![device.as_bytes(), row.home.as_bytes()])? {
                    return Ok(None);
                }
                let sql = "SELECT id FROM tests WHERE draft = ?1 AND device = ?2";
                let parameters = params![camera.as_bytes(), device.as_bytes()];
                Ok(Some(CameraForDevice {
                    epochs: epochs_of_camera(connection, camera, row.home)?,
                    assigned: row.device == Some(device),
                    test: first(connection, "tests", sql, parameters, |c| c.id("id"))?,
                    row,
                }))
            })
            .await
    }

    /// What is kept under this id: of the camera, or of another camera of its home, because addresses name an event
    /// by its id alone (the digest then differs, since a header names its camera).
    pub async fn stored_event(
        &self,
        camera: CameraId,
        event: EventId,
    ) -> Result<Option<StoredEvent>, RegistryError> {
        self.engine.statement(move |connection| stored(connection, camera, event)).await
    }

    /// Keeps an event whose object is durable in the vault; repeating it changes nothing.
    ///
    /// [`RegistryError::NotFound`] if its home, tenure or epochs are not its camera's, or its device is unknown.
    pub async fn insert_event(&self, event: EventRow) -> Result<InsertOutcome, RegistryError> {
        self.engine.write(move |tx| insert(tx, &event)).await
    }
}

fn stored(connection: &Connection, camera: CameraId, event: EventId) -> Step<Option<StoredEvent>> {
    let sql = "SELECT e.digest, e.received_at, e.bytes, e.erased_at IS NOT NULL, e.upload_mac FROM events e
               WHERE e.camera = ?1 AND e.id = ?2
               UNION ALL
               SELECT e.digest, e.received_at, e.bytes, e.erased_at IS NOT NULL, e.upload_mac
               FROM cameras c JOIN events e ON e.home = c.home AND e.id = ?2 WHERE c.id = ?1
               LIMIT 1";
    first(connection, "events", sql, params![camera.as_bytes(), event.as_bytes()], |c| {
        Ok(StoredEvent {
            digest: c.array("digest")?,
            received_at: c.time("received_at")?,
            bytes: c.number("bytes")?,
            erased: c.flag("erased_at")?,
            upload_mac: c.joined(1, |c| c.array("upload_mac"))?,
        })
    })
}

fn insert(tx: &Tx<'_>, event: &EventRow) -> Step<InsertOutcome> {
    let Some(camera) = camera_row(tx, event.camera)? else { return Err(RegistryError::NotFound.into()) };
    if camera.home != event.home {
        return Err(RegistryError::NotFound.into());
    }
    if camera.standing == CameraStanding::Erased {
        return Ok(InsertOutcome::Gone);
    }
    match stored(tx, event.camera, event.id)? {
        Some(stored) if stored.erased && stored.digest == event.digest => return Ok(InsertOutcome::Gone),
        Some(stored) if is_sealed_anew(&stored, event) => {
            let sql = "DELETE FROM events WHERE camera = ?1 AND id = ?2 AND home = ?3";
            run(tx, sql, params![event.camera.as_bytes(), event.id.as_bytes(), event.home.as_bytes()])?;
            write(tx, event)?;
            return Ok(InsertOutcome::Inserted { replaced_still: None });
        }
        Some(stored) => return Ok(InsertOutcome::Exists(stored)),
        None => {}
    }
    let sql = "SELECT 1 FROM devices WHERE id = ?1 AND home = ?2";
    if !exists(tx, sql, params![event.device.as_bytes(), event.home.as_bytes()])? {
        return Err(RegistryError::NotFound.into());
    }
    let mut replaced_still = None;
    if event.still {
        match last(tx, event.camera)? {
            Some(last) if last.outlives(event) => {
                let superseded = ObjectKey { home: event.home, camera: event.camera, event: event.id };
                return Ok(InsertOutcome::Inserted { replaced_still: Some(superseded) });
            }
            Some(last) => {
                remove(tx, event.camera, last.id)?;
                replaced_still = Some(ObjectKey { home: last.home, camera: event.camera, event: last.id });
            }
            None => {}
        }
    }
    write(tx, event)?;
    add_usage(tx, event.home, event.camera, event.bytes, !event.still)?;
    tx.changed(
        event.home,
        match (camera.standing, event.still) {
            (CameraStanding::Draft, _) => ChangeKind::Tests,
            (_, true) => ChangeKind::Cameras,
            (_, false) => ChangeKind::Events,
        },
    );
    Ok(InsertOutcome::Inserted { replaced_still })
}

/// Whether it is the same plain upload, which each delivery seals under other keys: its first row was committed while its
/// answer was lost, and the vault has the later object by now.
fn is_sealed_anew(stored: &StoredEvent, event: &EventRow) -> bool {
    event.upload_mac.is_some()
        && stored.upload_mac == event.upload_mac
        && !stored.erased
        && stored.digest != event.digest
        && stored.bytes == event.bytes
}

struct LastStill {
    id: EventId,
    home: HomeId,
    started_at: Timestamp,
}

impl LastStill {
    /// Whether it stays although another came: devices send their newest first, so an older one can come later.
    /// One that claims a time still to come gives way, or a clock that once ran ahead would keep it for ever.
    fn outlives(&self, other: &EventRow) -> bool {
        (self.started_at, self.id) > (other.started_at, other.id) && self.started_at <= other.received_at
    }
}

fn last(tx: &Tx<'_>, camera: CameraId) -> Step<Option<LastStill>> {
    let sql = "SELECT id, home, started_at FROM events WHERE camera = ?1 AND still = 1 AND erased_at IS NULL";
    first(tx, "events", sql, [camera.as_bytes()], |c| {
        Ok(LastStill { id: c.id("id")?, home: c.id("home")?, started_at: c.time("started_at")? })
    })
}

fn write(tx: &Tx<'_>, event: &EventRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO events (id, camera, home, tenure, home_epoch, camera_epoch, device, started_at, ended_at, label,
           still, received_at, digest, bytes, header, trailer, upload_mac)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        params![
            event.id.as_bytes(),
            event.camera.as_bytes(),
            event.home.as_bytes(),
            event.tenure.as_bytes(),
            event.home_epoch.number(),
            event.camera_epoch.number(),
            event.device.as_bytes(),
            event.started_at.as_micros(),
            event.ended_at.as_micros(),
            event.label,
            event.still,
            event.received_at.as_micros(),
            event.digest,
            big(event.bytes),
            event.header,
            event.trailer,
            event.upload_mac
        ],
    )?;
    Ok(())
}
