//! Lockdowns: read in the transaction that reads what they close, so that none is overlooked once it was answered.

use ownsight_model::{AccountId, CameraId, Closable, LockdownId, LockdownScope, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Access, Asker};
use crate::changes::ChangeKind;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::rows::LockdownRow;
use crate::sql::{exists, first, number, rows, run};
use crate::{HomeId, Registry, RegistryError};

/// Lockdowns that may be live at once: all of them are read wherever one is.
const LIVE_MAX: i64 = 1_000;
/// Homes that are told at once of a lockdown that concerns all.
const ANNOUNCED_MAX: usize = 512;

impl Registry {
    /// Closes something, beside what is closed for the same scope already: nothing opens by closing. The row before is kept
    /// as lifted.
    ///
    /// When this returns, no read that begins later overlooks it. [`RegistryError::NotFound`] for a home, camera or
    /// account that does not exist, [`RegistryError::Conflict`] if 1,000 are live.
    pub async fn begin_lockdown(&self, row: LockdownRow) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                let homes = homes_of(tx, row.scope)?;
                let before = live(tx)?.into_iter().find(|before| before.scope == row.scope);
                let closes = before.map_or(row.closes, |before| before.closes.and(row.closes));
                lift(tx, row.scope, &row.begun_by, row.begun_at)?;
                let live = number(tx, "SELECT count(*) FROM lockdowns WHERE lifted_at IS NULL", [])?;
                if live.is_none_or(|live| live >= LIVE_MAX) {
                    return Err(RegistryError::Conflict.into());
                }
                let (scope, subject) = row.scope.parts();
                run(
                    tx,
                    "INSERT INTO lockdowns (id, scope, subject, closes, reason, begun_by, begun_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![
                        row.id.as_bytes(),
                        scope,
                        subject,
                        closes.bits(),
                        row.reason,
                        row.begun_by,
                        row.begun_at.as_micros()
                    ],
                )?;
                announce(tx, &homes);
                Ok(())
            })
            .await
    }

    /// Lifts this lockdown; whether it was live still, and not ended by another one for its scope.
    pub async fn lift_lockdown(
        &self,
        lockdown: LockdownId,
        by: String,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        self.engine
            .write(move |tx| {
                let row = live(tx)?.into_iter().find(|row| row.id == lockdown);
                let Some(LockdownRow { scope, .. }) = row else { return Ok(false) };
                lift(tx, scope, &by, at)?;
                announce(tx, &homes_of(tx, scope)?);
                Ok(true)
            })
            .await
    }

    /// All that is closed now, oldest first.
    pub async fn lockdowns(&self) -> Result<Vec<LockdownRow>, RegistryError> {
        self.engine.snapshot(live).await
    }
}

/// All that is closed now, oldest first.
pub(crate) fn live(connection: &Connection) -> Step<Vec<LockdownRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(lockdown "l"),
        " FROM lockdowns l WHERE l.lifted_at IS NULL ORDER BY l.begun_at, l.id"
    );
    rows(connection, "lockdowns", sql, [], decode::lockdown)
}

/// What concerns this asker; any camera's, because which cameras are its own is not known here.
pub(crate) fn concerning(connection: &Connection, access: &Access) -> Step<Vec<LockdownRow>> {
    let mut live = live(connection)?;
    live.retain(|row| match row.scope {
        LockdownScope::Installation | LockdownScope::Camera(_) => true,
        LockdownScope::Home(home) => {
            access.holds(home) || access.shares_in(home) || access.restored.names(home)
        }
        LockdownScope::Account(account) => access.account.id == account,
    });
    Ok(live)
}

/// What keeps an account from signing in, if anything does.
pub(crate) fn refuse_sign_in(tx: &Tx<'_>, account: AccountId) -> Step<()> {
    let closed = live(tx)?.into_iter().find(|row| {
        let concerns = match row.scope {
            LockdownScope::Installation => true,
            LockdownScope::Account(closed) => closed == account,
            LockdownScope::Home(_) | LockdownScope::Camera(_) => false,
        };
        concerns && row.closes.closes(Closable::SignIn)
    });
    match closed {
        Some(row) => Err(RegistryError::LockedDown(Box::new(row)).into()),
        None => Ok(()),
    }
}

/// Refuses to erase footage of a camera, or of any camera of the home, while any of it is closed: it is looked into. Read in
/// the transaction that would erase it.
pub(crate) fn refuse_erasure(tx: &Tx<'_>, asker: Asker, camera: Option<CameraId>) -> Step<()> {
    refuse_erasure_of(tx, asker.home()?, asker.account, camera)
}

/// As [`refuse_erasure`], of this home and for this account.
pub(crate) fn refuse_erasure_of(
    tx: &Tx<'_>,
    home: HomeId,
    account: AccountId,
    camera: Option<CameraId>,
) -> Step<()> {
    for row in live(tx)?.into_iter().filter(|row| row.closes.closes_footage()) {
        let concerns = match row.scope {
            LockdownScope::Installation => true,
            LockdownScope::Home(closed) => closed == home,
            LockdownScope::Account(closed) => closed == account,
            LockdownScope::Camera(closed) => match camera {
                Some(camera) => closed == camera,
                None => exists(
                    tx,
                    "SELECT 1 FROM cameras WHERE id = ?1 AND home = ?2",
                    params![closed.as_bytes(), home.as_bytes()],
                )?,
            },
        };
        if concerns {
            return Err(RegistryError::LockedDown(Box::new(row)).into());
        }
    }
    Ok(())
}

/// Lifts what is closed for this scope, if anything is.
fn lift(tx: &Tx<'_>, scope: LockdownScope, by: &str, at: Timestamp) -> Step<()> {
    let (code, subject) = scope.parts();
    run(
        tx,
        "UPDATE lockdowns SET lifted_by = ?3, lifted_at = ?4 WHERE scope = ?1 AND subject = ?2 AND lifted_at IS NULL",
        params![code, subject, by, at.as_micros()],
    )?;
    Ok(())
}

/// The homes whose people are concerned; all, if it is for everybody. An error if what it names does not exist.
fn homes_of(tx: &Tx<'_>, scope: LockdownScope) -> Step<Vec<HomeId>> {
    let of = |sql: &str, id: &[u8; 16]| rows(tx, "homes", sql, [id], |c| c.id("home"));
    match scope {
        LockdownScope::Installation => rows(tx, "homes", "SELECT id FROM homes", [], |c| c.id("id")),
        LockdownScope::Home(home) => {
            let found = of("SELECT id FROM homes WHERE id = ?1", home.as_bytes())?;
            if found.is_empty() { Err(RegistryError::NotFound.into()) } else { Ok(found) }
        }
        LockdownScope::Camera(camera) => {
            let found = of("SELECT home FROM cameras WHERE id = ?1", camera.as_bytes())?;
            if found.is_empty() { Err(RegistryError::NotFound.into()) } else { Ok(found) }
        }
        LockdownScope::Account(account) => {
            let sql = "SELECT id FROM accounts WHERE id = ?1";
            first::<()>(tx, "accounts", sql, [account.as_bytes()], |_| Ok(()))?
                .ok_or(RegistryError::NotFound)?;
            of(
                "SELECT DISTINCT home FROM grants WHERE account = ?1 AND revoked_at IS NULL",
                account.as_bytes(),
            )
        }
    }
}

fn announce(tx: &Tx<'_>, homes: &[HomeId]) {
    // Of more homes than that each page looks by itself, a little later.
    for home in homes.iter().take(ANNOUNCED_MAX) {
        tx.changed(*home, ChangeKind::Events);
    }
}
