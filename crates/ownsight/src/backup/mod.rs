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

pub(crate) use manifest::{Manifest, STATE_PREFIX};
pub(crate) use objects::{Copied, Existing, bytes_in, copy_objects, is_named, remove_others};
pub(crate) use tree::{copy_files, copy_tree};

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::FlockOperation;

pub(crate) const REGISTRY: &str = "registry.db";
pub(crate) const LEDGER: &str = "ledger.db";
pub(crate) const EVENTS: &str = "events";
pub(crate) const AGENTS: &str = "agents";
pub(crate) const LOCK: &str = "backup.lock";
/// In a data folder into which a backup is being brought back.
pub(crate) const RESTORING: &str = "restoring";
/// Folders in the data folder in which SQLite works on copies.
pub(crate) const STAGING_PREFIX: &str = ".backup-";

/// Makes a folder and those above it, for their owner only.
pub(crate) fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// One backup or restore at a time with a folder, until what comes back is dropped.
pub(crate) fn lock(path: &Path) -> anyhow::Result<File> {
    let open = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let file = open.with_context(|| format!("cannot open {}", path.display()))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => {
            bail!("another backup is being made or brought back: wait for its end ({})", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// Moves a finished file or folder to its name.
pub(crate) fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::rename(from, to).with_context(|| format!("cannot put {} in its place", to.display()))
}

/// Everything that was written to the file system of this folder has reached the disk when it returns.
pub(crate) fn sync_all(folder: &Path) -> anyhow::Result<()> {
    let open = File::open(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    rustix::fs::syncfs(&open)
        .with_context(|| format!("what was written to {} cannot be synced", folder.display()))
}

/// Copies one file whole, readable by its owner only.
pub(crate) fn copy_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copy = || {
        let mut source = File::open(from)?;
        let mut options = std::fs::OpenOptions::new();
        let mut target = options.write(true).create(true).truncate(true).mode(0o600).open(to)?;
        std::io::copy(&mut source, &mut target)
    };
    copy().map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// What a backup left in the data folder that was killed: copies of the registry, with what was erased from it since.
pub(crate) fn clear(data: &Path) -> anyhow::Result<()> {
    let leftovers = std::fs::read_dir(data).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| begins(&entry.file_name(), STAGING_PREFIX)))
    });
    // One that is being made is left alone.
    match leftovers.then(|| lock(&data.join(LOCK))) {
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

fn begins(name: &std::ffi::OsStr, prefix: &str) -> bool {
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

pub(crate) fn remove_folder(path: &Path) -> anyhow::Result<()> {
    gone(std::fs::remove_dir_all(path), path)
}

pub(crate) fn remove_file(path: &Path) -> anyhow::Result<()> {
    gone(std::fs::remove_file(path), path)
}

fn gone(removed: std::io::Result<()>, path: &Path) -> anyhow::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", path.display())),
    }
}
