//! A disk in front of another one that is slow, full, failing or gone for a while, as a test says.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::{Disk, DiskError, DiskFile, Entry, Operation, Space};

/// A disk with faults that are switched on and off. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    faults: Arc<Faults>,
}

/// What is wrong with it now.
#[derive(Debug, Default)]
struct Faults {
    gone: AtomicBool,
    failing: AtomicBool,
    full: AtomicBool,
    sync_nanos: AtomicU64,
    flushes: Flushes,
}

/// Syncs that take a while: one after the other, or those that wait together at once.
#[derive(Debug, Default)]
struct Flushes {
    merge: AtomicBool,
    state: Mutex<FlushState>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct FlushState {
    begun: u64,
    done: u64,
    running: bool,
}

impl FaultyDisk {
    /// A disk in front of this one, without a fault yet.
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        Self { inner, faults: Arc::default() }
    }

    /// From now on everything fails, as of a disk that was pulled out; or works again. What was written is still there.
    pub fn set_gone(&self, gone: bool) {
        self.faults.gone.store(gone, Ordering::SeqCst);
    }

    /// From now on everything fails but the question for space, which file systems answer from memory: as of a disk that
    /// gives I/O errors only, or was turned read-only by them. Or it works again.
    pub fn set_failing(&self, failing: bool) {
        self.faults.failing.store(failing, Ordering::SeqCst);
    }

    /// From now on nothing can be made or written, and no space is free; or there is room again.
    pub fn set_full(&self, full: bool) {
        self.faults.full.store(full, Ordering::SeqCst);
    }

    /// Each sync takes so long, one after the other.
    pub fn set_sync_time(&self, time: Duration) {
        self.faults.flushes.merge.store(false, Ordering::SeqCst);
        self.set_nanos(time);
    }

    /// Each sync takes so long, and serves all that wait when it begins, as the journal of a file system may.
    pub fn set_merged_sync_time(&self, time: Duration) {
        self.faults.flushes.merge.store(true, Ordering::SeqCst);
        self.set_nanos(time);
    }

    fn set_nanos(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.faults.sync_nanos.store(nanos, Ordering::SeqCst);
    }

    fn file(&self, path: &Path, inner: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FaultyFile { inner, path: path.to_path_buf(), faults: Arc::clone(&self.faults) })
    }
}

impl Faults {
    fn there(&self, operation: Operation, path: &Path) -> Result<(), DiskError> {
        let why = if self.gone.load(Ordering::SeqCst) {
            "switched fault: the disk is gone"
        } else if self.failing.load(Ordering::SeqCst) && operation != Operation::Space {
            "switched fault: the disk gives errors only"
        } else {
            return Ok(());
        };
        Err(DiskError::Io { operation, path: path.to_path_buf(), source: io::Error::other(why) })
    }

    fn room(&self, operation: Operation, path: &Path) -> Result<(), DiskError> {
        self.there(operation, path)?;
        if self.full.load(Ordering::SeqCst) {
            return Err(DiskError::Full { operation, path: path.to_path_buf() });
        }
        Ok(())
    }

    fn sync(&self, operation: Operation, path: &Path) -> Result<(), DiskError> {
        self.there(operation, path)?;
        let time = Duration::from_nanos(self.sync_nanos.load(Ordering::SeqCst));
        if !time.is_zero() {
            self.flushes.take(time);
        }
        self.there(operation, path)
    }
}

