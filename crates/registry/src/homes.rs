//! Homes and grants.

use ownsight_model::{CameraId, GrantId, HomeId, Role, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Authorised, Authority};
use crate::camera_tests::open_tests;
use crate::cameras::{Which, cameras_of_home};
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::decode::{self, columns};
use crate::devices::{device_details, local};
use crate::engine::Tx;
use crate::error::Step;
use crate::invitation_codes::codes_of;
use crate::lockdowns::refuse_erasure;
use crate::members::{end_grant, grants_of, insert_roster, invitations_of, roster_of};
use crate::rows::{
    CameraEpochRow, CameraRow, DeviceDetail, DeviceRow, GrantRow, HomeRow, InvitationCodeRow, InvitationRow,
    RosterRow, ShareRow, TestRow,
};
use crate::sessions::announce;
use crate::shares::{cameras_of_shares, epochs_of_shares, shares_of_home};
use crate::sql::{exists, first, number, rows, run};
use crate::{Registry, RegistryError};

/// A home's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HomeDetail {
    /// Bytes of all objects kept for it.
    pub used_bytes: u64,
    /// Events kept, without stills.
    pub events: u64,
    /// When the oldest of them began.
    pub oldest_event_at: Option<Timestamp>,
    /// Accounts with a live grant of it.
    pub members: u32,
    /// What went in the last weeks because its space was used up.
    pub dropped: Option<Dropped>,
}

/// Events of a home that went because its space was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// How many.
    pub events: u64,
    /// When the first of them began.
    pub from: Timestamp,
    /// When the last of them began.
    pub to: Timestamp,
    /// When the last of them went.
    pub last_at: Timestamp,
}

/// All that an owner's request needs to write configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomePlan {
    /// Cameras in use, and drafts.
    pub cameras: Vec<CameraRow>,
    /// Devices that were not removed.
    pub devices: Vec<DeviceDetail>,
    /// Camera tests that have not expired.
    pub tests: Vec<TestRow>,
    /// Who is a member; `None` in a home that was made before there were rosters.
    pub roster: Option<RosterRow>,
    /// Live grants.
    pub grants: Vec<GrantRow>,
    /// Invitations that were neither withdrawn nor taken into the roster, and have not expired unless somebody accepted.
    pub invitations: Vec<InvitationRow>,
    /// Invitations by code that wait for somebody, or for being confirmed.
    pub codes: Vec<InvitationCodeRow>,
    /// Shares: offered, live, and those that ended and whose cameras wait for new keys.
    pub shares: Vec<ShareRow>,
    /// The cameras of shares that were accepted, as the registry finds them.
    pub share_cameras: Vec<(GrantId, CameraId)>,
    /// All epochs of the cameras that live shares name, each camera's oldest first.
    pub shared_epochs: Vec<CameraEpochRow>,
}

/// A change of a home's settings; `None` leaves as it is.
#[derive(Debug, Clone)]
pub struct HomeUpdate {
    /// The home.
    pub home: HomeId,
    /// Name and zone, sealed under the home key of its current epoch.
    pub text: Option<Vec<u8>>,
    /// Events older than this are erased.
    pub retention_days: Option<u32>,
    /// Oldest events are erased when the home's take more bytes.
    pub retention_bytes: Option<u64>,
}

