//! Devices: what they are to a home, and when they called.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ownsight_model::{CameraId, DeviceId, HomeEpoch, HomeId, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Asker, Authorised, Authority};
use crate::cameras::next_epoch;
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::pairings::pairing_of;
use crate::reports::{self, latest};
use crate::rows::{CameraEpochRow, DeviceDetail, DeviceLeft, DeviceRow, DeviceStanding};
use crate::shares::{ShareIssue, covers, write_share};
use crate::sql::{first, rows, run};
use crate::{Registry, RegistryError};

/// A device's calls are written at most this often.
const TOUCH_EVERY: Duration = Duration::from_secs(10);
/// Devices of which the last written call is remembered; when there are more, all are forgotten and written again.
const TOUCHED_MAX: usize = 65_536;
/// Bytes of a version that are kept.
const VERSION_MAX: usize = 200;

/// What was last written of each device's calls.
#[derive(Debug, Default)]
pub(crate) struct Touched(Mutex<HashMap<DeviceId, (Timestamp, Option<String>)>>);

impl Touched {
    /// Whether a call is worth writing; remembers it if so.
    fn worth(&self, device: DeviceId, at: Timestamp, version: Option<&String>) -> bool {
        // A map whose entries are each written in one step is whole even after a panic.
        let mut touched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, known)) = touched.get(&device) {
            let soon = last.as_micros().abs_diff(at.as_micros()) < TOUCH_EVERY.as_micros() as u64;
            if soon && (version.is_none() || version == known.as_ref()) {
                return false;
            }
        }
        if touched.len() >= TOUCHED_MAX {
            touched.clear();
        }
        touched.insert(device, (at, version.cloned()));
        true
    }

    fn forget(&self, device: DeviceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&device);
    }
}

/// What a removed device leaves behind: the cameras that it served, and what it has not delivered.
#[derive(Debug, Clone, Default)]
pub struct LeftBehind {
    /// Those that begin the epoch after their present one, each with its text under that.
    pub renewed: Vec<(CameraEpochRow, Vec<u8>)>,
    /// Those that have to stay in their epoch.
    pub unopened: Vec<CameraId>,
    /// What the live shares of those that begin an epoch hold from then on.
    pub issues: Vec<ShareIssue>,
    /// What is still taken from it.
    pub remainder: Remainder,
}

/// What is still taken from a device that people remove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Remainder {
    /// Nothing: it is lost, or stolen.
    #[default]
    Refused,
    /// What it recorded until then, for 30 days.
    Taken,
}

