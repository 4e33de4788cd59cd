//! Home epochs: all that is sealed under a home's keys, sealed anew under new ones, in one transaction. No event is touched.

use std::collections::BTreeSet;

use ownsight_model::{CameraId, DeviceId, GrantId, Timestamp};
use rusqlite::params;

use crate::access::{Asker, Authority};
use crate::changes::ChangeKind;
use crate::configurations::add_all;
use crate::engine::Tx;
use crate::error::Step;
use crate::invitation_codes::{CodeRenewal, renew_codes};
use crate::members::{Issue, end_grant, has_owner, write_issue, write_roster};
use crate::rows::{CameraEpochRow, NewConfiguration, RosterRow};
use crate::shares::{ShareIssue, end_share, write_share};
use crate::sql::{exists, rows, run};
use crate::{HomeId, Registry, RegistryError};

/// A home under the keys of its next epoch.
#[derive(Debug, Clone)]
pub struct HomeRenewal {
    /// The roster, under the new keys: names home and epoch.
    pub roster: RosterRow,
    /// The home's name and zone.
    pub text: Vec<u8>,
    /// All former home keys.
    pub keyring: Vec<u8>,
    /// New keys for those who stay.
    pub issues: Vec<Issue>,
    /// Grants that end.
    pub ended: Vec<GrantId>,
    /// What shares hold from now on.
    pub shares: Vec<ShareIssue>,
    /// Shares that end.
    pub ended_shares: Vec<GrantId>,
    /// What becomes of invitations by code.
    pub codes: CodeRenewal,
    /// Each camera in use, and each draft.
    pub cameras: Vec<CameraRenewal>,
    /// Each paired device, and this server's own that waits.
    pub devices: Vec<DeviceRenewal>,
    /// A configuration for each paired device.
    pub configurations: Vec<NewConfiguration>,
}

/// A camera under the new keys.
#[derive(Debug, Clone)]
pub struct CameraRenewal {
    /// Its epoch: of the same tenure, camera epoch and salt as before.
    pub epoch: CameraEpochRow,
    /// Name and settings.
    pub text: Vec<u8>,
    /// Address, user and password.
    pub address: Option<Vec<u8>>,
}

/// A device under the new keys.
#[derive(Debug, Clone)]
pub struct DeviceRenewal {
    /// The device.
    pub device: DeviceId,
    /// Its name.
    pub text: Vec<u8>,
    /// The device key of its latest configuration.
    pub device_key: Vec<u8>,
}

impl Registry {
    /// Starts a home epoch. Invitations that nobody accepted and pairings that wait for their device end, whoever made them:
    /// what was made under the former keys must not lead to the new ones.
    ///
    /// [`RegistryError::Conflict`], and nothing is written, unless it is the epoch after the present one, made from the
    /// roster that is there, and names exactly the home's live grants, cameras and devices and who waits to be confirmed, and
    /// nobody waits to be admitted: what came in between would be left without keys. [`RegistryError::LastOwner`] if it leaves nobody as owner.
    pub async fn renew_home(&self, authority: &Authority, renewal: HomeRenewal) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| renew(tx, asker, &renewal, now)).await
    }
}

/// Writes a home epoch for who may.
pub(crate) fn renew(tx: &Tx<'_>, asker: Asker, renewal: &HomeRenewal, now: Timestamp) -> Step<()> {
    let home = renewal.roster.home;
    asker.owns(home)?;
    let epoch = renewal.roster.epoch;
    let id = home.as_bytes();
    let stepped = run(
        tx,
        "UPDATE homes SET epoch = ?2, text = ?3, keyring = ?4, epoch_due = 0 WHERE id = ?1 AND epoch = ?2 - 1",
        params![id, epoch.number(), renewal.text, renewal.keyring],
    )?;
    if stepped == 0 {
        return Err(RegistryError::Conflict.into());
    }
    write_roster(tx, &renewal.roster)?;
    for sql in ENDS_WITH_AN_EPOCH {
        run(tx, sql, [id])?;
    }
    renew_codes(tx, home, epoch, now, &renewal.codes)?;
    names_all(tx, home, renewal)?;
    for grant in &renewal.ended {
        end_grant(tx, *grant, home, now)?;
    }
    for issue in &renewal.issues {
        write_issue(tx, home, epoch, issue)?;
    }
    has_owner(tx, home)?;
    for share in &renewal.ended_shares {
        end_share(tx, *share, home, now)?;
    }
    run(tx, "UPDATE homes SET shares_due = 0 WHERE id = ?1", [id])?;
    for camera in &renewal.cameras {
        renew_camera(tx, home, renewal, camera)?;
    }
    for issue in &renewal.shares {
        write_share(tx, home, issue)?;
    }
    for device in &renewal.devices {
        run(
            tx,
            "UPDATE devices SET text = ?2, text_epoch = ?3, device_key = ?4, key_epoch = ?3 WHERE id = ?1",
            params![device.device.as_bytes(), device.text, epoch.number(), device.device_key],
        )?;
    }
    add_all(tx, asker, &renewal.configurations)?;
    tx.changed(home, ChangeKind::People);
    tx.changed(home, ChangeKind::Cameras);
    tx.scrub();
    Ok(())
}

