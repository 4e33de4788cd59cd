//! The machine's disk, and how often objects on it are opened and read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ownsight_disk::{Disk, DiskError, DiskFile, Entry, RealDisk, Space};

/// How often.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    opened: AtomicU64,
    read: AtomicU64,
}

impl Reads {
    /// Files that were opened to be read, and reads.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.opened.load(Ordering::SeqCst), self.read.load(Ordering::SeqCst))
    }
}

#[derive(Debug)]
pub(crate) struct CountingDisk {
    disk: RealDisk,
    reads: Arc<Reads>,
}

#[derive(Debug)]
struct CountedFile {
    file: Box<dyn DiskFile>,
    reads: Arc<Reads>,
}

impl CountingDisk {
    pub(crate) fn new(disk: RealDisk, reads: Arc<Reads>) -> Self {
        Self { disk, reads }
    }
}

impl Disk for CountingDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.disk.create(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.reads.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(CountedFile { file: self.disk.open(path)?, reads: Arc::clone(&self.reads) }))
    }

    fn open_for_change(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.disk.open_for_change(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.disk.rename(from, to)
    }

    fn unlink(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.unlink(path)
    }

    fn make_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.make_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.remove_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.sync_folder(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, DiskError> {
        self.disk.list(path)
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        self.disk.file_len(path)
    }

    fn space(&self) -> Result<Space, DiskError> {
        self.disk.space()
    }
}

impl DiskFile for CountedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        self.reads.read.fetch_add(1, Ordering::SeqCst);
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError> {
        self.file.write_at(bytes, offset)
    }

    fn truncate(&self, len: u64) -> Result<(), DiskError> {
        self.file.truncate(len)
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync()
    }

    fn file_len(&self) -> Result<u64, DiskError> {
        self.file.file_len()
    }
}
