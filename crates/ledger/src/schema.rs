//! The database file: how it is opened, and its tables.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use ownsight_model::InstallationId;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::chain;
use crate::error::OpenError;

/// Older libraries can corrupt a WAL database when two connections write or checkpoint at once.
const SQLITE_MIN: i32 = 3_051_003;

/// Migrations, forward only; the n-th leads to schema version n.
const MIGRATIONS: [&str; 2] = [
    // `bytes` decides; the columns beside it, and `entry_event`, only find. `verify` compares them.
    "CREATE TABLE entry (
        sequence INTEGER PRIMARY KEY,
        time     INTEGER NOT NULL,
        account  BLOB NOT NULL,
        home     BLOB NOT NULL,
        bytes    BLOB NOT NULL,
        hash     BLOB NOT NULL
    ) STRICT;
    CREATE INDEX entry_by_home ON entry (home, sequence);
    CREATE INDEX entry_by_account ON entry (account, sequence);
    CREATE TABLE entry_event (
        event    BLOB NOT NULL,
        camera   BLOB NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (event, camera, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE head (
        one          INTEGER PRIMARY KEY CHECK (one = 1),
        installation BLOB NOT NULL,
        sequence     INTEGER NOT NULL,
        hash         BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER entry_is_not_removed BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;",
    // Notices, by their format version: from the bytes themselves, so that there is nothing to compare.
    "CREATE INDEX entry_notices ON entry (sequence) WHERE substr(bytes, 1, 1) = x'02';",
];

/// Makes an empty file, readable by its owner only; one that is there stays as it is. SQLite gives its log the same mode.
pub(crate) fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map(drop)
}

/// Opens the file for writing, makes it if it is not there, and brings it to the newest schema.
pub(crate) fn open(
    path: &Path,
    installation: InstallationId,
    busy_timeout: Duration,
) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(OpenError::SqliteTooOld { found: rusqlite::version() });
    }
    create(path).map_err(OpenError::File)?;
    let mut connection = connect(path, busy_timeout)?;
    migrate(&mut connection)?;
    bind(&connection, installation)?;
    sync_folder(path).map_err(OpenError::Folder)?;
    Ok(connection)
}

/// Another connection for writing to a file that is open.
pub(crate) fn connect(path: &Path, busy_timeout: Duration) -> Result<Connection, OpenError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(busy_timeout)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::NotWal { mode });
    }
    connection.pragma_update(None, "synchronous", "full")?;
    // For macOS, where a plain sync leaves the bytes in the disk's own memory.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// A connection that cannot write.
pub(crate) fn connect_for_reading(
    path: &Path,
    busy_timeout: Duration,
) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .execute_batch("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT")?;
    let found: Option<i64> =
        transaction.query_row("SELECT max(version) FROM schema_version", [], |row| row.get(0))?;
    let found = found.unwrap_or(0);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    for (version, migration) in (1_i64..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.execute_batch(migration)?;
        transaction.execute("INSERT INTO schema_version (version) VALUES (?1)", [version])?;
    }
    Ok(transaction.commit()?)
}

/// Writes down whose ledger this is, or checks it.
fn bind(connection: &Connection, installation: InstallationId) -> Result<(), OpenError> {
    let found: Option<Vec<u8>> =
        connection.query_row("SELECT installation FROM head", [], |row| row.get(0)).optional()?;
    match found {
        Some(bytes) if bytes == installation.as_bytes() => Ok(()),
        Some(_) => Err(OpenError::OtherInstallation),
        None => {
            let start = chain::start(installation);
            connection.execute(
                "INSERT INTO head (one, installation, sequence, hash) VALUES (1, ?1, 0, ?2)",
                (installation.as_bytes(), start.as_bytes()),
            )?;
            Ok(())
        }
    }
}

/// The names of the database and its log, which SQLite has just made.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// kill -9 cannot show a commit that was not synced; this can.
    #[test]
    fn every_writing_connection_syncs_each_commit() {
        const FULL: i64 = 2;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let first = open(&path, InstallationId::generate(), Duration::ZERO).unwrap();
        let later = connect(&path, Duration::ZERO).unwrap();
        for connection in [first, later] {
            let synchronous: i64 =
                connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            assert_eq!(synchronous, FULL);
        }
    }

    #[test]
    fn a_reading_connection_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let _writer = open(&path, InstallationId::generate(), Duration::ZERO).unwrap();
        let reader = connect_for_reading(&path, Duration::ZERO).unwrap();
        assert!(reader.execute("UPDATE head SET sequence = 9", []).is_err());
    }
}
