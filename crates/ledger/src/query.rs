//! Reading entries, for investigations.

use ownsight_model::{AccountId, HomeId};
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};

use crate::chain::{EntryHash, Head};
use crate::encoding;
use crate::entry::{Entry, EventRef};
use crate::error::ReadError;

/// An entry as it stands in the ledger. It proves nothing to the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// Its number, from 1.
    pub sequence: u64,
    /// Its hash.
    pub hash: EntryHash,
    /// What it says.
    pub entry: Entry,
}

/// Which entries.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Event(EventRef),
    Home(HomeId),
    Account(AccountId),
}

pub(crate) fn head(connection: &Connection) -> Result<Head, rusqlite::Error> {
    connection
        .prepare_cached("SELECT sequence, hash FROM head")?
        .query_row([], |row| Ok(Head { sequence: row.get::<_, i64>(0)? as u64, hash: hash(row, 1)? }))
}

pub(crate) fn hash(row: &Row<'_>, column: usize) -> Result<EntryHash, rusqlite::Error> {
    row.get::<_, [u8; 32]>(column).map(EntryHash::from_bytes)
}

/// The newest entries before this number, the newest first.
pub(crate) fn entries(
    connection: &Connection,
    of: Of,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<KeptEntry>, ReadError> {
    let before = i64::try_from(before.unwrap_or(u64::MAX)).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    match of {
        Of::Event(event) => select(
            connection,
            "SELECT entry.sequence, bytes, hash FROM entry_event JOIN entry USING (sequence)
             WHERE event = ?3 AND camera = ?4 AND entry_event.sequence < ?1
             ORDER BY entry_event.sequence DESC LIMIT ?2",
            &[&before, &limit, event.event.as_bytes(), event.camera.as_bytes()],
        ),
        Of::Home(home) => select(
            connection,
            "SELECT sequence, bytes, hash FROM entry WHERE home = ?3 AND sequence < ?1
             ORDER BY sequence DESC LIMIT ?2",
            &[&before, &limit, home.as_bytes()],
        ),
        Of::Account(account) => select(
            connection,
            "SELECT sequence, bytes, hash FROM entry WHERE account = ?3 AND sequence < ?1
             ORDER BY sequence DESC LIMIT ?2",
            &[&before, &limit, account.as_bytes()],
        ),
    }
}

fn select(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<KeptEntry>, ReadError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(values)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let sequence = row.get::<_, i64>(0)? as u64;
        let bytes: Vec<u8> = row.get(1)?;
        let (_, entry) =
            encoding::decode(&bytes).map_err(|source| ReadError::Damaged { sequence, source })?;
        entries.push(KeptEntry { sequence, hash: hash(row, 2)?, entry });
    }
    Ok(entries)
}
