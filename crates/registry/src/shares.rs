//! Shares: some cameras of a home for an account outside it. A share's rows find, as a grant's do; what it opens, and what may
//! be done with that, lies sealed in its contents.

use std::collections::BTreeSet;

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, EventId, GrantId, HomeEpoch, HomeId, TenureId, Timestamp,
};
use rusqlite::{Connection, params};

use crate::access::{Access, Asker, Authorised, Authority, access};
use crate::cameras::{camera_row, next_epoch};
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::configurations::add_all;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::events::EventDetail;
use crate::lockdowns::refuse_erasure_of;
use crate::members::{insert_invitation, replace_roster};
use crate::retention::entomb;
use crate::rows::{
    CameraEpochRow, CameraRow, CameraStanding, HomeRow, InvitationRow, NewConfiguration, RosterRow, ShareRow,
};
use crate::sessions::announce;
use crate::sql::{exists, first, number, rows, run};
use crate::{ObjectKey, Registry, RegistryError};

/// Shares of a home, offered and accepted.
pub const SHARES_MAX: u32 = 200;

/// Counting a share's events ends here.
const COUNTED_MAX: u32 = 10_000;

/// One epoch of one camera whose secret a share holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedEpoch {
    /// The camera.
    pub camera: CameraId,
    /// Its time in the home.
    pub tenure: TenureId,
    /// The home epoch.
    pub home_epoch: HomeEpoch,
    /// The camera epoch.
    pub camera_epoch: CameraEpoch,
}

impl From<&CameraEpochRow> for SharedEpoch {
    fn from(row: &CameraEpochRow) -> Self {
        Self {
            camera: row.camera,
            tenure: row.tenure,
            home_epoch: row.home_epoch,
            camera_epoch: row.camera_epoch,
        }
    }
}

/// What a share holds, sealed anew under a new share key.
#[derive(Debug, Clone)]
pub struct ShareIssue {
    /// The share.
    pub share: GrantId,
    /// To whom the key is sealed; `None`: to who will accept, in the invitation.
    pub account: Option<AccountId>,
    /// One more than before.
    pub serial: u64,
    /// The share key, sealed.
    pub wrap: Vec<u8>,
    /// What is shared, under the share key.
    pub contents: Vec<u8>,
    /// Events that began earlier are not part of it; before this moment it has not begun.
    pub from_at: Option<Timestamp>,
    /// When it ends.
    pub until_at: Option<Timestamp>,
    /// Whose secrets are in it.
    pub epochs: Vec<SharedEpoch>,
}

/// What becomes of a home's shares, in one step.
#[derive(Debug, Clone)]
pub struct ShareChange {
    /// The home.
    pub home: HomeId,
    /// The roster, where it changes.
    pub roster: Option<RosterRow>,
    /// A share to be offered, and what it holds.
    pub offered: Option<(InvitationRow, ShareIssue)>,
    /// Shares that hold something else from now on.
    pub issues: Vec<ShareIssue>,
    /// Shares that end.
    pub ended: Vec<GrantId>,
    /// Cameras that begin an epoch, each with its text under that.
    pub renewed: Vec<(CameraEpochRow, Vec<u8>)>,
    /// What the devices of these cameras believe next.
    pub configurations: Vec<NewConfiguration>,
}

/// How many events a share finds, and how many of them its account has opened; counting ends at 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareCount {
    /// The share.
    pub share: GrantId,
    /// Events that it finds now.
    pub events: u32,
    /// Of those, the ones that its account has opened.
    pub opened: u32,
}