impl Flushes {
    fn take(&self, time: Duration) {
        let merge = self.merge.load(Ordering::SeqCst);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What was asked for while a flush is under way is not in it.
        let mine = state.begun + 1;
        loop {
            if merge && state.done >= mine {
                return;
            }
            if !state.running {
                break;
            }
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.running = true;
        state.begun += 1;
        let number = state.begun;
        drop(state);
        std::thread::sleep(time);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.done, state.running) = (number, false);
        self.ended.notify_all();
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.faults.room(Operation::Create, path)?;
        Ok(self.file(path, self.inner.create(path)?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.faults.there(Operation::Open, path)?;
        Ok(self.file(path, self.inner.open(path)?))
    }

    fn open_for_change(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.faults.there(Operation::Open, path)?;
        Ok(self.file(path, self.inner.open_for_change(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.faults.there(Operation::Rename, to)?;
        self.inner.rename(from, to)
    }

    fn unlink(&self, path: &Path) -> Result<(), DiskError> {
        self.faults.there(Operation::Unlink, path)?;
        self.inner.unlink(path)
    }

    fn make_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.faults.room(Operation::MakeFolder, path)?;
        self.inner.make_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.faults.there(Operation::RemoveFolder, path)?;
        self.inner.remove_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.faults.sync(Operation::SyncFolder, path)?;
        self.inner.sync_folder(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, DiskError> {
        self.faults.there(Operation::List, path)?;
        self.inner.list(path)
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        self.faults.there(Operation::Measure, path)?;
        self.inner.file_len(path)
    }

    fn space(&self) -> Result<Space, DiskError> {
        self.faults.there(Operation::Space, Path::new(""))?;
        let space = self.inner.space()?;
        let is_full = self.faults.full.load(Ordering::SeqCst);
        Ok(if is_full { Space { free_bytes: 0, ..space } } else { space })
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Box<dyn DiskFile>,
    path: PathBuf,
    faults: Arc<Faults>,
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        self.faults.there(Operation::Read, &self.path)?;
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError> {
        // Into what has its room already, a full disk takes bytes.
        let in_place = self.inner.file_len()? >= offset.saturating_add(bytes.len() as u64);
        let look = if in_place { Faults::there } else { Faults::room };
        look(&self.faults, Operation::Write, &self.path)?;
        self.inner.write_at(bytes, offset)
    }

    fn truncate(&self, len: u64) -> Result<(), DiskError> {
        self.faults.there(Operation::Truncate, &self.path)?;
        self.inner.truncate(len)
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.faults.sync(Operation::Sync, &self.path)?;
        self.inner.sync()
    }

    fn file_len(&self) -> Result<u64, DiskError> {
        self.faults.there(Operation::Measure, &self.path)?;
        self.inner.file_len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::ForgettingDisk;

    #[test]
    fn a_disk_that_is_gone_is_as_it_was_when_it_is_back() {
        let disk = FaultyDisk::new(Arc::new(ForgettingDisk::new()));
        let path = Path::new("file");
        let file = disk.create(path).unwrap();
        file.write_at(b"here", 0).unwrap();
        disk.set_gone(true);
        assert!(matches!(file.write_at(b"gone", 4), Err(DiskError::Io { .. })));
        assert!(matches!(disk.open(path), Err(DiskError::Io { .. })));
        assert!(disk.space().is_err() && disk.sync_folder(Path::new("")).is_err());
        disk.set_gone(false);
        file.write_at(b"back", 4).unwrap();
        let mut bytes = [0; 8];
        disk.open(path).unwrap().read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"hereback");

        disk.set_failing(true);
        assert!(matches!(file.sync(), Err(DiskError::Io { .. })));
        assert!(matches!(disk.create(Path::new("other")), Err(DiskError::Io { .. })));
        assert!(disk.space().is_ok());
        disk.set_failing(false);
        file.sync().unwrap();

        disk.set_full(true);
        assert!(file.write_at(b"more", 8).unwrap_err().is_full());
        assert!(disk.create(Path::new("other")).unwrap_err().is_full());
        file.write_at(b"over", 4).unwrap();
        assert_eq!(disk.space().unwrap().free_bytes, 0);
        disk.unlink(path).unwrap();
    }

    #[test]
    fn syncs_take_their_turns_or_share_one() {
        const TIME: Duration = Duration::from_millis(40);
        let disk = FaultyDisk::new(Arc::new(ForgettingDisk::new()));
        let four_syncs = || {
            let begun = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| disk.sync_folder(Path::new("")).unwrap());
                }
            });
            begun.elapsed()
        };
        disk.set_sync_time(TIME);
        assert!(four_syncs() >= 4 * TIME);
        disk.set_merged_sync_time(TIME);
        // Those that came while the first one was under way share the second one; only a slow machine needs more.
        assert!((0..10).any(|_| four_syncs() < 3 * TIME));
    }
}