impl Registry {
    /// A home's devices that were not removed, oldest first. None for a home without a live grant.
    pub async fn devices(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
    ) -> Result<Option<Authorised<Vec<DeviceDetail>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if access.holds(home) { device_details(connection, home) } else { Ok(Vec::new()) }
        })
        .await
    }

    /// A device that was not removed.
    pub async fn device(
        &self,
        find: [u8; 32],
        now: Timestamp,
        device: DeviceId,
    ) -> Result<Option<Authorised<Option<DeviceDetail>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| match device_row(connection, device)? {
            Some(row) if row.standing != DeviceStanding::Removed && access.holds(row.home) => {
                detail(connection, row).map(Some)
            }
            _ => Ok(None),
        })
        .await
    }

    /// Renames a device. `epoch` is the home epoch under which the text is sealed.
    pub async fn update_device_text(
        &self,
        authority: &Authority,
        device: DeviceId,
        text: Vec<u8>,
        epoch: HomeEpoch,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, device)?;
            run(
                tx,
                "UPDATE devices SET text = ?2, text_epoch = ?3 WHERE id = ?1",
                params![device.as_bytes(), text, epoch.number()],
            )?;
            tx.changed(row.home, ChangeKind::Devices);
            Ok(())
        })
        .await
    }

    /// Removes a device, or cancels its pairing. Its cameras stay, without a device and under a new camera epoch each; its
    /// key and configurations, and its reports on them, are destroyed.
    ///
    /// What it has not delivered is taken or not, as `left` says; nothing of a device that was not paired.
    ///
    /// [`RegistryError::Conflict`], and nothing is written, unless `left` names exactly its cameras and drafts, and all live
    /// shares of those that begin an epoch.
    pub async fn remove_device(
        &self,
        authority: &Authority,
        device: DeviceId,
        left: LeftBehind,
    ) -> Result<(), RegistryError> {
        let LeftBehind { renewed, unopened, issues, remainder } = left;
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, device)?;
            let id = device.as_bytes();
            let sql = "SELECT id FROM cameras WHERE device = ?1 ORDER BY id";
            let served: Vec<CameraId> = rows(tx, "cameras", sql, [id], |c| c.id("id"))?;
            let named = renewed.iter().map(|(epoch, _)| epoch.camera).chain(unopened);
            let mut named: Vec<CameraId> = named.collect();
            named.sort_unstable();
            if served != named {
                return Err(RegistryError::Conflict.into());
            }
            for (epoch, text) in &renewed {
                next_epoch(tx, row.home, epoch, text)?;
                let sql = "DELETE FROM reports WHERE kind = ?1 AND subject = ?2";
                run(tx, sql, params![reports::CAMERA, epoch.camera.as_bytes()])?;
            }
            let issued: BTreeSet<_> = issues.iter().map(|issue| issue.share).collect();
            covers(tx, renewed.iter().map(|(epoch, _)| epoch.camera), &issued, now)?;
            for issue in &issues {
                write_share(tx, row.home, issue)?;
            }
            end_device(tx, device)?;
            // One that uploads plainly keeps nothing that it could deliver.
            let delivers = row.standing == DeviceStanding::Paired && row.upload_key.is_none();
            if remainder == Remainder::Taken && delivers {
                note_left(tx, device, DeviceLeft { at: now, itself: false })?;
            }
            tx.changed(row.home, ChangeKind::Devices);
            tx.changed(row.home, ChangeKind::Cameras);
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// A device leaves its home by itself, as it was paired elsewhere: like a removal, but that what it recorded until `at` is
    /// still taken from it. Its cameras are without a device at once; a new home epoch, which closes what it holds of them, is
    /// due. [`RegistryError::NotFound`] unless it is paired and this is its credential.
    pub async fn leave_device(
        &self,
        device: DeviceId,
        credential_hash: [u8; 32],
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                let row = device_row(tx, device)?.filter(|row| {
                    row.standing == DeviceStanding::Paired && row.credential_hash == Some(credential_hash)
                });
                let home = row.ok_or(RegistryError::NotFound)?.home;
                let sql = "DELETE FROM reports WHERE kind = ?1 AND subject IN (SELECT id FROM cameras WHERE device = ?2)";
                run(tx, sql, params![reports::CAMERA, device.as_bytes()])?;
                end_device(tx, device)?;
                note_left(tx, device, DeviceLeft { at, itself: true })?;
                run(tx, "UPDATE homes SET epoch_due = 1 WHERE id = ?1", [home.as_bytes()])?;
                tx.changed(home, ChangeKind::Devices);
                tx.changed(home, ChangeKind::Cameras);
                tx.scrub();
                Ok(())
            })
            .await
    }

    /// The device with this id and credential: of any standing, also one that waits and whose answer to its
    /// pairing names this credential.
    pub async fn device_by_credential(
        &self,
        device: DeviceId,
        credential_hash: [u8; 32],
    ) -> Result<Option<DeviceRow>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = concat!(
                    "SELECT ",
                    columns!(device "d"),
                    " FROM devices d LEFT JOIN pairings p ON p.device = d.id AND d.standing = 1",
                    " WHERE d.id = ?1 AND (d.credential_hash = ?2 OR p.answer_credential_hash = ?2)"
                );
                first(connection, "devices", sql, params![device.as_bytes(), credential_hash], decode::device)
            })
            .await
    }

    /// Notes that a device called, with the program and version that it named. Written at most every ten seconds
    /// for each device, unless the version changed.
    pub async fn touch_device(
        &self,
        device: DeviceId,
        at: Timestamp,
        version: Option<String>,
    ) -> Result<(), RegistryError> {
        let version = version.map(|version| clipped(&version));
        if !self.touched.worth(device, at, version.as_ref()) {
            return Ok(());
        }
        let written = self
            .engine
            .write(move |tx| {
                run(
                    tx,
                    "UPDATE devices SET seen_at = max(coalesce(seen_at, ?2), ?2), version = coalesce(?3, version)
                     WHERE id = ?1",
                    params![device.as_bytes(), at.as_micros(), version],
                )?;
                Ok(())
            })
            .await;
        if written.is_err() {
            self.touched.forget(device);
        }
        written
    }
}

