//! Who asks: the session, its account and the homes in which it has a live grant, read or checked in the same
//! transaction as what it asks for.

use ownsight_model::{AccountId, GrantId, HomeEpoch, HomeId, Role, SessionId, Timestamp};
use rusqlite::{Connection, params};

use crate::columns::Columns;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::lockdowns;
use crate::rows::{AccountRow, GrantRow, HomeRow, LockdownRow, SessionRow, ShareRow};
use crate::shares::shares_of_account;
use crate::{Registry, RegistryError};

/// What was read for a live session, with all that proves who asked: from one state of the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorised<T> {
    /// The session.
    pub session: SessionRow,
    /// Its account.
    pub account: AccountRow,
    /// The account's live grants with their homes. The gate decides by what their wraps open to.
    pub grants: Vec<(GrantRow, HomeRow)>,
    /// The account's live shares with their homes, those that begin later too. The gate decides by what their contents open to.
    pub shares: Vec<(ShareRow, HomeRow)>,
    /// Lockdowns that concern the account, its homes, or any camera: the gate decides which of them close what.
    pub lockdowns: Vec<LockdownRow>,
    /// What the account has of homes that wait to be confirmed: not among the others, so that it opens nothing.
    pub restored: Restored,
    /// What was asked for, of the other homes only.
    pub data: T,
}

/// Live grants and shares of homes that came back from a backup and wait for an owner to confirm who belongs to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Grants.
    pub grants: Vec<(GrantRow, HomeRow)>,
    /// Shares.
    pub shares: Vec<(ShareRow, HomeRow)>,
}

impl Restored {
    /// Takes out what is of homes that wait.
    pub(crate) fn of(grants: &mut Vec<(GrantRow, HomeRow)>, shares: &mut Vec<(ShareRow, HomeRow)>) -> Self {
        Self {
            grants: grants.extract_if(.., |(_, home)| home.restored.is_some()).collect(),
            shares: shares.extract_if(.., |(_, home)| home.restored.is_some()).collect(),
        }
    }

    /// What of it is of this home.
    #[must_use]
    pub fn of_home(mut self, home: HomeId) -> Self {
        self.grants.retain(|(grant, _)| grant.home == home);
        self.shares.retain(|(share, _)| share.home == home);
        self
    }

    /// Whether anything of it is of this home.
    pub(crate) fn names(&self, home: HomeId) -> bool {
        self.holds(home) || self.shares.iter().any(|(share, _)| share.home == home)
    }

    /// Whether the account has a live grant of this home, which waits.
    pub(crate) fn holds(&self, home: HomeId) -> bool {
        self.grants.iter().any(|(grant, _)| grant.home == home)
    }
}

/// Who writes: checked in the transaction that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority {
    /// What finds the session.
    pub find: [u8; 32],
    /// The time that decides whether it has expired; also written as the time of the change.
    pub now: Timestamp,
    /// The grant that opened what is written, and the home epoch of its keys; `None` only for what concerns the account
    /// itself.
    pub grant: Option<(GrantId, HomeEpoch)>,
}

/// Whom a checked [`Authority`] stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    home: Option<HomeId>,
}

impl Asker {
    /// The home of the grant.
    pub(crate) fn home(&self) -> Step<HomeId> {
        self.home.ok_or_else(|| RegistryError::NotLive.into())
    }

    /// Refuses a row of another home, as if it did not exist.
    pub(crate) fn owns(&self, home: HomeId) -> Step<()> {
        if self.home == Some(home) { Ok(()) } else { Err(RegistryError::NotFound.into()) }
    }
}

impl Authority {
    /// Checks that the session is live, and that the grant is its account's, live, and has the control key.
    /// [`RegistryError::Conflict`] if the home has another epoch by now: what was sealed is not under its keys.
    /// [`RegistryError::Restored`] while the home waits to be confirmed.
    pub(crate) fn check(&self, tx: &Tx<'_>) -> Step<Asker> {
        let (asker, restored) = self.check_any(tx)?;
        if restored { Err(RegistryError::Restored.into()) } else { Ok(asker) }
    }

