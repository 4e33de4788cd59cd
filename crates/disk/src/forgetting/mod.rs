//! A disk in memory that forgets or tears, at a crash, what was not synced before it.
//!
//! Every change is one step of a journal. A test runs its history once and then asks for the disk after a
//! crash at any position of the journal ([`ForgettingDisk::crash_at`]), and for the same with one sync left
//! out ([`ForgettingDisk::crash_without`]): the negative control, which shows that the test would notice.
//!
//! At a crash each change since the last sync that covers it is kept, lost or, if it is a write, torn at a
//! byte or by sectors, each on its own and chosen by the seed. A rename is atomic, but both names may remain.
//! A sync that fails loses what it should have made durable, although it can still be read.

mod crash;
mod faults;
mod state;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::real::plain;
use crate::{Disk, DiskError, DiskFile, Entry, EntryKind, Operation, Space};

use faults::Faults;
use state::{NodeId, ROOT, State, Step, SyncOutcome};

/// A disk in memory that forgets. Clones are the same disk; its files keep working after a crash was asked for.
#[derive(Debug, Clone)]
pub struct ForgettingDisk {
    inner: Arc<Mutex<Inner>>,
}

/// A sync that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRecord {
    /// Its number: the first sync of the disk is 0.
    pub index: usize,
    /// Its position in the journal; what comes later has a higher one.
    pub position: usize,
    /// What was synced.
    pub target: SyncTarget,
    /// Its path: the folder's, or the one under which the file was opened.
    pub path: PathBuf,
}

/// What a sync was asked to make durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncTarget {
    /// A file's bytes and length.
    File,
    /// A folder's names.
    Folder,
}

#[derive(Debug)]
struct Inner {
    /// The disk as it was when it was made: empty, or as a crash left it.
    base: State,
    now: State,
    journal: Vec<Step>,
    syncs: Vec<SyncRecord>,
    faults: Faults,
    writes: usize,
}

impl Default for ForgettingDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl ForgettingDisk {
    /// An empty disk without limit and faults.
    pub fn new() -> Self {
        Self::from_state(State::empty())
    }

    fn from_state(state: State) -> Self {
        let inner = Inner {
            base: state.clone(),
            now: state,
            journal: Vec::new(),
            syncs: Vec::new(),
            faults: Faults::default(),
            writes: 0,
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// How many changes and syncs the disk has seen.
    pub fn position(&self) -> usize {
        self.lock().journal.len()
    }

    /// How many writes the disk has seen.
    pub fn writes(&self) -> usize {
        self.lock().writes
    }

    /// All syncs so far, in order.
    pub fn syncs(&self) -> Vec<SyncRecord> {
        self.lock().syncs.clone()
    }

    /// The disk after a crash now. This one stays as it is.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        Self::from_state(self.lock().now.crash(seed))
    }

    /// The disk after a crash that came when only the first `position` steps of the journal had been made.
    #[must_use]
    pub fn crash_at(&self, position: usize, seed: u64) -> Self {
        Self::from_state(self.replay(position, None).crash(seed))
    }

    /// Like [`Self::crash_at`], as if the sync of this number had done nothing.
    #[must_use]
    pub fn crash_without(&self, sync: usize, position: usize, seed: u64) -> Self {
        Self::from_state(self.replay(position, Some(sync)).crash(seed))
    }

    /// The sync of this number does nothing and says that it worked.
    pub fn ignore_sync(&self, index: usize) {
        self.lock().faults.ignored_syncs.insert(index);
    }

    /// The sync of this number fails, and what it should have made durable is lost at a crash.
    pub fn fail_sync(&self, index: usize) {
        self.lock().faults.failing_syncs.insert(index);
    }

    /// The write of this number, from 0, writes at most `bytes` bytes and fails.
    pub fn cut_write(&self, index: usize, bytes: usize) {
        self.lock().faults.cut_writes.insert(index, bytes);
    }

    /// The change at this position of the journal fails and changes nothing. Not for syncs.
    pub fn fail_change(&self, position: usize) {
        self.lock().faults.failing_changes.insert(position);
    }

    /// Limits the disk to so many bytes of files; `None` takes the limit away.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.lock().faults.capacity = bytes;
    }

    /// Makes a write into the middle of a file need room for its bytes, as where the file system copies on write.
    pub fn copy_on_write(&self) {
        self.lock().faults.copy_on_write = true;
    }

