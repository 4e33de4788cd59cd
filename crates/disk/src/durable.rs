//! Sequences of disk operations that are durable as a whole.

use std::path::{Path, PathBuf};

use crate::{Disk, DiskError};

/// Makes a folder and all those above it that are missing, durably: each one's name is synced in its parent,
/// also when the folder was there already, because who made it may not have synced it.
///
/// A crash leaves some of the folders, all empty.
pub fn make_folders(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    let mut made = PathBuf::new();
    for name in path {
        made.push(name);
        make_folder(disk, &made)?;
    }
    Ok(())
}

/// Makes one folder, durably, if it is not there. If its name cannot be synced the folder is removed again: a
/// later sync that works would say nothing of a name that an earlier one gave up.
pub fn make_folder(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    let is_new = match disk.make_folder(path) {
        Ok(()) => true,
        Err(DiskError::AlreadyExists { .. }) => false,
        Err(error) => return Err(error),
    };
    disk.sync_folder(parent(path)).inspect_err(|_| {
        if is_new {
            let _ = disk.remove_folder(path);
        }
    })
}

/// Replaces a small file as a whole, durably: after a crash its name leads to the old bytes or to the new
/// ones, and to the new ones once this returned `Ok`.
///
/// `temporary` must be in the same file system and is removed if it is left from before. One caller at a time
/// for one `temporary`. After an error of the last step the name may lead to either.
pub fn replace_file(disk: &dyn Disk, path: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    match disk.unlink(temporary) {
        Ok(()) | Err(DiskError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let written = disk.create(temporary).and_then(|file| {
        file.write_at(bytes, 0)?;
        file.sync()?;
        disk.rename(temporary, path)
    });
    if let Err(error) = written {
        // The error that counts is the first one; what cannot be removed now is removed by the next call.
        let _ = disk.unlink(temporary);
        return Err(error);
    }
    disk.sync_folder(parent(path))
}

/// Reads a whole file of at most `bytes_max` bytes; `None` if it is longer.
pub fn read_file(disk: &dyn Disk, path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, DiskError> {
    let file = disk.open(path)?;
    let Some(len) = usize::try_from(file.file_len()?).ok().filter(|len| *len <= bytes_max) else {
        return Ok(None);
    };
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(Some(bytes))
}

/// The folder in which this path's name stands; the empty path for a name in the disk's own folder.
pub fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
