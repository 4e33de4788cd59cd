//! The blocking heart of the vault: temporary files, committing, folders.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ownsight_disk::{Disk, DiskError, DiskFile, durable};

use crate::claim::Claims;
use crate::layout::{TEMPORARY, TRIAL};
use crate::space::SpaceWatch;
use crate::{ObjectRef, StoreError, VaultConfig};

/// More folders than this are not remembered as durable; they are synced again when used.
const FOLDERS_MAX: usize = 16_384;

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) config: VaultConfig,
    pub(crate) space: SpaceWatch,
    pub(crate) claims: Claims,
    /// Folders whose names this process has made durable. That a folder exists says nothing: who made it may
    /// have crashed, or failed, before its name was synced.
    folders: Mutex<HashSet<PathBuf>>,
    /// Held by who makes folders: nobody relies on a name whose first sync is still to come, or failed.
    making: Mutex<()>,
    /// Shared by who puts an object into a folder, exclusive for who removes an empty folder.
    tree: RwLock<()>,
    next_temporary: AtomicU64,
}

impl Store {
    /// Opens the vault's folder and removes what was being written when it was last used.
    pub(crate) fn start(disk: Arc<dyn Disk>, config: VaultConfig) -> Result<Self, DiskError> {
        let temporary = Path::new(TEMPORARY);
        match disk.make_folder(temporary) {
            Ok(()) | Err(DiskError::AlreadyExists { .. }) => {}
            Err(error) => return Err(error),
        }
        for entry in disk.list(temporary)? {
            disk.unlink(&temporary.join(entry.name))?;
        }
        let space = SpaceWatch::start(&*disk, &config)?;
        Ok(Self {
            disk,
            config,
            space,
            claims: Claims::default(),
            folders: Mutex::default(),
            making: Mutex::default(),
            tree: RwLock::default(),
            next_temporary: AtomicU64::new(0),
        })
    }

    /// A new temporary file.
    pub(crate) fn temporary(self: &Arc<Self>) -> Result<Temporary, StoreError> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(TEMPORARY).join(number.to_string());
        let file = self.disk.create(&path).map_err(|error| self.failed(error))?;
        Ok(Temporary { store: Arc::clone(self), file, path, len: 0, moved: false })
    }

    /// Writes a few bytes, syncs them and removes them. One at a time: there is one name for it.
    pub(crate) fn try_writing(&self) -> Result<(), StoreError> {
        let path = Path::new(TEMPORARY).join(TRIAL);
        let tried = || {
            match self.disk.unlink(&path) {
                // Left by one that failed half-way.
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
            let file = self.disk.create(&path)?;
            let written = file.write_at(b"trial", 0).and_then(|()| file.sync());
            let removed = self.disk.unlink(&path);
            written.and(removed)
        };
        tried().map_err(|error| self.failed(error))
    }

    /// Makes a whole temporary file the object, durably. After an error the object is not there.
    pub(crate) fn commit(&self, temporary: Temporary, object: ObjectRef) -> Result<u64, StoreError> {
        self.try_commit(temporary, object).map_err(|error| self.failed(error))
    }

    fn try_commit(&self, mut temporary: Temporary, object: ObjectRef) -> Result<u64, DiskError> {
        temporary.file.sync()?;
        let _shared = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let folder = object.folder();
        self.make_folder_durable(&folder)?;
        match self.disk.rename(&temporary.path, &object.file()) {
            // Somebody removed the folder behind our back: what is remembered of folders is not true.
            Err(error) if error.is_not_found() => {
                self.lock_folders().clear();
                self.make_folder_durable(&folder)?;
                self.disk.rename(&temporary.path, &object.file())?;
            }
            result => result?,
        }
        temporary.moved = true;
        if let Err(error) = self.disk.sync_folder(&folder) {
            // Not acknowledged, so it must not show either; what cannot be removed now is an orphan.
            let _ = self.disk.unlink(&object.file());
            return Err(error);
        }
        Ok(temporary.len)
    }

    fn make_folder_durable(&self, folder: &Path) -> Result<(), DiskError> {
        if self.lock_folders().contains(folder) {
            return Ok(());
        }
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let mut made = PathBuf::new();
        for name in folder {
            made.push(name);
            if self.lock_folders().contains(&made) {
                continue;
            }
            durable::make_folder(&*self.disk, &made)?;
            let mut folders = self.lock_folders();
            if folders.len() >= FOLDERS_MAX {
                folders.clear();
            }
            folders.insert(made.clone());
        }
        Ok(())
    }

    fn lock_folders(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        // A set is whole after a panic of who held the lock: nothing is done in between.
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a folder if it is empty; true if it was.
    pub(crate) fn remove_if_empty(&self, folder: &Path) -> Result<bool, DiskError> {
        let _exclusive = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        match self.disk.remove_folder(folder) {
            Ok(()) => {
                self.lock_folders().retain(|known| !known.starts_with(folder));
                Ok(true)
            }
            Err(DiskError::NotEmpty { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The error for who stores; a full disk is remembered.
    pub(crate) fn failed(&self, error: DiskError) -> StoreError {
        if error.is_full() {
            self.space.note_full();
        }
        error.into()
    }
}

/// A file that is being written. Dropped before it was committed, it goes.
#[derive(Debug)]
pub(crate) struct Temporary {
    store: Arc<Store>,
    file: Box<dyn DiskFile>,
    path: PathBuf,
    len: u64,
    moved: bool,
}

impl Temporary {
    /// Writes more at its end. After an error it must not be committed.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.store.space.check(&*self.store.disk)?;
        self.file.write_at(bytes, self.len).map_err(|error| self.store.failed(error))?;
        self.len += bytes.len() as u64;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.moved {
            return;
        }
        let (store, path) = (Arc::clone(&self.store), std::mem::take(&mut self.path));
        let remove = move || {
            if let Err(error) = store.disk.unlink(&path) {
                tracing::warn!(%error, "could not remove a temporary file; the next start will");
            }
        };
        // A writer can be dropped where blocking is not allowed.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}
