//! Durable file operations, and a disk that forgets what was not synced.
//!
//! All durable I/O of the vault and of a device's queue goes through the trait [`Disk`]. In production it is a
//! [`RealDisk`]: one folder of the machine. In tests it is a `ForgettingDisk` (feature `test-disk`), which
//! after a crash has lost or torn whatever was not synced, as a real disk may after a power cut; or lies behind a
//! `FaultyDisk`, which is slow, full, failing or gone for a while.
//!
//! What a caller may rely on, and nothing more:
//! - bytes written to a file are durable after [`DiskFile::sync`] returned `Ok`;
//! - names made, moved or removed in a folder are durable after [`Disk::sync_folder`] of that folder returned
//!   `Ok`; syncing a file does not make its name durable;
//! - after a sync that failed the unsynced bytes are lost, even if a later sync succeeds and even if they can
//!   still be read: write them again into another file;
//! - [`Disk::rename`] is atomic: after a crash a name leads to the old file or to the new one.
//!
//! All functions block; asynchronous callers use a thread for blocking work. Paths are relative to the disk's
//! folder and consist of plain names only. [`durable`] has the few sequences that everybody needs.

pub mod durable;
mod error;
#[cfg(feature = "test-disk")]
mod faulty;
#[cfg(feature = "test-disk")]
mod forgetting;
mod network;
mod real;

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

pub use error::{DiskError, Operation};
#[cfg(feature = "test-disk")]
pub use faulty::FaultyDisk;
#[cfg(feature = "test-disk")]
pub use forgetting::{ForgettingDisk, SyncRecord, SyncTarget};
pub use network::network_filesystem;
pub use real::RealDisk;

/// A folder in which files are kept. Shared between threads; every function blocks.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a new, empty file, open for reading and writing. [`DiskError::AlreadyExists`] if the name is taken.
    fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Opens a file for reading. [`DiskError::NotFound`] if there is none, or if it is a folder.
    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Opens a file that exists for reading and writing.
    fn open_for_change(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Moves a file to another name, atomically; a file that has the new name is replaced.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Removes a file's name. The bytes go when the last open handle is dropped.
    fn unlink(&self, path: &Path) -> Result<(), DiskError>;

    /// Makes one folder inside one that exists. [`DiskError::AlreadyExists`] if the name is taken.
    fn make_folder(&self, path: &Path) -> Result<(), DiskError>;

    /// Removes an empty folder. [`DiskError::NotEmpty`] if something is in it.
    fn remove_folder(&self, path: &Path) -> Result<(), DiskError>;

    /// Makes the names in this folder durable. The empty path is the disk's own folder.
    fn sync_folder(&self, path: &Path) -> Result<(), DiskError>;

    /// What is in a folder, in no order. The empty path is the disk's own folder.
    fn list(&self, path: &Path) -> Result<Vec<Entry>, DiskError>;

    /// Length in bytes of a file. [`DiskError::NotFound`] if there is none.
    fn file_len(&self, path: &Path) -> Result<u64, DiskError>;

    /// Free and total space, as an unprivileged process may use it.
    fn space(&self) -> Result<Space, DiskError>;
}

/// An open file. Stays readable after its name was removed.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Reads at most `buffer.len()` bytes from this byte offset; fewer if the system gives fewer, none only at
    /// the end of the file. [`DiskFile::read_exact_at`] is mostly what is wanted.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError>;

    /// Writes all of `bytes` at this byte offset. After an error any part of them may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError>;

    /// Cuts the file to this many bytes, or extends it with zeros.
    fn truncate(&self, len: u64) -> Result<(), DiskError>;

    /// Makes the file's bytes and length durable; its name needs [`Disk::sync_folder`].
    fn sync(&self) -> Result<(), DiskError>;

    /// Length in bytes now. Asks the system at every call.
    fn file_len(&self) -> Result<u64, DiskError>;

    /// Fills the whole buffer from this byte offset. [`DiskError::Short`] if the file ends before.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), DiskError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, offset.saturating_add(filled as u64))? {
                0 => return Err(DiskError::short(offset.saturating_add(filled as u64))),
                read => filled += read,
            }
        }
        Ok(())
    }
}

/// What stands in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name inside the folder.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// The kind of an [`Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Something else, such as a symbolic link. Never followed.
    Other,
}

/// Space of the file system that holds the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// Size of the file system in bytes.
    pub total_bytes: u64,
}