/// At most [`VERSION_MAX`] bytes of a version, cut between characters.
pub(crate) fn clipped(version: &str) -> String {
    let mut end = version.len().min(VERSION_MAX);
    while !version.is_char_boundary(end) {
        end -= 1;
    }
    version.get(..end).unwrap_or_default().to_owned()
}

pub(crate) const fn code(standing: DeviceStanding) -> u8 {
    match standing {
        DeviceStanding::Waiting => 1,
        DeviceStanding::Paired => 2,
        DeviceStanding::Removed => 3,
    }
}

/// A device of any standing.
pub(crate) fn device_row(connection: &Connection, device: DeviceId) -> Step<Option<DeviceRow>> {
    let sql = concat!("SELECT ", columns!(device "d"), " FROM devices d WHERE d.id = ?1");
    first(connection, "devices", sql, [device.as_bytes()], decode::device)
}

/// A home's devices that were not removed, oldest first.
pub(crate) fn device_details(connection: &Connection, home: HomeId) -> Step<Vec<DeviceDetail>> {
    let sql = concat!(
        "SELECT ",
        columns!(device "d"),
        " FROM devices d WHERE d.home = ?1 AND d.standing <> 3 ORDER BY d.created_at, d.id"
    );
    rows(connection, "devices", sql, [home.as_bytes()], decode::device)?
        .into_iter()
        .map(|device| detail(connection, device))
        .collect()
}

fn detail(connection: &Connection, device: DeviceRow) -> Step<DeviceDetail> {
    Ok(DeviceDetail {
        pairing: pairing_of(connection, device.id)?,
        report: latest(connection, reports::DEVICE, device.id.as_bytes())?,
        device,
    })
}

/// The device that is this server's agent for a home.
pub(crate) fn local(connection: &Connection, home: HomeId) -> Step<Option<DeviceRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(device "d"),
        " FROM devices d WHERE d.home = ?1 AND d.local = 1 AND d.standing <> 3",
        " ORDER BY d.standing DESC, d.created_at DESC, d.id DESC"
    );
    first(connection, "devices", sql, [home.as_bytes()], decode::device)
}

/// A device of the asker's home that was not removed.
pub(crate) fn owned(tx: &Tx<'_>, asker: Asker, device: DeviceId) -> Step<DeviceRow> {
    let home = asker.home()?;
    device_row(tx, device)?
        .filter(|row| row.home == home && row.standing != DeviceStanding::Removed)
        .ok_or_else(|| RegistryError::NotFound.into())
}

pub(crate) fn insert(tx: &Tx<'_>, device: &DeviceRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO devices (id, home, standing, agent, local, public_key, credential_hash, text, text_epoch,
           created_at, paired_at, seen_at, version, latest_serial, acknowledged_serial, key_epoch, device_key)
         VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL, ?6, ?7, ?8, NULL, NULL, ?9, ?10, ?11, ?12, ?13)",
        params![
            device.id.as_bytes(),
            device.home.as_bytes(),
            code(DeviceStanding::Waiting),
            device.agent,
            device.local,
            device.text,
            device.text_epoch.number(),
            device.created_at.as_micros(),
            device.version.as_deref().map(clipped),
            big(device.latest_serial),
            big(device.acknowledged_serial),
            device.key_epoch.number(),
            device.device_key
        ],
    )?;
    Ok(())
}

/// Notes what is still taken from a device that has ended.
fn note_left(tx: &Tx<'_>, device: DeviceId, left: DeviceLeft) -> Step<()> {
    run(
        tx,
        "UPDATE devices SET left_at = ?2, left_itself = ?3 WHERE id = ?1",
        params![device.as_bytes(), left.at.as_micros(), left.itself],
    )?;
    Ok(())
}

/// Ends a device: its credential, its pairing and what it was told are gone, and it serves no camera.
pub(crate) fn end_device(tx: &Tx<'_>, device: DeviceId) -> Step<()> {
    let id = device.as_bytes();
    run(tx, "UPDATE cameras SET device = NULL WHERE device = ?1", [id])?;
    run(tx, "DELETE FROM pairings WHERE device = ?1", [id])?;
    run(tx, "DELETE FROM configurations WHERE device = ?1", [id])?;
    run(tx, "DELETE FROM reports WHERE kind = ?1 AND subject = ?2", params![reports::DEVICE, id])?;
    run(
        tx,
        "UPDATE devices SET standing = ?2, device_key = x'', upload_key = NULL WHERE id = ?1",
        params![id, code(DeviceStanding::Removed)],
    )?;
    Ok(())
}
