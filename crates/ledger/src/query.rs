//! Reading entries, for investigations.

use ownsight_model::{AccountId, HomeId, Timestamp};
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};

use crate::chain::{EntryHash, Head};
use crate::encoding::{self, Line};
use crate::entry::{Entry, EventRef};
use crate::error::ReadError;
use crate::notice::LockdownNotice;

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

/// A notice as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNotice {
    /// Its number, from 1.
    pub sequence: u64,
    /// What it says.
    pub notice: LockdownNotice,
}

/// What a line's row is found by. A notice is found by no account, home or event.
pub(crate) struct FoundBy<'a> {
    pub(crate) time: Timestamp,
    pub(crate) account: &'a [u8],
    pub(crate) home: &'a [u8],
    pub(crate) events: &'a [EventRef],
}

impl<'a> FoundBy<'a> {
    pub(crate) fn of(line: &'a Line) -> Self {
        match line {
            Line::Opening(Entry { time, opening, .. }) => Self {
                time: *time,
                account: opening.account.as_bytes(),
                home: opening.home.as_bytes(),
                events: opening.action.events(),
            },
            Line::Lockdown(notice) => Self { time: notice.time, account: &[], home: &[], events: &[] },
        }
    }
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

/// The newest notices before this number, the newest first.
pub(crate) fn notices(
    connection: &Connection,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<KeptNotice>, ReadError> {
    let before = i64::try_from(before.unwrap_or(u64::MAX)).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let lines = lines(
        connection,
        "SELECT sequence, bytes, hash FROM entry WHERE substr(bytes, 1, 1) = x'02' AND sequence < ?1
         ORDER BY sequence DESC LIMIT ?2",
        &[&before, &limit],
    )?;
    let notices = lines.into_iter().filter_map(|(sequence, _, line)| match line {
        Line::Lockdown(notice) => Some(KeptNotice { sequence, notice }),
        Line::Opening(_) => None,
    });
    Ok(notices.collect())
}

fn select(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<KeptEntry>, ReadError> {
    let entries =
        lines(connection, sql, values)?.into_iter().filter_map(|(sequence, hash, line)| match line {
            Line::Opening(entry) => Some(KeptEntry { sequence, hash, entry }),
            Line::Lockdown(_) => None,
        });
    Ok(entries.collect())
}

fn lines(
    connection: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> Result<Vec<(u64, EntryHash, Line)>, ReadError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(values)?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let sequence = row.get::<_, i64>(0)? as u64;
        let bytes: Vec<u8> = row.get(1)?;
        let (_, line) = encoding::decode(&bytes).map_err(|source| ReadError::Damaged { sequence, source })?;
        lines.push((sequence, hash(row, 2)?, line));
    }
    Ok(lines)
}
