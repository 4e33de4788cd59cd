//! Folders and files of this machine: made, locked, copied, moved, synced and removed, with errors that name them.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use rustix::fs::FlockOperation;
use rustix::io::Errno;

/// Makes a folder and those above it, for their owner only.
pub(crate) fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Locks a file, which is made if it is not there, until what comes back is dropped or the process ends in whatever way. `None`
/// if another one has it.
pub(crate) fn lock(path: &Path) -> anyhow::Result<Option<File>> {
    let open = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let file = open.with_context(|| format!("cannot open {}", path.display()))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
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

/// One that is not there is removed.
pub(crate) fn remove_folder(path: &Path) -> anyhow::Result<()> {
    gone(std::fs::remove_dir_all(path), path)
}

/// One that is not there is removed.
pub(crate) fn remove_file(path: &Path) -> anyhow::Result<()> {
    gone(std::fs::remove_file(path), path)
}

fn gone(removed: std::io::Result<()>, path: &Path) -> anyhow::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", path.display())),
    }
}
