//! Cameras, their tenures and epochs.

use std::time::Duration;

use ownsight_model::{CameraEpoch, CameraId, DeviceId, HomeEpoch, HomeId, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Asker, Authorised, Authority};
use crate::changes::ChangeKind;
use crate::configurations::add_all;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::{Failure, Step};
use crate::lockdowns::refuse_erasure;
use crate::reports::{self, latest};
use crate::rows::{CameraDetail, CameraEpochRow, CameraRow, CameraStanding, EventRow, NewConfiguration};
use crate::shares::{ShareIssue, covers, write_share};
use crate::sql::{exists, first, number, rows, run};
use crate::{ObjectKey, Registry, RegistryError};

/// A change of a camera; `None` leaves as it is.
#[derive(Debug, Clone)]
pub struct CameraUpdate {
    /// The camera.
    pub camera: CameraId,
    /// Name and settings, sealed under the text key of this camera epoch, which must be its present one.
    pub text: Option<(CameraEpoch, Vec<u8>)>,
    /// Its address, or none.
    pub address: Option<Option<Vec<u8>>>,
    /// The device that serves it, or none.
    pub device: Option<Option<DeviceId>>,
}

/// What erasing a camera left to do and to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasedCamera {
    /// Objects to be erased from the vault, stills too.
    pub objects: Vec<ObjectKey>,
    /// Events among them.
    pub events: u64,
    /// Bytes of the objects.
    pub bytes: u64,
}

const WEEK: Duration = Duration::from_hours(7 * 24);

/// Which cameras of a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Active,
    ActiveAndDraft,
}

impl Registry {
    /// The cameras in use, of one home or of all homes of the account, oldest first.
    pub async fn cameras(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: Option<HomeId>,
    ) -> Result<Option<Authorised<Vec<CameraDetail>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let mut details = Vec::new();
            for held in access.homes().into_iter().filter(|held| home.is_none_or(|home| home == *held)) {
                for camera in cameras_of_home(connection, held, Which::Active)? {
                    details.push(detail(connection, camera, now)?);
                }
            }
            Ok(details)
        })
        .await
    }

    /// A camera in use.
    pub async fn camera(
        &self,
        find: [u8; 32],
        now: Timestamp,
        camera: CameraId,
    ) -> Result<Option<Authorised<Option<CameraDetail>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| match camera_row(connection, camera)? {
            Some(row) if row.standing == CameraStanding::Active && access.holds(row.home) => {
                detail(connection, row, now).map(Some)
            }
            _ => Ok(None),
        })
        .await
    }

    /// Adds a camera in use, with its first tenure and epoch, and configurations that name it.
    pub async fn create_camera(
        &self,
        authority: &Authority,
        camera: CameraRow,
        configurations: Vec<NewConfiguration>,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            insert(tx, asker, &camera, CameraStanding::Active)?;
            add_all(tx, asker, &configurations)?;
            tx.changed(camera.home, ChangeKind::Cameras);
            Ok(())
        })
        .await
    }

    /// Changes a camera in use.
    pub async fn update_camera(
        &self,
        authority: &Authority,
        update: CameraUpdate,
        configurations: Vec<NewConfiguration>,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let home = owned(tx, asker, update.camera, CameraStanding::Active)?;
            change(tx, asker, &update)?;
            add_all(tx, asker, &configurations)?;
            tx.changed(home, ChangeKind::Cameras);
            Ok(())
        })
        .await
    }

    /// Erases a camera with all that is its: salts are zeroed, its tenure ends, its events become tombstones, and
    /// gaps and reports go. The row stays, so that its device is answered that it was erased.
    ///
    /// [`RegistryError::Conflict`] unless `issues` are all its live shares: what they hold from then on, without it.
    pub async fn erase_camera(
        &self,
        authority: &Authority,
        camera: CameraId,
        issues: Vec<ShareIssue>,
        configurations: Vec<NewConfiguration>,
    ) -> Result<ErasedCamera, RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let home = owned(tx, asker, camera, CameraStanding::Active)?;
            refuse_erasure(tx, asker, Some(camera))?;
            let named = issues.iter().map(|issue| issue.share).collect();
            covers(tx, std::iter::once(camera), &named, now)?;
            for issue in &issues {
                write_share(tx, home, issue)?;
            }
            let erased = erase(tx, camera, now)?;
            add_all(tx, asker, &configurations)?;
            tx.changed(home, ChangeKind::Cameras);
            tx.changed(home, ChangeKind::Events);
            Ok(erased)
        })
        .await
    }
}

