//! Visits of the operator in a browser: begun by a one-time link, for an hour. They find no home and no account.

use ownsight_model::{SessionId, Timestamp};
use rusqlite::params;

use crate::links::use_link;
use crate::sql::{first, number, run};
use crate::{Registry, RegistryError};

/// Visits that may go on at once.
const VISITS_MAX: i64 = 16;

/// A visit of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRow {
    /// Its id.
    pub id: SessionId,
    /// What finds it: SHA-256 of the server's half of its secret.
    pub find: [u8; 32],
    /// Who asked for its link.
    pub begun_by: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// A key that opens nothing, under its secret.
    pub wrap: Vec<u8>,
}

impl Registry {
    /// Begins a visit, and uses its link up. [`RegistryError::LinkUsed`]; [`RegistryError::Conflict`] if 16 go on.
    pub async fn begin_visit(&self, link_find: [u8; 32], row: VisitRow) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                use_link(tx, &link_find, row.begun_at)?;
                run(tx, "DELETE FROM visits WHERE expires_at <= ?1", [row.begun_at.as_micros()])?;
                if number(tx, "SELECT count(*) FROM visits", [])?.is_none_or(|live| live >= VISITS_MAX) {
                    return Err(RegistryError::Conflict.into());
                }
                run(
                    tx,
                    "INSERT INTO visits (id, find, begun_by, begun_at, expires_at, wrap)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        row.id.as_bytes(),
                        row.find,
                        row.begun_by,
                        row.begun_at.as_micros(),
                        row.expires_at.as_micros(),
                        row.wrap
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// The visit that this finds, if its time is not over.
    pub async fn visit(&self, find: [u8; 32], now: Timestamp) -> Result<Option<VisitRow>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = "SELECT id, begun_by, begun_at, expires_at, wrap FROM visits
                           WHERE find = ?1 AND expires_at > ?2";
                first(connection, "visits", sql, params![find, now.as_micros()], |c| {
                    Ok(VisitRow {
                        id: c.id("id")?,
                        find,
                        begun_by: c.text("begun_by")?,
                        begun_at: c.time("begun_at")?,
                        expires_at: c.time("expires_at")?,
                        wrap: c.blob("wrap")?,
                    })
                })
            })
            .await
    }

    /// Ends a visit. When this returns, no read that begins later finds it.
    pub async fn end_visit(&self, visit: SessionId) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                run(tx, "DELETE FROM visits WHERE id = ?1", [visit.as_bytes()])?;
                Ok(())
            })
            .await
    }

    /// Ends all visits: how many there were.
    pub async fn end_visits(&self) -> Result<usize, RegistryError> {
        self.engine.write(move |tx| run(tx, "DELETE FROM visits", [])).await
    }
}
