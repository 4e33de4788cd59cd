//! A folder of the machine.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::{Disk, DiskError, DiskFile, Entry, EntryKind, Operation, Space};

/// Files are for the owner only, whatever the umask.
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
const FOLDER_MODE: Mode = Mode::RWXU;

/// One folder of the machine. It is opened once; a folder that is renamed afterwards is still the same disk.
///
/// The last name of a path is never followed if it is a symbolic link.
#[derive(Clone)]
pub struct RealDisk {
    root: Arc<OwnedFd>,
    name: PathBuf,
}

impl RealDisk {
    /// Opens a folder that exists. Paths in errors of this function are as given.
    pub fn open(folder: &Path) -> Result<Self, DiskError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(folder, flags, Mode::empty())
            .map_err(|error| DiskError::new(Operation::Open, folder, error.into()))?;
        Ok(Self { root: Arc::new(root), name: folder.to_path_buf() })
    }

    fn open_file(&self, path: &Path, flags: OFlags, operation: Operation) -> Result<RealFile, DiskError> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::openat(&self.root, plain(path)?, flags, FILE_MODE)
            .map_err(|error| DiskError::new(operation, path, error.into()))?;
        Ok(RealFile { file: File::from(file), path: path.to_path_buf() })
    }

    fn open_existing(&self, path: &Path, flags: OFlags) -> Result<Box<dyn DiskFile>, DiskError> {
        let opened = self.open_file(path, flags, Operation::Open)?;
        let is_file =
            opened.file.metadata().map_err(|error| DiskError::new(Operation::Open, path, error))?.is_file();
        if is_file {
            Ok(Box::new(opened))
        } else {
            Err(DiskError::NotFound { operation: Operation::Open, path: path.to_path_buf() })
        }
    }

    fn open_folder(&self, path: &Path, operation: Operation) -> Result<File, DiskError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let inner = if path.as_os_str().is_empty() { Path::new(".") } else { plain(path)? };
        rustix::fs::openat(&self.root, inner, flags, Mode::empty())
            .map(File::from)
            .map_err(|error| DiskError::new(operation, path, error.into()))
    }

    fn kind_of(&self, path: &Path) -> io::Result<EntryKind> {
        let stat = rustix::fs::statat(&self.root, path, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(kind(FileType::from_raw_mode(stat.st_mode)))
    }
}

impl fmt::Debug for RealDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RealDisk").field(&self.name).finish()
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR;
        Ok(Box::new(self.open_file(path, flags, Operation::Create)?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        // A pipe under this name must not make us wait for its other end.
        self.open_existing(path, OFlags::RDONLY | OFlags::NONBLOCK)
    }

    fn open_for_change(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.open_existing(path, OFlags::RDWR | OFlags::NONBLOCK)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        rustix::fs::renameat(&self.root, plain(from)?, &self.root, plain(to)?)
            .map_err(|error| DiskError::new(Operation::Rename, to, error.into()))
    }

    fn unlink(&self, path: &Path) -> Result<(), DiskError> {
        rustix::fs::unlinkat(&self.root, plain(path)?, AtFlags::empty())
            .map_err(|error| DiskError::new(Operation::Unlink, path, error.into()))
    }

    fn make_folder(&self, path: &Path) -> Result<(), DiskError> {
        rustix::fs::mkdirat(&self.root, plain(path)?, FOLDER_MODE)
            .map_err(|error| DiskError::new(Operation::MakeFolder, path, error.into()))
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        rustix::fs::unlinkat(&self.root, plain(path)?, AtFlags::REMOVEDIR)
            .map_err(|error| DiskError::new(Operation::RemoveFolder, path, error.into()))
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        let folder = self.open_folder(path, Operation::SyncFolder)?;
        folder.sync_all().map_err(|error| DiskError::new(Operation::SyncFolder, path, error))
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, DiskError> {
        let failed = |error: io::Error| DiskError::new(Operation::List, path, error);
        let folder = self.open_folder(path, Operation::List)?;
        let mut entries = Vec::new();
        for entry in Dir::read_from(&folder).map_err(|error| failed(error.into()))? {
            let entry = entry.map_err(|error| failed(error.into()))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say; a name that vanished meanwhile is left out.
                FileType::Unknown => match self.kind_of(&path.join(name)) {
                    Ok(kind) => kind,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(failed(error)),
                },
                known => kind(known),
            };
            entries.push(Entry { name: name.to_os_string(), kind });
        }
        Ok(entries)
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        let stat = rustix::fs::statat(&self.root, plain(path)?, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| DiskError::new(Operation::Measure, path, error.into()))?;
        if kind(FileType::from_raw_mode(stat.st_mode)) == EntryKind::File {
            Ok(u64::try_from(stat.st_size).unwrap_or(0))
        } else {
            Err(DiskError::NotFound { operation: Operation::Measure, path: path.to_path_buf() })
        }
    }

    fn space(&self) -> Result<Space, DiskError> {
        let stat = rustix::fs::fstatvfs(&self.root)
            .map_err(|error| DiskError::new(Operation::Space, Path::new(""), error.into()))?;
        Ok(Space {
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }
}

/// A file of the machine, with its path for errors.
#[derive(Debug)]
struct RealFile {
    file: File,
    path: PathBuf,
}

impl RealFile {
    fn failed(&self, operation: Operation) -> impl FnOnce(io::Error) -> DiskError + '_ {
        move |error| DiskError::new(operation, &self.path, error)
    }
}

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(self.failed(Operation::Read)),
            }
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError> {
        self.file.write_all_at(bytes, offset).map_err(self.failed(Operation::Write))
    }

    fn truncate(&self, len: u64) -> Result<(), DiskError> {
        self.file.set_len(len).map_err(self.failed(Operation::Truncate))
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_all().map_err(self.failed(Operation::Sync))
    }

    fn file_len(&self) -> Result<u64, DiskError> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(self.failed(Operation::Measure))
    }
}

/// The path, if it is one of plain names only.
pub(crate) fn plain(path: &Path) -> Result<&Path, DiskError> {
    let mut names = path.components().peekable();
    if names.peek().is_some() && names.all(|name| matches!(name, Component::Normal(_))) {
        Ok(path)
    } else {
        Err(DiskError::BadPath { path: path.to_path_buf() })
    }
}

fn kind(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Folder,
        _ => EntryKind::Other,
    }
}