const SELECT: &str = concat!(
    "SELECT ",
    columns!(camera "c"),
    ", ",
    columns!(epoch "k"),
    " FROM cameras c JOIN camera_epochs k ON k.camera = c.id AND k.tenure = c.tenure",
    " AND k.home_epoch = c.home_epoch AND k.camera_epoch = c.camera_epoch WHERE c.id = ?1"
);

/// A camera of any standing.
pub(crate) fn camera_row(connection: &Connection, camera: CameraId) -> Step<Option<CameraRow>> {
    first(connection, "cameras", SELECT, [camera.as_bytes()], decode::camera)
}

/// A home's cameras, oldest first.
pub(crate) fn cameras_of_home(connection: &Connection, home: HomeId, which: Which) -> Step<Vec<CameraRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(camera "c"),
        ", ",
        columns!(epoch "k"),
        " FROM cameras c JOIN camera_epochs k ON k.camera = c.id AND k.tenure = c.tenure",
        " AND k.home_epoch = c.home_epoch AND k.camera_epoch = c.camera_epoch",
        " WHERE c.home = ?1 AND c.standing IN (?2, ?3) ORDER BY c.created_at, c.id"
    );
    let other = match which {
        Which::Active => CameraStanding::Active,
        Which::ActiveAndDraft => CameraStanding::Draft,
    };
    rows(
        connection,
        "cameras",
        sql,
        params![home.as_bytes(), code(CameraStanding::Active), code(other)],
        decode::camera,
    )
}

/// All epochs of a camera in its present home, in order.
pub(crate) fn epochs_of_camera(
    connection: &Connection,
    camera: CameraId,
    home: HomeId,
) -> Step<Vec<CameraEpochRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(epoch "k"),
        " FROM camera_epochs k WHERE k.camera = ?1 AND k.home = ?2 ORDER BY k.created_at, k.home_epoch, k.camera_epoch"
    );
    rows(connection, "camera_epochs", sql, params![camera.as_bytes(), home.as_bytes()], decode::epoch)
}

/// As [`epochs_of_camera`], without a look where there is but the present one.
pub(crate) fn known_epochs(connection: &Connection, camera: &CameraRow) -> Step<Vec<CameraEpochRow>> {
    let present = &camera.epoch;
    if present.home_epoch == HomeEpoch::FIRST && present.camera_epoch == CameraEpoch::FIRST {
        return Ok(vec![present.clone()]);
    }
    epochs_of_camera(connection, camera.id, camera.home)
}

/// The camera's last still.
pub(crate) fn last_still(connection: &Connection, camera: CameraId) -> Step<Option<EventRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(event "e"),
        " FROM events e WHERE e.camera = ?1 AND e.still = 1 AND e.erased_at IS NULL"
    );
    first(connection, "events", sql, [camera.as_bytes()], decode::event)
}

fn detail(connection: &Connection, camera: CameraRow, now: Timestamp) -> Step<CameraDetail> {
    let sql = "SELECT events FROM usage WHERE home = ?1 AND camera = ?2";
    let events = number(connection, sql, params![camera.home.as_bytes(), camera.id.as_bytes()])?;
    let not_events = |since: i64| {
        let sql = "SELECT count(*) FROM events WHERE camera = ?1 AND not_event_at >= ?2 AND home = ?3";
        let count = number(connection, sql, params![camera.id.as_bytes(), since, camera.home.as_bytes()])?;
        Ok::<_, Failure>(u64::try_from(count.unwrap_or_default()).unwrap_or_default())
    };
    Ok(CameraDetail {
        report: latest(connection, reports::CAMERA, camera.id.as_bytes())?,
        still: last_still(connection, camera.id)?,
        events: u64::try_from(events.unwrap_or_default()).unwrap_or_default(),
        not_events: not_events(i64::MIN)?,
        not_events_week: not_events(now.minus(WEEK).as_micros())?,
        epochs: known_epochs(connection, &camera)?,
        camera,
    })
}