impl Registry {
    /// Offers, changes and ends shares. [`RegistryError::Conflict`], and nothing is written, if the home, a camera or a share was
    /// changed meanwhile, or if a live share of a camera that begins an epoch is left without its secret.
    /// [`RegistryError::TooMany`].
    pub async fn change_shares(
        &self,
        authority: &Authority,
        change: ShareChange,
    ) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(change.home)?;
            if let Some(roster) = &change.roster {
                replace_roster(tx, asker, roster)?;
            }
            for share in &change.ended {
                end_share(tx, *share, change.home, now)?;
            }
            for (epoch, text) in &change.renewed {
                next_epoch(tx, change.home, epoch, text)?;
            }
            let named: BTreeSet<GrantId> = change.issues.iter().map(|issue| issue.share).collect();
            let renewed = change.renewed.iter().map(|(epoch, _)| epoch.camera);
            covers(tx, renewed, &named)?;
            if let Some((invitation, issue)) = &change.offered {
                offer(tx, asker, invitation, issue)?;
            }
            for issue in &change.issues {
                write_share(tx, change.home, issue)?;
            }
            add_all(tx, asker, &change.configurations)?;
            tx.changed(change.home, ChangeKind::People);
            if !change.renewed.is_empty() {
                tx.changed(change.home, ChangeKind::Cameras);
            }
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// All epochs of these cameras in this home, oldest first; none of a home without a live grant.
    pub async fn camera_epochs(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
        cameras: Vec<CameraId>,
    ) -> Result<Option<Authorised<Vec<CameraEpochRow>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let mut epochs = Vec::new();
            if access.holds(home) {
                for camera in cameras {
                    epochs.extend(crate::cameras::epochs_of_camera(connection, camera, home)?);
                }
            }
            Ok(epochs)
        })
        .await
    }

    /// The cameras in use of the account's shares.
    pub async fn shared_cameras(
        &self,
        find: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Authorised<Vec<CameraRow>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let mut cameras = BTreeSet::new();
            for (share, _) in &access.shares {
                cameras.extend(cameras_of_share(connection, share.id)?);
            }
            let mut found = Vec::new();
            for camera in cameras {
                found.extend(
                    camera_row(connection, camera)?.filter(|row| row.standing == CameraStanding::Active),
                );
            }
            Ok(found)
        })
        .await
    }

    /// What each live share of a home finds, for its people; none of a home without a live grant.
    pub async fn share_counts(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
    ) -> Result<Option<Authorised<Vec<ShareCount>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if !access.holds(home) {
                return Ok(Vec::new());
            }
            let live = shares_of_home(connection, home)?.into_iter().filter(|share| !share.revoked);
            live.map(|share| counted(connection, &share)).collect()
        })
        .await
    }

    /// Gives a share up: it is the asker's own. Its cameras get new keys at the next request of an owner or adult of their home.
    /// [`RegistryError::NotFound`] if the account has no such share.
    pub async fn leave_share(
        &self,
        find: [u8; 32],
        now: Timestamp,
        share: GrantId,
    ) -> Result<(), RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let sql = "SELECT 1 FROM shares WHERE id = ?1 AND account = ?2 AND revoked_at IS NULL";
            if !exists(tx, sql, params![share.as_bytes(), asker.account.as_bytes()])? {
                return Err(RegistryError::NotFound.into());
            }
            lose_share(tx, share, now)
        })
        .await
    }

    /// Puts a share key that came while its account was away under the account key, if it is still the one that was opened;
    /// whether it was.
    pub async fn settle_share(
        &self,
        find: [u8; 32],
        now: Timestamp,
        share: GrantId,
        sealed: Vec<u8>,
        wrap: Vec<u8>,
    ) -> Result<bool, RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let sql = "UPDATE shares SET wrap = ?4, away = 0
                       WHERE id = ?1 AND account = ?2 AND wrap = ?3 AND away = 1 AND revoked_at IS NULL";
            let account = asker.account.as_bytes();
            Ok(run(tx, sql, params![share.as_bytes(), account, sealed, wrap])? > 0)
        })
        .await
    }

    /// Erases an event that a live share of the asker's finds: it becomes a tombstone, and its object is to be erased from the
    /// vault. `None` if the share finds no such event.
    pub async fn erase_shared_event(
        &self,
        find: [u8; 32],
        now: Timestamp,
        share: GrantId,
        event: EventId,
    ) -> Result<Option<ObjectKey>, RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let own = shares_of_account(tx, asker.account, now)?;
            let share =
                own.into_iter().map(|(share, _)| share).find(|row| row.id == share && row.has_begun(now));
            let Some(share) = share else { return Err(RegistryError::NotLive.into()) };
            let found = found_by(tx, &share, asker.account, event)?;
            let Some(detail) = found.filter(|detail| !detail.event.still) else { return Ok(None) };
            let camera = detail.event.camera;
            refuse_erasure_of(tx, share.home, asker.account, Some(camera))?;
            entomb(tx, camera, event, now)
        })
        .await
    }

    /// One event or still that a live share of the account finds, in one transaction; `shares` has only those that do.
    pub(crate) async fn shared_event(
        &self,
        find: [u8; 32],
        now: Timestamp,
        event: EventId,
    ) -> Result<Option<Authorised<Option<EventDetail>>>, RegistryError> {
        self.engine
            .snapshot(move |connection| {
                let Some(found) = access(connection, &find, now)? else { return Ok(None) };
                let Authorised { session, account, grants: _, shares, lockdowns, data: () } = found;
                let (mut data, mut finding) = (None, Vec::new());
                for (share, home) in shares.into_iter().filter(|(share, _)| share.has_begun(now)) {
                    if let Some(detail) = found_by(connection, &share, account.id, event)? {
                        data.get_or_insert(detail);
                        finding.push((share, home));
                    }
                }
                Ok(Some(Authorised {
                    session,
                    account,
                    grants: Vec::new(),
                    shares: finding,
                    lockdowns,
                    data,
                }))
            })
            .await
    }
}

