//! Sessions: a row is there until the session was ended or purged.

use ownsight_model::{AccountId, SessionId, Timestamp};
use rusqlite::params;

use crate::access::{Authorised, Authority};
use crate::changes::ChangeKind;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::lockdowns::refuse_sign_in;
use crate::rows::SessionRow;
use crate::shares::note_over;
use crate::sql::{first, number, rows, run};
use crate::{Registry, RegistryError};

impl Registry {
    /// The live session with its account and grants; `None` if there is no such session, or it has ended.
    pub async fn session(
        &self,
        find: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Authorised<()>>, RegistryError> {
        self.authorised(find, now, |_, _| Ok(())).await
    }

    /// Keeps a new session. [`RegistryError::NotFound`] if its account does not exist, [`RegistryError::LockedDown`] if
    /// signing in is closed to it.
    pub async fn insert_session(&self, session: SessionRow) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                refuse_sign_in(tx, session.account)?;
                insert(tx, &session)
            })
            .await
    }

    /// Ends a session; whether there was one.
    pub async fn end_session(&self, find: [u8; 32]) -> Result<bool, RegistryError> {
        self.engine
            .write(move |tx| {
                let sql = "DELETE FROM sessions WHERE find = ?1 RETURNING account";
                let Some(account) = first(tx, "sessions", sql, [find], |c| c.id("account"))? else {
                    return Ok(false);
                };
                announce(tx, account)?;
                tx.scrub();
                Ok(true)
            })
            .await
    }

    /// The account's live sessions that are no tokens, newest first, at most 1,000.
    pub async fn sessions(
        &self,
        find: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Authorised<Vec<SessionRow>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let sql = concat!(
                "SELECT ",
                columns!(session "s"),
                " FROM sessions s WHERE s.account = ?1 AND s.expires_at > ?2 AND s.rights IS NULL",
                " ORDER BY s.created_at DESC, s.id DESC LIMIT 1000"
            );
            let account = access.account.id;
            rows(connection, "sessions", sql, params![account.as_bytes(), now.as_micros()], decode::session)
        })
        .await
    }

    /// How many of the account's live sessions nobody looked at, but for the asker's own.
    pub async fn unnoticed_sessions(
        &self,
        find: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Authorised<u32>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let sql = "SELECT count(*) FROM sessions
                       WHERE account = ?1 AND expires_at > ?2 AND noticed = 0 AND id <> ?3 AND rights IS NULL";
            let (account, own) = (access.account.id, access.session.id);
            let count =
                number(connection, sql, params![account.as_bytes(), now.as_micros(), own.as_bytes()])?;
            Ok(u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX))
        })
        .await
    }

    /// Says that the account knows of all its sessions but the one that says so: who signed in as somebody else must not be
    /// able to hide that.
    pub async fn notice_sessions(&self, authority: &Authority) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let sql = "UPDATE sessions SET noticed = 1 WHERE account = ?1 AND id <> ?2";
            run(tx, sql, params![asker.account.as_bytes(), asker.session.as_bytes()])?;
            Ok(())
        })
        .await
    }

    /// Ends one of the asker's own sessions. [`RegistryError::NotFound`] if it has no such session.
    pub async fn end_own_session(
        &self,
        authority: &Authority,
        session: SessionId,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let sql = "DELETE FROM sessions WHERE id = ?1 AND account = ?2 AND rights IS NULL";
            if run(tx, sql, params![session.as_bytes(), asker.account.as_bytes()])? == 0 {
                return Err(RegistryError::NotFound.into());
            }
            announce(tx, asker.account)?;
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// Ends an account's sessions and tokens, all or all but one; how many.
    pub async fn end_sessions(
        &self,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u64, RegistryError> {
        self.engine.write(move |tx| end_all(tx, account, except)).await
    }

    /// Forgets sessions, links and invitations that have expired; how many.
    pub async fn purge_sessions(&self, now: Timestamp) -> Result<u64, RegistryError> {
        self.engine
            .write(move |tx| {
                let sessions = run(tx, "DELETE FROM sessions WHERE expires_at <= ?1", [now.as_micros()])?;
                let links = run(tx, "DELETE FROM links WHERE expires_at <= ?1", [now.as_micros()])?;
                let sql = "DELETE FROM invitations WHERE expires_at <= ?1 AND joined_at IS NULL";
                let invitations = run(tx, sql, [now.as_micros()])?;
                let codes =
                    run(tx, "DELETE FROM invitation_codes WHERE expires_at <= ?1", [now.as_micros()])?;
                note_over(tx, now)?;
                // A share that nobody accepted goes with its invitation.
                for sql in UNACCEPTED_SHARES {
                    run(tx, sql, [])?;
                }
                Ok((sessions + links + invitations + codes) as u64)
            })
            .await
    }
}

const UNACCEPTED_SHARES: [&str; 2] = [
    "DELETE FROM share_epochs WHERE share IN
       (SELECT id FROM shares WHERE account IS NULL AND id NOT IN (SELECT id FROM invitations))",
    "DELETE FROM shares WHERE account IS NULL AND id NOT IN (SELECT id FROM invitations)",
];

pub(crate) fn insert(tx: &Tx<'_>, session: &SessionRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO sessions (find, id, account, kind, created_at, expires_at, wrap, text, noticed, rights)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            session.find,
            session.id.as_bytes(),
            session.account.as_bytes(),
            session.kind,
            session.created_at.as_micros(),
            session.expires_at.as_micros(),
            session.wrap,
            session.text,
            session.noticed,
            session.rights
        ],
    )?;
    Ok(())
}

/// Ends an account's sessions and tokens, all or all but one; how many.
pub(crate) fn end_all(tx: &Tx<'_>, account: AccountId, except: Option<SessionId>) -> Step<u64> {
    let ended = match except {
        Some(kept) => run(
            tx,
            "DELETE FROM sessions WHERE account = ?1 AND id <> ?2",
            params![account.as_bytes(), kept.as_bytes()],
        )?,
        None => run(tx, "DELETE FROM sessions WHERE account = ?1", [account.as_bytes()])?,
    };
    if ended > 0 {
        announce(tx, account)?;
        tx.scrub();
    }
    Ok(ended as u64)
}

/// Streams of the account's homes must ask again.
pub(crate) fn announce(tx: &Tx<'_>, account: AccountId) -> Step<()> {
    let sql = "SELECT DISTINCT home FROM grants WHERE account = ?1 AND revoked_at IS NULL";
    for home in rows(tx, "grants", sql, [account.as_bytes()], |c| c.id("home"))? {
        tx.changed(home, ChangeKind::Sessions);
    }
    Ok(())
}
