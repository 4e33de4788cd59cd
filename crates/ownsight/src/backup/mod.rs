//! A backup: a folder with every object of one moment, and the rest of that moment beside them.
//!
//! ```text
//! backup.json               what it is of, when it was made, how much is in it, and which state: the last that is written
//! state-<number>/           registry.db, ledger.db, each at one moment, the ledger's after the registry's; agents/, the local
//!                           agents' folders
//! events/                   every object that this registry names, and no other
//! unfinished                while one is being made: what lies in `events` may not have reached the disk
//! backup.lock               held by who makes one or brings it back
//! ```
//!
//! The manifest is what makes it the next backup: until it is replaced, the one before is whole, and has further objects at most,
//! which a restore does not look at.

mod manifest;
mod objects;
mod tree;

pub(crate) use manifest::{Manifest, STATE_PREFIX, state_folder};
pub(crate) use objects::{Copied, Existing, bytes_in, copy_objects, remove_others};
pub(crate) use tree::{copy_files, copy_tree};

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::files::{self, remove_folder};

pub(crate) const LOCK: &str = "backup.lock";
/// In a data folder into which a backup is being brought back.
pub(crate) const RESTORING: &str = "restoring";
/// Folders in the data folder in which SQLite works on copies.
pub(crate) const STAGING_PREFIX: &str = ".backup-";

/// One backup or restore at a time with a folder, until what comes back is dropped.
pub(crate) fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(LOCK);
    match files::lock(&path)? {
        Some(lock) => Ok(lock),
        None => bail!("another backup is being made or brought back: wait for its end ({})", path.display()),
    }
}

/// What a backup left in the data folder that was killed: copies of the registry, with what was erased from it since.
pub(crate) fn clear(data: &Path) -> anyhow::Result<()> {
    let leftovers = std::fs::read_dir(data).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| begins(&entry.file_name(), STAGING_PREFIX)))
    });
    // One that is being made is left alone.
    match leftovers.then(|| lock(data)) {
        Some(Ok(_alone)) => remove_folders(data, STAGING_PREFIX, None),
        _ => Ok(()),
    }
}

/// A database that was closed is one file. A log that is left has what is not in it.
pub(crate) fn expect_closed(database: &Path) -> anyhow::Result<()> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    match std::fs::metadata(&log) {
        Ok(metadata) if metadata.len() > 0 => {
            bail!("the log of {} could not be emptied: the disk may be full", database.display())
        }
        _ => Ok(()),
    }
}

pub(crate) fn begins(name: &std::ffi::OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// Removes the folders that begin so, but for one.
pub(crate) fn remove_folders(folder: &Path, prefix: &str, but: Option<&Path>) -> anyhow::Result<()> {
    let cannot = || format!("cannot list {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if begins(&entry.file_name(), prefix) && Some(entry.path().as_path()) != but {
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}