pub(crate) const fn code(standing: CameraStanding) -> u8 {
    match standing {
        CameraStanding::Draft => 1,
        CameraStanding::Active => 2,
        CameraStanding::Erased => 3,
    }
}

/// The home of a camera of this standing, which must be the asker's.
pub(crate) fn owned(tx: &Tx<'_>, asker: Asker, camera: CameraId, standing: CameraStanding) -> Step<HomeId> {
    let home = asker.home()?;
    let sql = "SELECT 1 FROM cameras WHERE id = ?1 AND home = ?2 AND standing = ?3";
    if exists(tx, sql, params![camera.as_bytes(), home.as_bytes(), code(standing)])? {
        Ok(home)
    } else {
        Err(RegistryError::NotFound.into())
    }
}

/// Refuses a device that is not a paired one of the asker's home.
pub(crate) fn serves(tx: &Tx<'_>, asker: Asker, device: DeviceId) -> Step<()> {
    let sql = "SELECT 1 FROM devices WHERE id = ?1 AND home = ?2 AND standing = 2";
    if exists(tx, sql, params![device.as_bytes(), asker.home()?.as_bytes()])? {
        Ok(())
    } else {
        Err(RegistryError::NotFound.into())
    }
}

/// Inserts a camera with its tenure, epoch and counters. The standing is what the operation stands for.
pub(crate) fn insert(tx: &Tx<'_>, asker: Asker, camera: &CameraRow, standing: CameraStanding) -> Step<()> {
    asker.owns(camera.home)?;
    let epoch = &camera.epoch;
    if epoch.camera != camera.id || epoch.home != camera.home {
        return Err(RegistryError::NotFound.into());
    }
    if let Some(device) = camera.device {
        serves(tx, asker, device)?;
    }
    run(
        tx,
        "INSERT INTO cameras (id, home, standing, device, created_at, text, address, tenure, home_epoch, camera_epoch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            camera.id.as_bytes(),
            camera.home.as_bytes(),
            code(standing),
            camera.device.as_ref().map(DeviceId::as_bytes),
            camera.created_at.as_micros(),
            camera.text,
            camera.address,
            epoch.tenure.as_bytes(),
            epoch.home_epoch.number(),
            epoch.camera_epoch.number()
        ],
    )?;
    run(
        tx,
        "INSERT INTO tenures (id, camera, home, began_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            epoch.tenure.as_bytes(),
            camera.id.as_bytes(),
            camera.home.as_bytes(),
            camera.created_at.as_micros()
        ],
    )?;
    insert_epoch(tx, epoch)?;
    run(
        tx,
        "INSERT INTO usage (home, camera, bytes, events) VALUES (?1, ?2, 0, 0)",
        params![camera.home.as_bytes(), camera.id.as_bytes()],
    )?;
    Ok(())
}

fn insert_epoch(tx: &Tx<'_>, epoch: &CameraEpochRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO camera_epochs (camera, tenure, home_epoch, camera_epoch, home, salt, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            epoch.camera.as_bytes(),
            epoch.tenure.as_bytes(),
            epoch.home_epoch.number(),
            epoch.camera_epoch.number(),
            epoch.home.as_bytes(),
            epoch.salt,
            epoch.created_at.as_micros()
        ],
    )?;
    Ok(())
}