/// What was begun under the former keys and nobody has finished.
const ENDS_WITH_AN_EPOCH: [&str; 5] = [
    "DELETE FROM share_epochs WHERE share IN (SELECT id FROM shares WHERE home = ?1 AND account IS NULL)",
    "DELETE FROM shares WHERE home = ?1 AND account IS NULL",
    "DELETE FROM invitations WHERE home = ?1 AND joined_at IS NULL",
    "DELETE FROM pairings WHERE device IN
       (SELECT id FROM devices WHERE home = ?1 AND standing = 1 AND local = 0)",
    "UPDATE devices SET standing = 3, device_key = x'' WHERE home = ?1 AND standing = 1 AND local = 0",
];

/// [`RegistryError::Conflict`] unless a renewal names all of a home, and nothing else.
fn names_all(tx: &Tx<'_>, home: HomeId, renewal: &HomeRenewal) -> Step<()> {
    fn same<T: Ord>(there: Vec<T>, named: impl Iterator<Item = T>) -> Step<()> {
        let named: Vec<T> = named.collect();
        let count = named.len();
        let named: BTreeSet<T> = named.into_iter().collect();
        if named.len() == count && there.into_iter().collect::<BTreeSet<T>>() == named {
            Ok(())
        } else {
            Err(RegistryError::Conflict.into())
        }
    }
    let home = home.as_bytes();
    let sql = "SELECT id FROM grants WHERE home = ?1 AND revoked_at IS NULL";
    let grants: Vec<GrantId> = rows(tx, "grants", sql, [home], |c| c.id("id"))?;
    same(grants, renewal.issues.iter().map(|issue| issue.grant).chain(renewal.ended.iter().copied()))?;
    let sql = "SELECT id FROM shares WHERE home = ?1 AND (revoked_at IS NULL OR epoch_due = 1)";
    let shares: Vec<GrantId> = rows(tx, "shares", sql, [home], |c| c.id("id"))?;
    let named = renewal.shares.iter().map(|issue| issue.share);
    same(shares, named.chain(renewal.ended_shares.iter().copied()))?;
    let sql = "SELECT id FROM cameras WHERE home = ?1 AND standing <> 3";
    let cameras: Vec<CameraId> = rows(tx, "cameras", sql, [home], |c| c.id("id"))?;
    same(cameras, renewal.cameras.iter().map(|camera| camera.epoch.camera))?;
    let sql = "SELECT id FROM devices WHERE home = ?1 AND standing <> 3";
    let devices: Vec<DeviceId> = rows(tx, "devices", sql, [home], |c| c.id("id"))?;
    same(devices, renewal.devices.iter().map(|device| device.device))?;
    let sql = "SELECT id FROM devices WHERE home = ?1 AND standing = 2";
    let paired: Vec<DeviceId> = rows(tx, "devices", sql, [home], |c| c.id("id"))?;
    same(paired, renewal.configurations.iter().map(|configuration| configuration.device))?;
    // Who accepted is in the roster before an epoch starts.
    if exists(tx, "SELECT 1 FROM invitations WHERE home = ?1", [home])? {
        return Err(RegistryError::Conflict.into());
    }
    Ok(())
}

fn renew_camera(tx: &Tx<'_>, home: HomeId, renewal: &HomeRenewal, camera: &CameraRenewal) -> Step<()> {
    let epoch = &camera.epoch;
    if epoch.home != home || epoch.home_epoch != renewal.roster.epoch {
        return Err(RegistryError::NotFound.into());
    }
    // The present row, under the number of the new home epoch.
    let inserted = run(
        tx,
        "INSERT INTO camera_epochs (camera, tenure, home_epoch, camera_epoch, home, salt, created_at)
         SELECT k.camera, k.tenure, ?2, k.camera_epoch, k.home, k.salt, ?5
         FROM cameras c JOIN camera_epochs k ON k.camera = c.id AND k.tenure = c.tenure
           AND k.home_epoch = c.home_epoch AND k.camera_epoch = c.camera_epoch
         WHERE c.id = ?1 AND c.tenure = ?3 AND c.camera_epoch = ?4 AND k.salt = ?6",
        params![
            epoch.camera.as_bytes(),
            epoch.home_epoch.number(),
            epoch.tenure.as_bytes(),
            epoch.camera_epoch.number(),
            epoch.created_at.as_micros(),
            epoch.salt
        ],
    )?;
    if inserted == 0 {
        return Err(RegistryError::Conflict.into());
    }
    run(
        tx,
        "UPDATE cameras SET text = ?2, address = ?3, home_epoch = ?4 WHERE id = ?1",
        params![epoch.camera.as_bytes(), camera.text, camera.address, epoch.home_epoch.number()],
    )?;
    Ok(())
}
