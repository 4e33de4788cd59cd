//! Tokens of programs: sessions that have rights, a name and an end that somebody chose.

use ownsight_model::{SessionId, Timestamp};
use rusqlite::params;

use crate::access::{Authorised, Authority};
use crate::decode::{self, columns};
use crate::lockdowns::refuse_sign_in;
use crate::rows::SessionRow;
use crate::sessions::{announce, insert};
use crate::sql::{number, rows, run};
use crate::{Registry, RegistryError};

/// Tokens of one account.
pub const TOKENS_MAX: u32 = 50;

impl Registry {
    /// Keeps a new token of the asker's. [`RegistryError::TooMany`]; [`RegistryError::LockedDown`] if signing in is closed to
    /// it: a token is a way in, too; [`RegistryError::NotFound`] for a row of another account, or
    /// one without rights.
    pub async fn create_token(&self, authority: &Authority, token: SessionRow) -> Result<(), RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            if token.account != asker.account || token.rights.is_none() {
                return Err(RegistryError::NotFound.into());
            }
            refuse_sign_in(tx, token.account)?;
            let sql =
                "SELECT count(*) FROM sessions WHERE account = ?1 AND rights IS NOT NULL AND expires_at > ?2";
            let many = number(tx, sql, params![asker.account.as_bytes(), now.as_micros()])?;
            if many.is_none_or(|many| many >= i64::from(TOKENS_MAX)) {
                return Err(RegistryError::TooMany { max: TOKENS_MAX }.into());
            }
            insert(tx, &token)
        })
        .await
    }

    /// The account's tokens that have not ended, newest first.
    pub async fn tokens(
        &self,
        find: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Authorised<Vec<SessionRow>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let sql = concat!(
                "SELECT ",
                columns!(session "s"),
                " FROM sessions s WHERE s.account = ?1 AND s.expires_at > ?2 AND s.rights IS NOT NULL",
                " ORDER BY s.created_at DESC, s.id DESC LIMIT 1000"
            );
            let account = access.account.id;
            rows(connection, "sessions", sql, params![account.as_bytes(), now.as_micros()], decode::session)
        })
        .await
    }

    /// Ends one of the asker's own tokens. [`RegistryError::NotFound`] if it has no such token.
    pub async fn end_own_token(&self, authority: &Authority, token: SessionId) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            let sql = "DELETE FROM sessions WHERE id = ?1 AND account = ?2 AND rights IS NOT NULL";
            if run(tx, sql, params![token.as_bytes(), asker.account.as_bytes()])? == 0 {
                return Err(RegistryError::NotFound.into());
            }
            announce(tx, asker.account)?;
            tx.scrub();
            Ok(())
        })
        .await
    }

    /// Notes that a token was used. An earlier time than the one that is there, and a token that has ended, change nothing.
    pub async fn token_used(&self, token: SessionId, at: Timestamp) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                let sql = "UPDATE sessions SET used_at = ?2
                           WHERE id = ?1 AND rights IS NOT NULL AND (used_at IS NULL OR used_at < ?2)";
                run(tx, sql, params![token.as_bytes(), at.as_micros()])?;
                Ok(())
            })
            .await
    }
}
