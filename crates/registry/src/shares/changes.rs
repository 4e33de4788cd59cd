//! Shares as a home's people make, change and end them, with the camera epochs that belong to it.

use std::collections::BTreeSet;

use ownsight_model::{AccountId, CameraId, GrantId, HomeId, Timestamp};
use rusqlite::params;

use super::{SHARES_MAX, ShareChange, ShareIssue};
use crate::access::{Asker, Authority};
use crate::cameras::next_epoch;
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::configurations::add_all;
use crate::engine::Tx;
use crate::error::Step;
use crate::members::{insert_invitation, replace_roster};
use crate::rows::InvitationRow;
use crate::sessions::announce;
use crate::sql::{exists, first, number, rows, run};
use crate::{Registry, RegistryError};

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
            for share in &change.lost {
                is_of(tx, *share, change.home)?;
                lose_share(tx, *share, now)?;
            }
            for (epoch, text) in &change.renewed {
                next_epoch(tx, change.home, epoch, text)?;
            }
            let named: BTreeSet<GrantId> = change.issues.iter().map(|issue| issue.share).collect();
            let renewed = change.renewed.iter().map(|(epoch, _)| epoch.camera);
            covers(tx, renewed, &named, now)?;
            if let Some((invitation, issue)) = &change.offered {
                offer(tx, asker, invitation, issue)?;
            }
            for issue in &change.issues {
                write_share(tx, change.home, issue)?;
            }
            add_all(tx, asker, &change.configurations)?;
            note_due(tx, change.home)?;
            tx.changed(change.home, ChangeKind::People);
            if !change.renewed.is_empty() {
                tx.changed(change.home, ChangeKind::Cameras);
            }
            tx.scrub();
            Ok(())
        })
        .await
    }
}

fn offer(tx: &Tx<'_>, asker: Asker, invitation: &InvitationRow, issue: &ShareIssue) -> Step<()> {
    let home = invitation.home;
    asker.owns(home)?;
    if invitation.id != issue.share || invitation.role.is_some() || issue.account.is_some() {
        return Err(RegistryError::NotFound.into());
    }
    let sql = "SELECT count(*) FROM shares WHERE home = ?1 AND revoked_at IS NULL";
    if number(tx, sql, [home.as_bytes()])?.is_none_or(|many| many >= i64::from(SHARES_MAX)) {
        return Err(RegistryError::TooMany { max: SHARES_MAX }.into());
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

/// [`RegistryError::Conflict`] unless all live shares of these cameras are named, and those that can still be accepted.
pub(crate) fn covers(
    tx: &Tx<'_>,
    cameras: impl Iterator<Item = CameraId>,
    named: &BTreeSet<GrantId>,
    now: Timestamp,
) -> Step<()> {
    for camera in cameras {
        let sql = "SELECT DISTINCT q.share FROM share_epochs q JOIN shares p ON p.id = q.share
                   WHERE q.camera = ?1 AND p.revoked_at IS NULL AND (p.account IS NOT NULL OR EXISTS
                     (SELECT 1 FROM invitations i WHERE i.id = p.id AND i.expires_at > ?2))";
        let parameters = params![camera.as_bytes(), now.as_micros()];
        let shares: Vec<GrantId> = rows(tx, "share_epochs", sql, parameters, |c| c.id("share"))?;
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
    is_of(tx, share, home)?;
    close_share(tx, share, now, false)?;
    run(tx, "DELETE FROM share_epochs WHERE share = ?1", [share.as_bytes()])?;
    run(tx, "DELETE FROM invitations WHERE id = ?1", [share.as_bytes()])?;
    Ok(())
}

/// [`RegistryError::Conflict`] unless it is a share of this home that has not ended, or whose cameras wait for new keys.
fn is_of(tx: &Tx<'_>, share: GrantId, home: HomeId) -> Step<()> {
    let sql = "SELECT 1 FROM shares WHERE id = ?1 AND home = ?2 AND (revoked_at IS NULL OR epoch_due = 1)";
    if exists(tx, sql, params![share.as_bytes(), home.as_bytes()])? {
        Ok(())
    } else {
        Err(RegistryError::Conflict.into())
    }
}

/// Notes in its row whether a share of a home waits for new keys of its cameras.
fn note_due(tx: &Tx<'_>, home: HomeId) -> Step<()> {
    let sql = "UPDATE homes SET shares_due = EXISTS (SELECT 1 FROM shares WHERE home = ?1 AND epoch_due = 1)
               WHERE id = ?1";
    run(tx, sql, [home.as_bytes()])?;
    Ok(())
}

/// Notes that the cameras of shares whose time is over wait for new keys.
pub(crate) fn note_over(tx: &Tx<'_>, now: Timestamp) -> Step<()> {
    let sql = "UPDATE homes SET shares_due = 1 WHERE shares_due = 0 AND id IN
                 (SELECT home FROM shares WHERE account IS NOT NULL AND revoked_at IS NULL AND until_at <= ?1)";
    run(tx, sql, [now.as_micros()])?;
    Ok(())
}

/// Ends a live share without new keys for its cameras: they are due.
pub(crate) fn lose_share(tx: &Tx<'_>, share: GrantId, now: Timestamp) -> Step<()> {
    close_share(tx, share, now, true)?;
    let sql = "SELECT home FROM shares WHERE id = ?1";
    if let Some(home) = first(tx, "shares", sql, [share.as_bytes()], |c| c.id("home"))? {
        note_due(tx, home)?;
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