impl ShareRow {
    /// Whether it finds anything at this moment: an end by time is looked at where shares are read.
    pub fn has_begun(&self, now: Timestamp) -> bool {
        self.from_at.is_none_or(|from| from <= now)
    }
}

/// The account's live shares with their homes, those that begin later too.
pub(crate) fn shares_of_account(
    connection: &Connection,
    account: AccountId,
    now: Timestamp,
) -> Step<Vec<(ShareRow, HomeRow)>> {
    let sql = concat!(
        "SELECT ",
        columns!(share "p"),
        ", ",
        columns!(home "h"),
        " FROM shares p JOIN homes h ON h.id = p.home",
        " WHERE p.account = ?1 AND p.revoked_at IS NULL AND (p.until_at IS NULL OR p.until_at > ?2)",
        " ORDER BY p.created_at, p.id"
    );
    let parameters = params![account.as_bytes(), now.as_micros()];
    rows(connection, "shares", sql, parameters, |c| Ok((decode::share(c)?, decode::home(c)?)))
}

/// A home's shares, oldest first: offered, live, and those whose cameras must get new keys.
pub(crate) fn shares_of_home(connection: &Connection, home: HomeId) -> Step<Vec<ShareRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(share "p"),
        " FROM shares p WHERE p.home = ?1 AND (p.revoked_at IS NULL OR p.epoch_due = 1) ORDER BY p.created_at, p.id"
    );
    rows(connection, "shares", sql, [home.as_bytes()], decode::share)
}

/// All epochs of the cameras that a home's live shares name, each camera's oldest first.
pub(crate) fn epochs_of_shares(connection: &Connection, home: HomeId) -> Step<Vec<CameraEpochRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(epoch "k"),
        " FROM camera_epochs k WHERE k.home = ?1 AND k.camera IN (SELECT q.camera FROM shares p",
        " JOIN share_epochs q ON q.share = p.id WHERE p.home = ?1 AND p.revoked_at IS NULL)",
        " ORDER BY k.camera, k.created_at, k.home_epoch, k.camera_epoch"
    );
    rows(connection, "camera_epochs", sql, [home.as_bytes()], decode::epoch)
}

pub(crate) fn cameras_of_share(connection: &Connection, share: GrantId) -> Step<Vec<CameraId>> {
    let sql = "SELECT DISTINCT camera FROM share_epochs WHERE share = ?1";
    rows(connection, "share_epochs", sql, [share.as_bytes()], |c| c.id("camera"))
}

const FOUND_BY: &str = concat!(
    "SELECT ",
    columns!(event "e"),
    ", ",
    columns!(epoch "k"),
    ", ",
    columns!(camera "c"),
    ", ",
    columns!(epoch "ck"),
    ", o.event IS NOT NULL",
    " FROM events e",
    " JOIN share_epochs q ON q.share = ?1 AND q.camera = e.camera AND q.tenure = e.tenure",
    "   AND q.home_epoch = e.home_epoch AND q.camera_epoch = e.camera_epoch",
    " JOIN camera_epochs k ON k.camera = e.camera AND k.tenure = e.tenure",
    "   AND k.home_epoch = e.home_epoch AND k.camera_epoch = e.camera_epoch",
    " JOIN cameras c ON c.id = e.camera",
    " JOIN camera_epochs ck ON ck.camera = c.id AND ck.tenure = c.tenure",
    "   AND ck.home_epoch = c.home_epoch AND ck.camera_epoch = c.camera_epoch",
    " LEFT JOIN opened o ON o.home = e.home AND o.event = e.id AND o.account = ?4",
    " WHERE e.home = ?2 AND e.id = ?3 AND e.erased_at IS NULL AND e.started_at >= ?5"
);

fn found_by(
    connection: &Connection,
    share: &ShareRow,
    account: AccountId,
    event: EventId,
) -> Step<Option<EventDetail>> {
    let parameters = params![
        share.id.as_bytes(),
        share.home.as_bytes(),
        event.as_bytes(),
        account.as_bytes(),
        earliest(share)
    ];
    first(connection, "events", FOUND_BY, parameters, |c| {
        Ok(EventDetail {
            event: decode::event(c)?,
            epoch: decode::epoch(c)?,
            camera: decode::camera(c)?,
            device: None,
            opened: c.of("opened").flag("event")?,
        })
    })
}

