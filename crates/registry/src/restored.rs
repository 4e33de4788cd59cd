//! After a restore: what a backup brings back that had ended since opens nothing until an owner has confirmed the home.

use ownsight_model::{DeviceId, GrantId, HomeId, Timestamp};
use rusqlite::{Connection, params};
use tokio::sync::watch;

use crate::access::{Authorised, Authority};
use crate::changes::ChangeKind;
use crate::columns::big;
use crate::devices::{end_device, owned};
use crate::engine::Tx;
use crate::error::Step;
use crate::home_epochs::renew;
use crate::homes::plan;
use crate::members::lose_member;
use crate::shares::lose_share;
use crate::sql::{exists, number, rows, run};
use crate::{HomePlan, HomeRenewal, Registry, RegistryError};

/// An owner's word on who belongs to a home that came back from a backup.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The home under new keys, which those get who stay.
    pub renewal: HomeRenewal,
    /// Devices that go.
    pub removed: Vec<DeviceId>,
}

impl Registry {
    /// How often something ended that gave somebody access: a session, grant, share, device, invitation, link, a former password,
    /// or what a lockdown closes. It only grows, with the transaction that ends it: a database in which it is lower than it
    /// once was, was rolled back.
    pub async fn ended(&self) -> Result<u64, RegistryError> {
        self.engine.statement(ended).await
    }

    /// [`Registry::ended`] after each commit that changed it, before who asked for that is answered.
    pub fn ended_changes(&self) -> watch::Receiver<u64> {
        self.engine.ended.subscribe()
    }

    /// Says of this database that it was brought back from a backup: all sessions, open links, invitations and pairings end, also
    /// the grants and shares of those whom no owner or adult has taken into the roster yet; and each home opens nothing until an
    /// owner has confirmed it. Lockdowns stay. [`Registry::ended`] is past `ended_past` then. How many homes wait.
    pub async fn mark_restored(&self, now: Timestamp, ended_past: u64) -> Result<u64, RegistryError> {
        self.engine.write(move |tx| mark(tx, now, ended_past)).await
    }

    /// As [`Registry::home_plan`], of a home that waits to be confirmed, and of no other.
    pub async fn restored_plan(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
    ) -> Result<Option<Authorised<Option<HomePlan>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if access.restored.holds(home) { plan(connection, home, now).map(Some) } else { Ok(None) }
        })
        .await
    }

    /// Confirms a home: it starts an epoch with those who stay, devices that go end, and it is open again. Who did it and when is
    /// kept. [`RegistryError::NotLive`] unless the grant is an owner's; [`RegistryError::NotFound`] if the home does not wait;
    /// else as [`Registry::renew_home`], for which removed devices are no more.
    pub async fn confirm_home(
        &self,
        authority: &Authority,
        confirmation: Confirmation,
    ) -> Result<(), RegistryError> {
        let authority = *authority;
        self.engine
            .write(move |tx| {
                let (asker, restored) = authority.check_any(tx)?;
                let home = asker.home()?;
                let grant = authority.grant.map(|(grant, _)| grant);
                let sql = "SELECT 1 FROM grants WHERE id = ?1 AND role = 1";
                if !exists(tx, sql, [grant.as_ref().map(GrantId::as_bytes)])? {
                    return Err(RegistryError::NotLive.into());
                }
                if !restored {
                    return Err(RegistryError::NotFound.into());
                }
                for device in &confirmation.removed {
                    owned(tx, asker, *device)?;
                    end_device(tx, *device)?;
                }
                renew(tx, asker, &confirmation.renewal, authority.now)?;
                run(
                    tx,
                    "INSERT INTO confirmations (home, restored_at, restored_as_of, account, confirmed_at)
                     SELECT id, restored_at, restored_as_of, ?2, ?3 FROM homes WHERE id = ?1",
                    params![home.as_bytes(), asker.account.as_bytes(), authority.now.as_micros()],
                )?;
                let sql = "UPDATE homes SET restored_at = NULL, restored_as_of = NULL WHERE id = ?1";
                run(tx, sql, [home.as_bytes()])?;
                tx.changed(home, ChangeKind::Devices);
                // Streams of its people must learn that it is there again.
                tx.changed(home, ChangeKind::Sessions);
                Ok(())
            })
            .await
    }
}

/// See [`Registry::ended`].
pub(crate) fn ended(connection: &Connection) -> Step<u64> {
    let ended = number(connection, "SELECT ended FROM installation", [])?.unwrap_or_default();
    Ok(u64::try_from(ended).unwrap_or_default())
}

fn mark(tx: &Tx<'_>, now: Timestamp, ended_past: u64) -> Step<u64> {
    let as_of = number(tx, AS_OF, [])?.unwrap_or_default().min(now.as_micros());
    let sql = "SELECT id, home FROM invitations WHERE joined_at IS NOT NULL";
    let joined: Vec<(GrantId, HomeId)> =
        rows(tx, "invitations", sql, [], |c| Ok((c.id("id")?, c.id("home")?)))?;
    for (id, home) in joined {
        let live = |sql| exists(tx, sql, params![id.as_bytes(), home.as_bytes()]);
        if live("SELECT 1 FROM grants WHERE id = ?1 AND home = ?2 AND revoked_at IS NULL")? {
            lose_member(tx, id, home, now)?;
        }
        if live("SELECT 1 FROM shares WHERE id = ?1 AND home = ?2 AND revoked_at IS NULL")? {
            lose_share(tx, id, now)?;
        }
    }
    for sql in ENDS_WITH_A_RESTORE {
        run(tx, sql, [])?;
    }
    let homes = run(tx, WAITS, params![now.as_micros(), as_of])?;
    run(tx, "UPDATE installation SET ended = max(ended, ?1) + 1", [big(ended_past)])?;
    tx.scrub();
    Ok(homes as u64)
}

/// The last moment of which the database knows.
const AS_OF: &str = "SELECT max(
  coalesce((SELECT max(created_at) FROM sessions), 0), coalesce((SELECT max(seen_at) FROM devices), 0),
  coalesce((SELECT max(created_at) FROM grants), 0), coalesce((SELECT max(revoked_at) FROM grants), 0),
  coalesce((SELECT max(started_at) FROM events), 0))";

/// A home of the time before there were rosters has no people but the one who made it.
const WAITS: &str = "UPDATE homes SET restored_at = ?1, restored_as_of = coalesce(restored_as_of, ?2)
  WHERE erased_at IS NULL AND id IN (SELECT home FROM rosters)";

/// What leads somebody in who had it then.
const ENDS_WITH_A_RESTORE: [&str; 11] = [
    "DELETE FROM sessions",
    "DELETE FROM visits",
    "DELETE FROM links",
    "DELETE FROM share_epochs WHERE share IN (SELECT id FROM shares WHERE account IS NULL)",
    "DELETE FROM shares WHERE account IS NULL",
    "DELETE FROM invitations",
    "DELETE FROM invitation_codes",
    "DELETE FROM pairings",
    "UPDATE devices SET standing = 3, device_key = x'' WHERE standing = 1",
    "UPDATE homes SET joins_due = 0",
    // Devices that were started since are not taken for copies of themselves.
    "UPDATE devices SET run = NULL, run_since = NULL, contested_at = NULL",
];
