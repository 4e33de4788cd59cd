//! What can go wrong on a disk, told apart by what the caller can do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A disk operation that failed. Paths are relative to the disk's folder.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// No space, or the quota is used up: free some and try again.
    #[error("the disk is full: cannot {operation} `{}`", path.display())]
    Full {
        /// What was tried.
        operation: Operation,
        /// On what.
        path: PathBuf,
    },
    /// There is no such file or folder.
    #[error("cannot {operation} `{}`: it does not exist", path.display())]
    NotFound {
        /// What was tried.
        operation: Operation,
        /// On what.
        path: PathBuf,
    },
    /// The name is taken.
    #[error("cannot {operation} `{}`: the name is taken", path.display())]
    AlreadyExists {
        /// What was tried.
        operation: Operation,
        /// On what.
        path: PathBuf,
    },
    /// The folder is not empty.
    #[error("cannot remove the folder `{}`: it is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The path is empty, absolute, or leads upwards. A fault of the caller.
    #[error("`{}` is not a path of plain names inside the disk's folder", path.display())]
    BadPath {
        /// The path.
        path: PathBuf,
    },
    /// The file ends before the range that was asked for.
    #[error("the file ends before byte {offset}")]
    Short {
        /// The first byte that is missing.
        offset: u64,
    },
    /// Anything else, such as a broken disk or a missing permission. After a failed sync the bytes are lost.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried.
        operation: Operation,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DiskError {
    /// Whether free space would help.
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether it failed because something does not exist.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    pub(crate) fn new(operation: Operation, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { operation, path },
            io::ErrorKind::NotFound => Self::NotFound { operation, path },
            io::ErrorKind::AlreadyExists => Self::AlreadyExists { operation, path },
            io::ErrorKind::DirectoryNotEmpty => Self::NotEmpty { path },
            _ => Self::Io { operation, path, source },
        }
    }

    pub(crate) const fn short(offset: u64) -> Self {
        Self::Short { offset }
    }
}

/// What was tried on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`crate::Disk::create`].
    Create,
    /// [`crate::Disk::open`] and [`crate::Disk::open_for_change`].
    Open,
    /// Reading from an open file.
    Read,
    /// Writing to an open file.
    Write,
    /// Cutting or extending an open file.
    Truncate,
    /// Syncing a file.
    Sync,
    /// Syncing a folder.
    SyncFolder,
    /// Renaming; the path is the new name.
    Rename,
    /// Removing a file.
    Unlink,
    /// Making a folder.
    MakeFolder,
    /// Removing a folder.
    RemoveFolder,
    /// Listing a folder.
    List,
    /// Asking for a length.
    Measure,
    /// Asking for free space.
    Space,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Truncate => "change the length of",
            Self::Sync => "sync",
            Self::SyncFolder => "sync the folder",
            Self::Rename => "rename a file to",
            Self::Unlink => "remove",
            Self::MakeFolder => "make the folder",
            Self::RemoveFolder => "remove the folder",
            Self::List => "list",
            Self::Measure => "measure",
            Self::Space => "find the free space of",
        })
    }
}