impl Registry {
    /// A home's figures.
    pub async fn home(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
    ) -> Result<Option<Authorised<Option<HomeDetail>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if access.holds(home) { detail(connection, home).map(Some) } else { Ok(None) }
        })
        .await
    }

    /// All that is needed to write configurations for a home.
    pub async fn home_plan(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
    ) -> Result<Option<Authorised<Option<HomePlan>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if !access.holds(home) {
                return Ok(None);
            }
            plan(connection, home, now).map(Some)
        })
        .await
    }

    /// Changes a home's settings.
    pub async fn update_home(&self, authority: &Authority, update: HomeUpdate) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(update.home)?;
            let keeps_less = exists(
                tx,
                "SELECT 1 FROM homes WHERE id = ?1 AND (retention_days > ?2 OR retention_bytes > ?3)",
                params![update.home.as_bytes(), update.retention_days, update.retention_bytes.map(big)],
            )?;
            if keeps_less {
                refuse_erasure(tx, asker, None)?;
            }
            run(
                tx,
                "UPDATE homes SET text = coalesce(?2, text), retention_days = coalesce(?3, retention_days),
                   retention_bytes = coalesce(?4, retention_bytes) WHERE id = ?1",
                params![
                    update.home.as_bytes(),
                    update.text,
                    update.retention_days,
                    update.retention_bytes.map(big)
                ],
            )?;
            tx.changed(update.home, ChangeKind::Cameras);
            Ok(())
        })
        .await
    }

    /// Erases a home with all that is its: the wraps of its keys and the salts of its cameras are destroyed, its people's
    /// grants end, its devices are removed. Its events open for nobody from then on, and are forgotten by retention,
    /// which keeps nothing of it. Only for an owner: else [`RegistryError::NotLive`].
    pub async fn erase_home(&self, authority: &Authority, home: HomeId) -> Result<(), RegistryError> {
        let (now, grant) = (authority.now, authority.grant.map(|(grant, _)| grant));
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(home)?;
            let grants = grants_of(tx, home)?;
            if !grants.iter().any(|row| Some(row.id) == grant && row.role == Role::Owner) {
                return Err(RegistryError::NotLive.into());
            }
            refuse_erasure(tx, asker, None)?;
            for row in grants {
                end_grant(tx, row.id, home, now)?;
            }
            let at = params![home.as_bytes(), now.as_micros()];
            run(
                tx,
                "UPDATE cameras SET standing = 3, text = x'', address = NULL, device = NULL, erased_at = ?2
                 WHERE home = ?1 AND standing <> 3",
                at,
            )?;
            run(tx, "UPDATE tenures SET ended_at = ?2 WHERE home = ?1 AND ended_at IS NULL", at)?;
            run(
                tx,
                "UPDATE homes SET text = x'', keyring = x'', local_agent = 0, retention_days = 0, retention_bytes = 0,
                   epoch_due = 0, joins_due = 0, shares_due = 0, erased_at = ?2 WHERE id = ?1",
                at,
            )?;
            for sql in ERASED_WITH_A_HOME {
                run(tx, sql, [home.as_bytes()])?;
            }
            tx.changed(home, ChangeKind::People);
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// Adds a home to the account, with its grant.
    pub async fn create_home(
        &self,
        authority: &Authority,
        home: HomeRow,
        grant: GrantRow,
        roster: RosterRow,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            if grant.account != asker.account || grant.home != home.id || roster.home != home.id {
                return Err(RegistryError::NotFound.into());
            }
            insert_home(tx, &home)?;
            insert_grant(tx, &grant)?;
            insert_roster(tx, &roster)
        })
        .await
    }

    /// Adds a grant of the asker's home, to any account.
    pub async fn add_grant(&self, authority: &Authority, grant: GrantRow) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(grant.home)?;
            insert_grant(tx, &grant)?;
            tx.changed(grant.home, ChangeKind::Cameras);
            Ok(())
        })
        .await
    }

    /// Ends a grant at once and destroys its wrap, as when a member leaves or is removed; whether it was live.
    pub async fn revoke_grant(&self, grant: GrantId, now: Timestamp) -> Result<bool, RegistryError> {
        self.engine
            .write(move |tx| {
                let sql = "SELECT account FROM grants WHERE id = ?1 AND revoked_at IS NULL";
                let Some(account) = first(tx, "grants", sql, [grant.as_bytes()], |c| c.id("account"))? else {
                    return Ok(false);
                };
                // Before the grant ends: its home is among those that must ask again.
                announce(tx, account)?;
                run(
                    tx,
                    "UPDATE grants SET revoked_at = ?2, wrap = x'' WHERE id = ?1",
                    params![grant.as_bytes(), now.as_micros()],
                )?;
                tx.scrub();
                Ok(true)
            })
            .await
    }

    /// All homes, each with the bytes of the objects kept for it.
    pub async fn homes(&self) -> Result<Vec<(HomeRow, u64)>, RegistryError> {
        self.engine
            .statement(|connection| {
                let sql = concat!(
                    "SELECT ",
                    columns!(home "h"),
                    ", (SELECT coalesce(sum(bytes), 0) FROM usage u WHERE u.home = h.id) FROM homes h ORDER BY h.id"
                );
                rows(connection, "homes", sql, [], |c| Ok((decode::home(c)?, c.of("usage").number("bytes")?)))
            })
            .await
    }

    /// Homes for which this server runs an agent.
    pub async fn local_homes(&self) -> Result<Vec<HomeRow>, RegistryError> {
        self.engine
            .statement(|connection| {
                let sql = concat!(
                    "SELECT ",
                    columns!(home "h"),
                    " FROM homes h WHERE h.local_agent = 1 ORDER BY h.id"
                );
                rows(connection, "homes", sql, [], decode::home)
            })
            .await
    }

    /// The device that is this server's agent for a home: the paired one, else the latest that waits.
    pub async fn local_device(&self, home: HomeId) -> Result<Option<DeviceRow>, RegistryError> {
        self.engine.statement(move |connection| local(connection, home)).await
    }
}