    /// As [`Self::check`], for what is done while the home waits to be confirmed; whether it does.
    pub(crate) fn check_any(&self, tx: &Tx<'_>) -> Step<(Asker, bool)> {
        let mut session =
            tx.prepare_cached("SELECT id, account FROM sessions WHERE find = ?1 AND expires_at > ?2")?;
        let mut rows = session.query(params![self.find, self.now.as_micros()])?;
        let Some(row) = rows.next()? else { return Err(RegistryError::NotLive.into()) };
        let mut c = Columns::new(row, "sessions");
        let (session, account): (SessionId, AccountId) = (c.id("id")?, c.id("account")?);
        let Some((grant, epoch)) = self.grant else {
            return Ok((Asker { account, session, home: None }, false));
        };
        let mut granted = tx.prepare_cached(
            "SELECT g.home, g.epoch, h.restored_at IS NOT NULL FROM grants g JOIN homes h ON h.id = g.home
             WHERE g.id = ?1 AND g.account = ?2 AND g.revoked_at IS NULL AND g.role IN (?3, ?4)",
        )?;
        let mut rows = granted.query(params![
            grant.as_bytes(),
            account.as_bytes(),
            Role::Owner.code(),
            Role::Adult.code()
        ])?;
        let Some(row) = rows.next()? else { return Err(RegistryError::NotLive.into()) };
        let mut c = Columns::new(row, "grants");
        let home = c.id("home")?;
        if c.home_epoch("epoch")? != epoch {
            return Err(RegistryError::Conflict.into());
        }
        Ok((Asker { account, session, home: Some(home) }, c.of("homes").flag("restored_at")?))
    }
}

/// A live session with its grants, without data yet.
pub(crate) type Access = Authorised<()>;

impl Access {
    /// Whether the account has a live grant of this home.
    pub(crate) fn holds(&self, home: HomeId) -> bool {
        self.grants.iter().any(|(grant, _)| grant.home == home)
    }

    /// The homes, each once.
    pub(crate) fn homes(&self) -> Vec<HomeId> {
        let mut homes: Vec<_> = self.grants.iter().map(|(grant, _)| grant.home).collect();
        homes.sort_unstable();
        homes.dedup();
        homes
    }
}

/// The live session that `find` finds, with its account and live grants.
pub(crate) fn access(connection: &Connection, find: &[u8; 32], now: Timestamp) -> Step<Option<Access>> {
    let mut found = connection.prepare_cached(concat!(
        "SELECT ",
        columns!(session "s"),
        ", ",
        columns!(account "a"),
        " FROM sessions s JOIN accounts a ON a.id = s.account WHERE s.find = ?1 AND s.expires_at > ?2"
    ))?;
    let mut rows = found.query(params![find, now.as_micros()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut c = Columns::new(row, "sessions");
    let (session, account) = (decode::session(&mut c)?, decode::account(&mut c)?);

    let mut granted = connection.prepare_cached(concat!(
        "SELECT ",
        columns!(grant "g"),
        ", ",
        columns!(home "h"),
        " FROM grants g JOIN homes h ON h.id = g.home",
        " WHERE g.account = ?1 AND g.revoked_at IS NULL ORDER BY g.home, g.epoch DESC"
    ))?;
    let mut rows = granted.query([account.id.as_bytes()])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        let mut c = Columns::new(row, "grants");
        grants.push((decode::grant(&mut c)?, decode::home(&mut c)?));
    }
    let mut shares = shares_of_account(connection, account.id, now)?;
    let restored = Restored::of(&mut grants, &mut shares);
    let mut access =
        Authorised { session, account, grants, shares, lockdowns: Vec::new(), restored, data: () };
    access.lockdowns = lockdowns::concerning(connection, &access)?;
    Ok(Some(access))
}

impl Registry {
    /// Reads something for a live session in one transaction.
    pub(crate) async fn authorised<T, F>(
        &self,
        find: [u8; 32],
        now: Timestamp,
        read: F,
    ) -> Result<Option<Authorised<T>>, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Access) -> Step<T> + Send + 'static,
    {
        self.engine
            .snapshot(move |connection| {
                let Some(access) = access(connection, &find, now)? else { return Ok(None) };
                let data = read(connection, &access)?;
                let Authorised { session, account, grants, shares, lockdowns, restored, data: () } = access;
                Ok(Some(Authorised { session, account, grants, shares, lockdowns, restored, data }))
            })
            .await
    }

    /// Writes something for a live session, in the transaction that checks it.
    pub(crate) async fn authorised_write<T, F>(
        &self,
        authority: &Authority,
        write: F,
    ) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>, Asker) -> Step<T> + Send + 'static,
    {
        let authority = *authority;
        self.engine
            .write(move |tx| {
                let asker = authority.check(tx)?;
                write(tx, asker)
            })
            .await
    }
}