    /// Bytes of all files that have a name.
    pub fn used_bytes(&self) -> u64 {
        self.lock().now.used_bytes()
    }

    fn replay(&self, position: usize, without: Option<usize>) -> State {
        let inner = self.lock();
        let left_out = without.and_then(|index| inner.syncs.get(index)).map(|sync| sync.position);
        let mut state = inner.base.clone();
        for (at, step) in inner.journal.iter().take(position).enumerate() {
            if Some(at) != left_out {
                state.apply(step);
            }
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A test that panicked elsewhere must not hide its message behind a poisoned lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn change(&mut self, step: Step, operation: Operation, path: &Path) -> Result<(), DiskError> {
        if self.faults.failing_changes.remove(&self.journal.len()) {
            return Err(broken(operation, path));
        }
        self.now.apply(&step);
        self.journal.push(step);
        Ok(())
    }

    fn sync(&mut self, target: SyncTarget, node: NodeId, path: &Path) -> Result<(), DiskError> {
        let index = self.syncs.len();
        let outcome = if self.faults.failing_syncs.remove(&index) {
            SyncOutcome::Failed
        } else if self.faults.ignored_syncs.remove(&index) {
            SyncOutcome::Ignored
        } else {
            SyncOutcome::Done
        };
        let position = self.journal.len();
        self.syncs.push(SyncRecord { index, position, target, path: path.to_path_buf() });
        let step = match target {
            SyncTarget::File => Step::SyncFile { node, outcome },
            SyncTarget::Folder => Step::SyncFolder { folder: node, outcome },
        };
        self.now.apply(&step);
        self.journal.push(step);
        let operation = match target {
            SyncTarget::File => Operation::Sync,
            SyncTarget::Folder => Operation::SyncFolder,
        };
        if outcome == SyncOutcome::Failed { Err(broken(operation, path)) } else { Ok(()) }
    }

    /// The folder in which the last name of the path stands, and that name.
    fn place(&self, path: &Path, operation: Operation) -> Result<(NodeId, String), DiskError> {
        let path = plain(path)?;
        let bad = || DiskError::BadPath { path: path.to_path_buf() };
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(bad)?;
        let folder = self.folder(path.parent().unwrap_or(Path::new("")), operation)?;
        Ok((folder, name.to_owned()))
    }

    fn folder(&self, path: &Path, operation: Operation) -> Result<NodeId, DiskError> {
        if !path.as_os_str().is_empty() {
            plain(path)?;
        }
        let found =
            path.iter().try_fold(ROOT, |folder, name| self.now.names(folder)?.get(name.to_str()?).copied());
        found.filter(|node| self.now.names(*node).is_some()).ok_or_else(|| missing(operation, path))
    }

    fn file(&self, path: &Path, operation: Operation) -> Result<NodeId, DiskError> {
        let (folder, name) = self.place(path, operation)?;
        let node = self.now.names(folder).and_then(|names| names.get(&name)).copied();
        node.filter(|node| self.now.bytes(*node).is_some()).ok_or_else(|| missing(operation, path))
    }

    fn new_name(&self, path: &Path, operation: Operation) -> Result<(NodeId, String), DiskError> {
        let (folder, name) = self.place(path, operation)?;
        if self.now.names(folder).is_some_and(|names| names.contains_key(&name)) {
            return Err(DiskError::AlreadyExists { operation, path: path.to_path_buf() });
        }
        Ok((folder, name))
    }
}

impl Disk for ForgettingDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        let mut inner = self.lock();
        let (folder, name) = inner.new_name(path, Operation::Create)?;
        let node = inner.now.next_node();
        inner.change(Step::Create { folder, name, node }, Operation::Create, path)?;
        Ok(Box::new(ForgettingFile { disk: self.clone(), node, path: path.to_path_buf() }))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        let node = self.lock().file(path, Operation::Open)?;
        Ok(Box::new(ForgettingFile { disk: self.clone(), node, path: path.to_path_buf() }))
    }

    fn open_for_change(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let mut inner = self.lock();
        let node = inner.file(from, Operation::Rename)?;
        let from = inner.place(from, Operation::Rename)?;
        let target = inner.place(to, Operation::Rename)?;
        inner.change(Step::Rename { from, to: target, node }, Operation::Rename, to)
    }

