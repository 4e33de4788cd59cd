//! What shares find: their events and cameras, and the shares themselves.

use std::collections::BTreeSet;

use ownsight_model::{AccountId, CameraId, EventId, GrantId, HomeId, Timestamp};
use rusqlite::{Connection, params};

use super::ShareCount;
use crate::access::{Authorised, access};
use crate::cameras::{camera_row, epochs_of_camera};
use crate::decode::{self, columns};
use crate::error::Step;
use crate::events::EventDetail;
use crate::marks::marks;
use crate::rows::{CameraEpochRow, CameraRow, CameraStanding, HomeRow, ShareRow};
use crate::sql::{first, number, rows};
use crate::{Registry, RegistryError};

/// Counting a share's events ends here.
const COUNTED_MAX: u32 = 10_000;

impl Registry {
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
                    epochs.extend(epochs_of_camera(connection, camera, home)?);
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
            let live = shares_of_home(connection, home, now)?.into_iter().filter(|share| !share.revoked);
            live.map(|share| counted(connection, &share)).collect()
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
                let Authorised { session, account, grants: _, shares, lockdowns, restored, data: () } = found;
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
                    restored,
                    data,
                }))
            })
            .await
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

/// A home's shares, oldest first: those that can still be accepted, live ones, and those whose cameras must get new keys.
pub(crate) fn shares_of_home(connection: &Connection, home: HomeId, now: Timestamp) -> Step<Vec<ShareRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(share "p"),
        " FROM shares p WHERE p.home = ?1 AND (p.revoked_at IS NULL OR p.epoch_due = 1)",
        " AND (p.account IS NOT NULL OR EXISTS (SELECT 1 FROM invitations i WHERE i.id = p.id AND i.expires_at > ?2))",
        " ORDER BY p.created_at, p.id"
    );
    rows(connection, "shares", sql, params![home.as_bytes(), now.as_micros()], decode::share)
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

/// The cameras of a home's shares, live or over.
pub(crate) fn cameras_of_shares(connection: &Connection, home: HomeId) -> Step<Vec<(GrantId, CameraId)>> {
    let sql = "SELECT DISTINCT q.share, q.camera FROM shares p JOIN share_epochs q ON q.share = p.id
               WHERE p.home = ?1 AND p.account IS NOT NULL AND (p.revoked_at IS NULL OR p.epoch_due = 1)";
    rows(connection, "share_epochs", sql, [home.as_bytes()], |c| Ok((c.id("share")?, c.id("camera")?)))
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
    ", o.event IS NOT NULL, e.not_event_at IS NOT NULL",
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

pub(super) fn found_by(
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
            marks: marks(c)?,
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
