//! Going through everything that lies in the vault.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ownsight_disk::{DiskError, EntryKind};

use crate::ObjectRef;
use crate::layout::{RESERVE, TEMPORARY};
use crate::store::Store;

/// Strays are named up to this number, and counted beyond.
const STRAYS_NAMED_MAX: usize = 100;

/// An object that lies in the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredObject {
    /// The object.
    pub object: ObjectRef,
    /// Its length in bytes.
    pub len: u64,
}

/// What a walk came across besides objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visited {
    /// Objects that were visited.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files and folders that the vault did not make, or whose names are not exactly as it makes them. They
    /// are left alone.
    pub strays: u64,
    /// The first hundred of them, relative to the vault's folder.
    pub stray_paths: Vec<PathBuf>,
}

impl Visited {
    fn stray(&mut self, path: PathBuf) {
        self.strays += 1;
        if self.stray_paths.len() < STRAYS_NAMED_MAX {
            self.stray_paths.push(path);
        }
    }
}

impl Store {
    /// Visits every object, in no order, until it is told to stop. What comes and goes meanwhile may be
    /// visited or not. Memory for the names of one folder at a time.
    pub(crate) fn walk<B>(
        &self,
        mut each: impl FnMut(StoredObject) -> ControlFlow<B>,
    ) -> Result<(Visited, Option<B>), DiskError> {
        let mut visited = Visited::default();
        for shard in self.shards(&mut visited)? {
            for (path, kind) in self.entries(&shard)? {
                let found = ObjectRef::from_file(&path).filter(|_| kind == EntryKind::File);
                let Some(object) = found else {
                    visited.stray(path);
                    continue;
                };
                let len = match self.disk.file_len(&path) {
                    Ok(len) => len,
                    Err(error) if error.is_not_found() => continue,
                    Err(error) => return Err(error),
                };
                visited.objects += 1;
                visited.bytes += len;
                if let ControlFlow::Break(value) = each(StoredObject { object, len }) {
                    return Ok((visited, Some(value)));
                }
            }
        }
        Ok((visited, None))
    }

    /// The folders in which objects stand.
    fn shards(&self, visited: &mut Visited) -> Result<Vec<PathBuf>, DiskError> {
        let mut folders = vec![PathBuf::new()];
        for depth in 0..3 {
            let mut inner = Vec::new();
            for folder in folders {
                for (path, kind) in self.entries(&folder)? {
                    if depth == 0 && (path == Path::new(TEMPORARY) || path == Path::new(RESERVE)) {
                        continue;
                    }
                    if kind == EntryKind::Folder { inner.push(path) } else { visited.stray(path) }
                }
            }
            folders = inner;
        }
        Ok(folders)
    }

    pub(crate) fn entries(&self, folder: &Path) -> Result<Vec<(PathBuf, EntryKind)>, DiskError> {
        match self.disk.list(folder) {
            Ok(entries) => {
                Ok(entries.into_iter().map(|entry| (folder.join(entry.name), entry.kind)).collect())
            }
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
