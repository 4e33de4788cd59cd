//! A backup: a folder that is laid out as a data folder, with a manifest beside it.
//!
//! ```text
//! backup.json               what it is of, when it was made, how much is in it; written last
//! registry.db ledger.db     each at one moment, the ledger's after the registry's
//! events/                   every object that this registry names, and no other
//! agents/                   the local agents' folders
//! unfinished                while one is being made: what lies in `events` may not have reached the disk
//! ```
//!
//! Until its last step one that is made over an earlier one leaves that as it was, but for further objects, which a restore
//! does not look at.

mod manifest;
mod objects;
mod tree;

pub(crate) use manifest::Manifest;
pub(crate) use objects::{Copied, Existing, copy_objects, remove_others};
pub(crate) use tree::copy_tree;

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

/// Removes folders that begin so: what was left by who was killed.
pub(crate) fn remove_leftovers(folder: &Path, prefix: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot list {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
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