/// What goes at once with a home. Of the rest retention keeps nothing.
const ERASED_WITH_A_HOME: [&str; 13] = [
    "UPDATE camera_epochs SET salt = zeroblob(32) WHERE home = ?1",
    "DELETE FROM gaps WHERE camera IN (SELECT id FROM cameras WHERE home = ?1)",
    "DELETE FROM reports WHERE device IN (SELECT id FROM devices WHERE home = ?1)",
    "DELETE FROM tests WHERE home = ?1",
    "DELETE FROM pairings WHERE device IN (SELECT id FROM devices WHERE home = ?1)",
    "DELETE FROM configurations WHERE device IN (SELECT id FROM devices WHERE home = ?1)",
    "UPDATE devices SET standing = 3, text = x'', device_key = x'', upload_key = NULL WHERE home = ?1",
    "DELETE FROM rosters WHERE home = ?1",
    "DELETE FROM space_erasures WHERE home = ?1",
    "DELETE FROM invitations WHERE home = ?1",
    "DELETE FROM invitation_codes WHERE home = ?1",
    "DELETE FROM share_epochs WHERE share IN (SELECT id FROM shares WHERE home = ?1)",
    "DELETE FROM shares WHERE home = ?1",
];

/// All that is needed to write configurations for a home.
pub(crate) fn plan(connection: &Connection, home: HomeId, now: Timestamp) -> Step<HomePlan> {
    Ok(HomePlan {
        cameras: cameras_of_home(connection, home, Which::ActiveAndDraft)?,
        devices: device_details(connection, home)?,
        tests: open_tests(connection, home, now)?,
        roster: roster_of(connection, home)?,
        grants: grants_of(connection, home)?,
        invitations: invitations_of(connection, home, now)?,
        codes: codes_of(connection, home, now)?,
        shares: shares_of_home(connection, home, now)?,
        share_cameras: cameras_of_shares(connection, home)?,
        shared_epochs: epochs_of_shares(connection, home)?,
    })
}

fn detail(connection: &Connection, home: HomeId) -> Step<HomeDetail> {
    let sql = "SELECT coalesce(sum(bytes), 0), coalesce(sum(events), 0) FROM usage WHERE home = ?1";
    let used = first(connection, "usage", sql, [home.as_bytes()], |c| {
        Ok((c.number("bytes")?, c.number("events")?))
    })?;
    let (used_bytes, events) = used.unwrap_or_default();
    let sql = "SELECT started_at FROM events WHERE home = ?1 AND erased_at IS NULL AND still = 0
               ORDER BY started_at LIMIT 1";
    let oldest = number(connection, sql, [home.as_bytes()])?;
    let sql = "SELECT count(DISTINCT account) FROM grants WHERE home = ?1 AND revoked_at IS NULL";
    let members = number(connection, sql, [home.as_bytes()])?.unwrap_or_default();
    let sql =
        "SELECT max(last_at), sum(events), min(from_at), max(to_at) FROM space_erasures WHERE home = ?1";
    let dropped = first(connection, "space_erasures", sql, [home.as_bytes()], |c| {
        c.joined(4, |c| {
            let last_at = c.time("last_at")?;
            let events = c.number("events")?;
            Ok(Dropped { events, from: c.time("from_at")?, to: c.time("to_at")?, last_at })
        })
    })?;
    Ok(HomeDetail {
        used_bytes,
        events,
        oldest_event_at: oldest.map(Timestamp::from_micros),
        members: u32::try_from(members).unwrap_or(u32::MAX),
        dropped: dropped.flatten(),
    })
}

pub(crate) fn insert_home(tx: &Tx<'_>, home: &HomeRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO homes (id, epoch, created_at, text, local_agent, retention_days, retention_bytes, keyring)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            home.id.as_bytes(),
            home.epoch.number(),
            home.created_at.as_micros(),
            home.text,
            home.local_agent,
            home.retention_days,
            big(home.retention_bytes),
            home.keyring
        ],
    )?;
    Ok(())
}

pub(crate) fn insert_grant(tx: &Tx<'_>, grant: &GrantRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO grants (id, account, home, role, epoch, created_at, wrap, away, member_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            grant.id.as_bytes(),
            grant.account.as_bytes(),
            grant.home.as_bytes(),
            grant.role.code(),
            grant.epoch.number(),
            grant.created_at.as_micros(),
            grant.wrap,
            grant.away,
            grant.member_key
        ],
    )?;
    Ok(())
}