/// Starts a camera epoch: a new salt, and so another secret. [`RegistryError::Conflict`] unless it is the one after the present,
/// in the same home, tenure and home epoch.
pub(crate) fn next_epoch(tx: &Tx<'_>, home: HomeId, epoch: &CameraEpochRow, text: &[u8]) -> Step<()> {
    let stepped = run(
        tx,
        "UPDATE cameras SET camera_epoch = ?5, text = ?6
         WHERE id = ?1 AND home = ?2 AND tenure = ?3 AND home_epoch = ?4 AND camera_epoch = ?5 - 1",
        params![
            epoch.camera.as_bytes(),
            home.as_bytes(),
            epoch.tenure.as_bytes(),
            epoch.home_epoch.number(),
            epoch.camera_epoch.number(),
            text
        ],
    )?;
    if stepped == 0 || epoch.home != home {
        return Err(RegistryError::Conflict.into());
    }
    insert_epoch(tx, epoch)
}

/// Writes what an update names; [`RegistryError::Conflict`] if the camera has another epoch by now.
pub(crate) fn change(tx: &Tx<'_>, asker: Asker, update: &CameraUpdate) -> Step<()> {
    let camera = update.camera.as_bytes();
    if let Some((epoch, text)) = &update.text {
        let sql = "UPDATE cameras SET text = ?2 WHERE id = ?1 AND camera_epoch = ?3";
        if run(tx, sql, params![camera, text, epoch.number()])? == 0 {
            return Err(RegistryError::Conflict.into());
        }
    }
    if let Some(address) = &update.address {
        run(tx, "UPDATE cameras SET address = ?2 WHERE id = ?1", params![camera, address])?;
    }
    if let Some(device) = &update.device {
        if let Some(device) = device {
            serves(tx, asker, *device)?;
        }
        let device = device.as_ref().map(DeviceId::as_bytes);
        run(tx, "UPDATE cameras SET device = ?2 WHERE id = ?1", params![camera, device])?;
    }
    Ok(())
}

/// Erases a camera of any standing and all that is its.
pub(crate) fn erase(tx: &Tx<'_>, camera: CameraId, now: Timestamp) -> Step<ErasedCamera> {
    let id = camera.as_bytes();
    let mut erased = ErasedCamera::default();
    let sql = "SELECT home, id, bytes, still FROM events WHERE camera = ?1 AND erased_at IS NULL";
    for (object, bytes, still) in rows(tx, "events", sql, [id], |c| {
        let object = ObjectKey { home: c.id("home")?, camera, event: c.id("id")? };
        Ok((object, c.number::<u64>("bytes")?, c.flag("still")?))
    })? {
        erased.objects.push(object);
        erased.bytes = erased.bytes.saturating_add(bytes);
        erased.events += u64::from(!still);
    }
    run(
        tx,
        "DELETE FROM opened WHERE (home, event) IN (SELECT home, id FROM events WHERE camera = ?1)",
        [id],
    )?;
    run(
        tx,
        "UPDATE events SET erased_at = ?2, header = x'', trailer = x'', not_event_at = NULL WHERE camera = ?1 AND erased_at IS NULL",
        params![id, now.as_micros()],
    )?;
    run(tx, "UPDATE usage SET bytes = 0, events = 0 WHERE camera = ?1", [id])?;
    run(tx, "UPDATE camera_epochs SET salt = zeroblob(32) WHERE camera = ?1", [id])?;
    run(
        tx,
        "UPDATE tenures SET ended_at = ?2 WHERE camera = ?1 AND ended_at IS NULL",
        params![id, now.as_micros()],
    )?;
    run(tx, "DELETE FROM gaps WHERE camera = ?1", [id])?;
    run(tx, "DELETE FROM reports WHERE kind = ?1 AND subject = ?2", params![reports::CAMERA, id])?;
    run(
        tx,
        "UPDATE cameras SET standing = ?2, text = x'', address = NULL, device = NULL, erased_at = ?3 WHERE id = ?1",
        params![id, code(CameraStanding::Erased), now.as_micros()],
    )?;
    tx.scrub();
    Ok(erased)
}