    fn unlink(&self, path: &Path) -> Result<(), DiskError> {
        let mut inner = self.lock();
        inner.file(path, Operation::Unlink)?;
        let (folder, name) = inner.place(path, Operation::Unlink)?;
        inner.change(Step::Remove { folder, name }, Operation::Unlink, path)
    }

    fn make_folder(&self, path: &Path) -> Result<(), DiskError> {
        let mut inner = self.lock();
        let (folder, name) = inner.new_name(path, Operation::MakeFolder)?;
        let node = inner.now.next_node();
        inner.change(Step::MakeFolder { folder, name, node }, Operation::MakeFolder, path)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        let mut inner = self.lock();
        let (folder, name) = inner.place(path, Operation::RemoveFolder)?;
        let node = inner.folder(path, Operation::RemoveFolder)?;
        if inner.now.names(node).is_some_and(|names| !names.is_empty()) {
            return Err(DiskError::NotEmpty { path: path.to_path_buf() });
        }
        inner.change(Step::Remove { folder, name }, Operation::RemoveFolder, path)
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        let mut inner = self.lock();
        let folder = inner.folder(path, Operation::SyncFolder)?;
        inner.sync(SyncTarget::Folder, folder, path)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, DiskError> {
        let inner = self.lock();
        let folder = inner.folder(path, Operation::List)?;
        let names = inner.now.names(folder).into_iter().flatten();
        let entries = names.map(|(name, node)| Entry {
            name: name.into(),
            kind: if inner.now.bytes(*node).is_some() { EntryKind::File } else { EntryKind::Folder },
        });
        Ok(entries.collect())
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        let inner = self.lock();
        let node = inner.file(path, Operation::Measure)?;
        Ok(inner.now.bytes(node).map_or(0, |bytes| bytes.len() as u64))
    }

    fn space(&self) -> Result<Space, DiskError> {
        let inner = self.lock();
        let total_bytes = inner.faults.capacity.unwrap_or(u64::MAX);
        Ok(Space { free_bytes: total_bytes.saturating_sub(inner.now.used_bytes()), total_bytes })
    }
}

#[derive(Debug)]
struct ForgettingFile {
    disk: ForgettingDisk,
    node: NodeId,
    path: PathBuf,
}

impl DiskFile for ForgettingFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        let inner = self.disk.lock();
        let bytes = inner.now.bytes(self.node).unwrap_or_default();
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError> {
        let mut inner = self.disk.lock();
        let index = inner.writes;
        inner.writes += 1;
        let cut = inner.faults.cut_writes.remove(&index);
        let room = inner.room(self.node, offset);
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        let written = fits.min(cut.unwrap_or(usize::MAX));
        let part = bytes.get(..written).unwrap_or_default().to_vec();
        if !part.is_empty() || bytes.is_empty() {
            let step = Step::Write { node: self.node, offset, bytes: part };
            inner.change(step, Operation::Write, &self.path)?;
        }
        if cut.is_some() {
            return Err(broken(Operation::Write, &self.path));
        }
        if written < bytes.len() {
            return Err(DiskError::Full { operation: Operation::Write, path: self.path.clone() });
        }
        Ok(())
    }

    fn truncate(&self, len: u64) -> Result<(), DiskError> {
        let mut inner = self.disk.lock();
        inner.change(Step::Truncate { node: self.node, len }, Operation::Truncate, &self.path)
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.disk.lock().sync(SyncTarget::File, self.node, &self.path)
    }

    fn file_len(&self) -> Result<u64, DiskError> {
        Ok(self.disk.lock().now.bytes(self.node).map_or(0, |bytes| bytes.len() as u64))
    }
}

impl Inner {
    /// How many bytes can be written to this file from this offset before the disk is full.
    fn room(&self, node: NodeId, offset: u64) -> u64 {
        let Some(capacity) = self.faults.capacity else { return u64::MAX };
        let len = self.now.bytes(node).map_or(0, |bytes| bytes.len() as u64);
        let free = capacity.saturating_sub(self.now.used_bytes());
        if self.faults.copy_on_write {
            return free;
        }
        len.saturating_add(free).saturating_sub(offset)
    }
}

fn missing(operation: Operation, path: &Path) -> DiskError {
    DiskError::NotFound { operation, path: path.to_path_buf() }
}

fn broken(operation: Operation, path: &Path) -> DiskError {
    let source = std::io::Error::other("armed fault: input/output error");
    DiskError::Io { operation, path: path.to_path_buf(), source }
}
