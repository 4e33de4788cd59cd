//! A copy of the database at one moment, made beside whoever works on it.

use std::fs::File;
use std::path::Path;

use ownsight_model::InstallationId;
use rusqlite::Connection;

use super::migrations;
use super::open::{connect, create, io};
use crate::RegistryError;
use crate::error::{Failure, Step};
use crate::sql::first;

/// Copies the registry in the file `path`, as it is at one moment, to the file `to`, which must be empty or not there. Who works
/// on it goes on meanwhile. Pages that were given up, with whatever was erased from them, are not copied. Blocks.
///
/// The copy is durable; its name in its folder is the caller's to sync. [`RegistryError::Schema`] and
/// [`RegistryError::Unsuitable`] if this version did not make the file.
pub fn back_up(path: &Path, to: &Path) -> Result<(), RegistryError> {
    run(path, to).map_err(|Failure(error)| error)
}

/// Whose data the file `path` has, without opening it as a registry is; `None` before there was an installation. Blocks.
pub fn installation_of(path: &Path) -> Result<Option<InstallationId>, RegistryError> {
    let read = || {
        let connection = connect(path, false)?;
        migrations::expect_current(&connection)?;
        first(&connection, "installation", "SELECT id FROM installation", [], |c| c.id("id"))
    };
    read().map_err(|Failure(error)| error)
}

fn run(path: &Path, to: &Path) -> Step<()> {
    let connection = connect(path, false)?;
    migrations::expect_current(&connection)?;
    vacuum_into(&connection, to)
}

/// Writes what the database holds into a new file, and syncs it.
pub(super) fn vacuum_into(connection: &Connection, to: &Path) -> Step<()> {
    // Made beforehand, so that it is readable by its owner only: SQLite fills an empty file.
    create(to)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    File::open(to).and_then(|file| file.sync_all()).map_err(io)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_copied_while_it_is_written_and_others_are_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let (path, to) = (temporary.path().join("registry.db"), temporary.path().join("copy.db"));
        assert!(back_up(&path, &to).is_err(), "there is none");
        let mut writer = {
            create(&path).unwrap();
            connect(&path, true).unwrap_or_else(|Failure(error)| panic!("{error}"))
        };
        assert!(matches!(back_up(&path, &to), Err(RegistryError::Unsuitable { .. })), "an empty file");
        migrations::migrate(&mut writer, &path, &migrations::ALL).unwrap();
        assert_eq!(installation_of(&path).unwrap(), None);
        let transaction = writer.transaction().unwrap();
        transaction.execute_batch("CREATE TABLE later (x)").unwrap();
        back_up(&path, &to).unwrap();
        transaction.commit().unwrap();
        let copy = Connection::open(&to).unwrap();
        let tables = |name: &str| {
            copy.query_row("SELECT count(*) FROM sqlite_schema WHERE name = ?1", [name], |row| {
                row.get::<_, u32>(0)
            })
        };
        assert_eq!((tables("events").unwrap(), tables("later").unwrap()), (1, 0));
        writer.pragma_update(None, "user_version", 99).unwrap();
        let again = temporary.path().join("again.db");
        assert!(matches!(back_up(&path, &again), Err(RegistryError::Schema { found: 99, .. })));
    }
}
