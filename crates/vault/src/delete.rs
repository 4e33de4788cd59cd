//! Erasing objects: the header is overwritten and synced, the name removed, the folder synced.
//!
//! Without its header an object cannot be opened by anybody, also if the rest is found in free blocks. A file
//! system that copies on write, and a disk that remaps, may keep the old header for a while; the page that
//! tells people what deleting means says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ownsight_disk::DiskError;

use crate::claim::Claim;
use crate::store::Store;
use crate::{ObjectRef, StoreError};

/// What became of a list of objects that were to be erased.
#[derive(Debug, Default)]
pub struct Deletion {
    /// Erased durably.
    pub erased: usize,
    /// Were not there; durably so.
    pub absent: usize,
    /// Of those erased: the disk was so full, or so broken, that the header could not be overwritten, only the
    /// name be removed.
    pub not_overwritten: usize,
    /// Not erased, or not durably: try again.
    pub failed: Vec<(ObjectRef, StoreError)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Erased,
    NotOverwritten,
    Absent,
}

impl Store {
    /// Erases these objects. A folder is synced once, after all its objects.
    pub(crate) fn delete(&self, objects: &[ObjectRef]) -> Deletion {
        let mut deletion = Deletion::default();
        let mut claims = Vec::with_capacity(objects.len());
        for object in objects {
            match self.claims.claim(*object) {
                Ok(claim) => claims.push(claim),
                Err(busy) => deletion.failed.push((*object, busy)),
            }
        }
        self.delete_claimed(&claims, &mut deletion);
        deletion
    }

    pub(crate) fn delete_claimed(&self, claims: &[Claim], deletion: &mut Deletion) {
        let mut folders: BTreeMap<PathBuf, Vec<(ObjectRef, Outcome)>> = BTreeMap::new();
        for object in claims.iter().map(Claim::object) {
            match self.unlink(object) {
                Ok(outcome) => folders.entry(object.folder()).or_default().push((object, outcome)),
                Err(error) => deletion.failed.push((object, StoreError::Disk(error))),
            }
        }
        for (folder, objects) in folders {
            let synced = self.sync_if_there(&folder);
            for (object, outcome) in objects {
                if synced.is_err() {
                    deletion.failed.push((object, StoreError::NotDurable { object }));
                    continue;
                }
                deletion.erased += usize::from(outcome != Outcome::Absent);
                deletion.absent += usize::from(outcome == Outcome::Absent);
                deletion.not_overwritten += usize::from(outcome == Outcome::NotOverwritten);
            }
            if let Err(error) = synced {
                tracing::error!(%error, "could not sync a folder after deleting");
            }
        }
    }

    fn unlink(&self, object: ObjectRef) -> Result<Outcome, DiskError> {
        let path = object.file();
        let outcome = match self.with_reserve(|| self.overwrite_header(&path)) {
            Ok(()) => Outcome::Erased,
            Err(error) if error.is_not_found() => return Ok(Outcome::Absent),
            Err(error) => {
                // Removing the name frees space and ends every reading through the vault: better than keeping it.
                tracing::error!(%error, "could not overwrite the header of a deleted object");
                Outcome::NotOverwritten
            }
        };
        self.with_reserve(|| self.disk.unlink(&path))?;
        Ok(outcome)
    }

    fn overwrite_header(&self, path: &Path) -> Result<(), DiskError> {
        let file = self.disk.open_for_change(path)?;
        let len = usize::try_from(file.file_len()?).unwrap_or(usize::MAX);
        let zeros = vec![0; len.min(self.config.erase_bytes)];
        if !zeros.is_empty() {
            file.write_at(&zeros, 0)?;
            file.sync()?;
        }
        Ok(())
    }

    fn with_reserve(&self, step: impl Fn() -> Result<(), DiskError>) -> Result<(), DiskError> {
        match step() {
            Err(error) if error.is_full() && self.space.release_reserve(&*self.disk) => step(),
            result => result,
        }
    }

    fn sync_if_there(&self, folder: &Path) -> Result<(), DiskError> {
        match self.with_reserve(|| self.disk.sync_folder(folder)) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}
