//! Opening the database file: what is refused, and how connections are set up.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{broadcast, watch};

use super::queue::Queue;
use super::quick::Quick;
use super::writer::Writer;
use super::{Engine, migrations, reader};
use crate::error::{Step, StorageError};
use crate::restored::ended;
use crate::{RegistryError, RegistryOptions};

/// Before this version a WAL database can be corrupted when several connections write or checkpoint at once.
const LIBRARY_MIN: i32 = 3_051_003;
/// Prepared statements that a connection keeps; more than there are in this crate.
const STATEMENTS_MAX: usize = 256;
/// How long a connection waits for another process, such as a check, that holds a lock.
const BUSY: Duration = Duration::from_secs(4);
/// Changes that a slow listener may be behind before it is told that it missed some.
const CHANGES_MAX: usize = 1024;

impl Engine {
    pub(crate) fn open(path: &Path, options: &RegistryOptions) -> Result<Self, RegistryError> {
        let path = suitable(path)?;
        let mut connection = connect(&path, true).map_err(|failure| failure.0)?;
        migrations::migrate(&mut connection, &path, &migrations::ALL)?;
        sync_folder(&path)?;

        let reads = Arc::new(Queue::new(options.queue_max));
        let writes = Arc::new(Queue::new(options.queue_max));
        let (changes, _) = broadcast::channel(CHANGES_MAX);
        let ended = watch::Sender::new(ended(&connection).map_err(|failure| failure.0)?);
        let readers = options.readers.max(1);
        let quick = (0..readers).map(|_| connect(&path, false)).collect::<Step<Vec<_>>>();
        let engine = Self {
            reads: reads.clone(),
            quick: Quick::new(quick.map_err(|failure| failure.0)?),
            writes: writes.clone(),
            changes: changes.clone(),
            ended: ended.clone(),
            deadline: options.deadline,
            threads: Mutex::new(Vec::new()),
        };
        // From here on a failure drops `engine`, which ends the threads that were started.
        let mut threads = Vec::new();
        let thread = Writer { connection, queue: writes, changes, ended, busy: BUSY };
        threads.push(spawn("registry-writer", move || thread.run())?);
        for _ in 0..readers {
            let connection = connect(&path, false).map_err(|failure| failure.0)?;
            let reads = reads.clone();
            threads.push(spawn("registry-reader", move || reader::run(&connection, &reads))?);
        }
        if let Ok(mut kept) = engine.threads.lock() {
            *kept = threads;
        }
        Ok(engine)
    }
}

/// Refuses an unsuitable library or file system, and makes the file, readable by its owner only.
fn suitable(path: &Path) -> Result<PathBuf, RegistryError> {
    library(rusqlite::version_number(), rusqlite::version())?;
    let folder = folder(path);
    if let Some(kind) = ownsight_disk::network_filesystem(&folder).map_err(io)? {
        return Err(RegistryError::Unsuitable {
            reason: format!(
                "`{}` is on a network file system ({kind}), whose locks SQLite cannot trust: \
                 put the data folder on a local disk",
                folder.display()
            ),
        });
    }
    create(path)?;
    Ok(path.to_path_buf())
}

fn library(number: i32, version: &str) -> Result<(), RegistryError> {
    if number < LIBRARY_MIN {
        return Err(RegistryError::Unsuitable {
            reason: format!(
                "SQLite {version} can corrupt its log when several connections write: build with 3.51.3 or newer"
            ),
        });
    }
    Ok(())
}

/// Makes an empty file, readable by its owner only; one that is there stays as it is.
pub(super) fn create(path: &Path) -> Result<(), RegistryError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ()).map_err(io)
}

/// Opens a connection as all of ours are.
pub(super) fn connect(path: &Path, writer: bool) -> Step<Connection> {
    let access = if writer { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Else a statement that could use a partial index is planned anew for each value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if writer {
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(RegistryError::Unsuitable {
                reason: format!("SQLite's log cannot be used here (it answered `{mode}`): use a local disk"),
            }
            .into());
        }
        // What is answered is on the disk; what is erased is overwritten.
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 67108864;",
        )?;
    }
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;",
    )?;
    Ok(connection)
}

pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Makes the file's name durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), RegistryError> {
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(io)
}

pub(super) fn io(error: std::io::Error) -> RegistryError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => RegistryError::DiskFull,
        _ => RegistryError::Storage(StorageError::new(error)),
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, RegistryError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_can_corrupt_its_log_is_refused() {
        for (number, version) in [(0, "0"), (3_050_004, "3.50.4"), (3_051_002, "3.51.2")] {
            let error = library(number, version).unwrap_err();
            assert!(
                matches!(&error, RegistryError::Unsuitable { reason } if reason.contains(version)),
                "{error}"
            );
        }
        for (number, version) in [(3_051_003, "3.51.3"), (3_052_000, "3.52.0")] {
            library(number, version).unwrap();
        }
    }

    #[test]
    fn a_bare_name_lies_in_the_present_folder() {
        for (path, expected) in
            [("r.sqlite", "."), ("data/r.sqlite", "data"), ("/r.sqlite", "/"), ("/d/r", "/d")]
        {
            assert_eq!(folder(Path::new(path)), Path::new(expected));
        }
    }

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        use std::io::ErrorKind;
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(matches!(io(kind.into()), RegistryError::DiskFull));
        }
        assert!(matches!(io(ErrorKind::PermissionDenied.into()), RegistryError::Storage(_)));
    }
}
