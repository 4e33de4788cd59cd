//! Versions of the schema: forward only, with a copy of the file before the first step.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::open::{io, sync_folder};
use crate::RegistryError;
use crate::error::{Failure, Step};

/// Step *n* (counted from 1) makes version *n* out of version *n* − 1. Steps that were released never change.
pub(super) const ALL: [&str; 9] = [
    include_str!("../schema/0001.sql"),
    include_str!("../schema/0002.sql"),
    include_str!("../schema/0003.sql"),
    include_str!("../schema/0004.sql"),
    include_str!("../schema/0005.sql"),
    include_str!("../schema/0006.sql"),
    include_str!("../schema/0007.sql"),
    include_str!("../schema/0008.sql"),
    include_str!("../schema/0009.sql"),
];

/// Marks a file as an Ownsight registry ("OwnR").
const APPLICATION: i32 = 0x4f77_6e52;

/// Brings the file to the latest version, in one transaction. A file that is newer, or not ours, is refused.
pub(super) fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), RegistryError> {
    run(connection, path, steps).map_err(|Failure(error)| error)
}

fn run(connection: &mut Connection, path: &Path, steps: &[&str]) -> Step<()> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let found = version(connection)?;
    if found > known {
        return Err(RegistryError::Schema { found, known }.into());
    }
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let ours = if found == 0 { tables == 0 } else { application == APPLICATION };
    if !ours {
        return Err(RegistryError::Unsuitable {
            reason: format!("`{}` is a database of another program: move it away", path.display()),
        }
        .into());
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        let copy = copy(connection, path, found)?;
        tracing::info!(from = found, to = known, copy = %copy.display(), "upgrading the registry; a copy was made");
    }
    // References are checked as a whole at the end, so that a step can rebuild a table.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = apply(connection, steps, found, known);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

/// Refuses a file that another version made.
pub(super) fn expect_current(connection: &Connection) -> Step<()> {
    let (found, known) = (version(connection)?, u32::try_from(ALL.len()).unwrap_or(u32::MAX));
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if found > known {
        return Err(RegistryError::Schema { found, known }.into());
    }
    if found < known || application != APPLICATION {
        let reason =
            format!("it has schema {found}, and this version {known}: use the version that works on it");
        return Err(RegistryError::Unsuitable { reason }.into());
    }
    Ok(())
}

fn apply(connection: &mut Connection, steps: &[&str], found: u32, known: u32) -> Step<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if version(&transaction)? != found {
        return Err(RegistryError::Unavailable.into());
    }
    for step in steps.iter().skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    if transaction.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err(RegistryError::Unsuitable {
            reason: "rows refer to rows that do not exist: run `ownsight check` with the version before"
                .into(),
        }
        .into());
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Step<u32> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    u32::try_from(version)
        .map_err(|_| RegistryError::Corrupt { table: "sqlite_schema", column: "user_version" }.into())
}

/// Writes a durable copy of the whole database beside it.
fn copy(connection: &Connection, path: &Path, found: u32) -> Step<PathBuf> {
    let name = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (copy, unfinished) = (name(&format!(".schema-{found}")), name(".copying"));
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error).into()),
        _ => {}
    }
    super::backup::vacuum_into(connection, &unfinished)?;
    std::fs::rename(&unfinished, &copy).map_err(io)?;
    sync_folder(path)?;
    Ok(copy)
}
