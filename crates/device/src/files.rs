//! Small files of the program around a device, in the device's folder.

use std::path::Path;

use ownsight_disk::DiskError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::LoadError;
use crate::state::Folder;

/// Small JSON files, each replaced durably and as a whole. They stand as `program-<name>.json` in the device's
/// folder, readable by its owner only. Clones are the same folder.
///
/// All functions block on the disk.
#[derive(Debug, Clone)]
pub struct DeviceFiles(Folder);

impl DeviceFiles {
    pub(crate) fn new(folder: Folder) -> Self {
        Self(folder)
    }

    /// Reads a file; `None` if there is none.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, LoadError> {
        self.0.read(&file(name))
    }

    /// Replaces a file: after a crash there is the old one or the new one, and once this returned `Ok` the new
    /// one. One caller at a time for one name.
    pub fn write<T: Serialize>(&self, name: &str, content: &T) -> Result<(), DiskError> {
        self.0.write(&file(name), content)
    }

    /// The names of files that begin so, in no order.
    pub fn names(&self, prefix: &str) -> Result<Vec<String>, DiskError> {
        let entries = self.0.disk.list(Path::new(""))?;
        let names = entries.iter().filter_map(|entry| {
            let name = entry.name.to_str()?.strip_prefix("program-")?.strip_suffix(".json")?;
            name.starts_with(prefix).then(|| name.to_owned())
        });
        Ok(names.collect())
    }

    /// Removes a file, durably. That there is none is no error.
    pub fn remove(&self, name: &str) -> Result<(), DiskError> {
        match self.0.disk.unlink(Path::new(&file(name))) {
            Err(error) if error.is_not_found() => Ok(()),
            removed => removed.and_then(|()| self.0.disk.sync_folder(Path::new(""))),
        }
    }
}

fn file(name: &str) -> String {
    format!("program-{name}.json")
}