/// Events that began before this moment are not the share's.
pub(crate) fn earliest(share: &ShareRow) -> i64 {
    share.from_at.map_or(i64::MIN, Timestamp::as_micros)
}

fn counted(connection: &Connection, share: &ShareRow) -> Step<ShareCount> {
    macro_rules! count {
        ($join:literal) => {
            concat!(
                "SELECT count(*) FROM (SELECT 1 FROM (SELECT DISTINCT camera FROM share_epochs WHERE share = ?1) s",
                " JOIN events e ON e.camera = s.camera AND e.erased_at IS NULL AND e.still = 0 AND e.started_at >= ?3",
                $join,
                " WHERE e.home = ?2 AND EXISTS (SELECT 1 FROM share_epochs q WHERE q.share = ?1 AND q.camera = e.camera",
                "   AND q.tenure = e.tenure AND q.home_epoch = e.home_epoch AND q.camera_epoch = e.camera_epoch)",
                " LIMIT ?4)"
            )
        };
    }
    let all = count!("");
    let opened = count!(" JOIN opened o ON o.home = e.home AND o.event = e.id AND o.account = ?5");
    let as_u32 = |number: Option<i64>| u32::try_from(number.unwrap_or_default()).unwrap_or(u32::MAX);
    let (share_id, home, from) = (share.id.as_bytes(), share.home.as_bytes(), earliest(share));
    let events = number(connection, all, params![share_id, home, from, COUNTED_MAX])?;
    let account = share.account.as_ref().map(AccountId::as_bytes);
    let opened = number(connection, opened, params![share_id, home, from, COUNTED_MAX, account])?;
    Ok(ShareCount { share: share.id, events: as_u32(events), opened: as_u32(opened) })
}

fn offer(tx: &Tx<'_>, asker: Asker, invitation: &InvitationRow, issue: &ShareIssue) -> Step<()> {
    let home = invitation.home;
    asker.owns(home)?;
    if invitation.id != issue.share || invitation.role.is_some() || issue.account.is_some() {
        return Err(RegistryError::NotFound.into());
    }
    let sql = "SELECT count(*) FROM shares WHERE home = ?1 AND revoked_at IS NULL";
    if number(tx, sql, [home.as_bytes()])?.is_none_or(|many| many >= i64::from(SHARES_MAX)) {
        return Err(RegistryError::TooMany.into());
    }
    insert_invitation(tx, invitation)?;
    run(
        tx,
        "INSERT INTO shares (id, home, account, serial, created_at, from_at, until_at, wrap, away, member_key, contents)
         VALUES (?1, ?2, NULL, ?3, ?4, ?5, ?6, x'', 0, x'', ?7)",
        params![
            issue.share.as_bytes(),
            home.as_bytes(),
            big(issue.serial),
            invitation.created_at.as_micros(),
            issue.from_at.map(Timestamp::as_micros),
            issue.until_at.map(Timestamp::as_micros),
            issue.contents
        ],
    )?;
    write_epochs(tx, home, issue)
}

/// [`RegistryError::Conflict`] unless all live shares of these cameras are named.
pub(crate) fn covers(
    tx: &Tx<'_>,
    cameras: impl Iterator<Item = CameraId>,
    named: &BTreeSet<GrantId>,
) -> Step<()> {
    for camera in cameras {
        let sql = "SELECT DISTINCT q.share FROM share_epochs q JOIN shares p ON p.id = q.share
                   WHERE q.camera = ?1 AND p.revoked_at IS NULL";
        let shares: Vec<GrantId> = rows(tx, "share_epochs", sql, [camera.as_bytes()], |c| c.id("share"))?;
        if !shares.iter().all(|share| named.contains(share)) {
            return Err(RegistryError::Conflict.into());
        }
    }
    Ok(())
}

/// Puts what a live share of this home holds into the place of what it held.
pub(crate) fn write_share(tx: &Tx<'_>, home: HomeId, issue: &ShareIssue) -> Step<()> {
    let account = issue.account.as_ref().map(AccountId::as_bytes);
    let written = run(
        tx,
        "UPDATE shares SET serial = ?4, contents = ?5, from_at = ?6, until_at = ?7
         WHERE id = ?1 AND home = ?2 AND account IS ?3 AND serial = ?4 - 1 AND revoked_at IS NULL",
        params![
            issue.share.as_bytes(),
            home.as_bytes(),
            account,
            big(issue.serial),
            issue.contents,
            issue.from_at.map(Timestamp::as_micros),
            issue.until_at.map(Timestamp::as_micros)
        ],
    )?;
    let sql = match account {
        Some(_) => "UPDATE shares SET wrap = ?2, away = 1 WHERE id = ?1",
        None => "UPDATE invitations SET wrap = ?2 WHERE id = ?1 AND joined_at IS NULL",
    };
    if written == 0 || run(tx, sql, params![issue.share.as_bytes(), issue.wrap])? == 0 {
        return Err(RegistryError::Conflict.into());
    }
    run(tx, "DELETE FROM share_epochs WHERE share = ?1", [issue.share.as_bytes()])?;
    write_epochs(tx, home, issue)
}

/// Only cameras of this home: what else would be found by it.
fn write_epochs(tx: &Tx<'_>, home: HomeId, issue: &ShareIssue) -> Step<()> {
    for epoch in &issue.epochs {
        let written = run(
            tx,
            "INSERT INTO share_epochs (share, camera, tenure, home_epoch, camera_epoch)
             SELECT ?1, k.camera, k.tenure, k.home_epoch, k.camera_epoch FROM camera_epochs k
             WHERE k.camera = ?3 AND k.tenure = ?4 AND k.home_epoch = ?5 AND k.camera_epoch = ?6 AND k.home = ?2",
            params![
                issue.share.as_bytes(),
                home.as_bytes(),
                epoch.camera.as_bytes(),
                epoch.tenure.as_bytes(),
                epoch.home_epoch.number(),
                epoch.camera_epoch.number()
            ],
        )?;
        if written == 0 {
            return Err(RegistryError::Conflict.into());
        }
    }
    Ok(())
}

/// Ends a share of this home, offered or accepted, whose cameras have new keys; [`RegistryError::Conflict`] if there is none.
pub(crate) fn end_share(tx: &Tx<'_>, share: GrantId, home: HomeId, now: Timestamp) -> Step<()> {
    let id = share.as_bytes();
    let sql = "SELECT 1 FROM shares WHERE id = ?1 AND home = ?2 AND (revoked_at IS NULL OR epoch_due = 1)";
    if !exists(tx, sql, params![id, home.as_bytes()])? {
        return Err(RegistryError::Conflict.into());
    }
    close_share(tx, share, now, false)?;
    run(tx, "DELETE FROM invitations WHERE id = ?1", [id])?;
    Ok(())
}

/// Ends a live share without new keys for its cameras: they are due.
pub(crate) fn lose_share(tx: &Tx<'_>, share: GrantId, now: Timestamp) -> Step<()> {
    close_share(tx, share, now, true)?;
    let sql = "SELECT home FROM shares WHERE id = ?1";
    if let Some(home) = first(tx, "shares", sql, [share.as_bytes()], |c| c.id("home"))? {
        tx.changed(home, ChangeKind::People);
    }
    Ok(())
}

fn close_share(tx: &Tx<'_>, share: GrantId, now: Timestamp, epoch_due: bool) -> Step<()> {
    let id = share.as_bytes();
    let sql = "SELECT account FROM shares WHERE id = ?1 AND account IS NOT NULL";
    if let Some(account) = first(tx, "shares", sql, [id], |c| c.id("account"))? {
        announce(tx, account)?;
    }
    run(
        tx,
        "UPDATE shares SET revoked_at = coalesce(revoked_at, ?2), epoch_due = ?3, wrap = x'', member_key = x'',
           contents = x'' WHERE id = ?1",
        params![id, now.as_micros(), epoch_due],
    )?;
    run(tx, "DELETE FROM share_epochs WHERE share = ?1", [id])?;
    tx.scrub();
    Ok(())
}

/// Ends all live shares of an account that is erased.
pub(crate) fn lose_shares_of(tx: &Tx<'_>, account: AccountId, now: Timestamp) -> Step<()> {
    let sql = "SELECT id FROM shares WHERE account = ?1 AND revoked_at IS NULL";
    for share in rows(tx, "shares", sql, [account.as_bytes()], |c| c.id("id"))? {
        lose_share(tx, share, now)?;
    }
    Ok(())
}

impl Access {
    /// Whether a live share of the account is of this home.
    pub(crate) fn shares_in(&self, home: HomeId) -> bool {
        self.shares.iter().any(|(share, _)| share.home == home)
    }
}
