//! What a backup says of itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ownsight_disk::{DiskError, RealDisk, durable};
use ownsight_model::InstallationId;
use serde::{Deserialize, Serialize};

const NAME: &str = "backup.json";
const TEMPORARY_NAME: &str = "backup.json.new";
const BYTES_MAX: usize = 4_096;
const FORMAT: u32 = 1;
/// How the names of folders begin that hold all but the objects.
pub(crate) const STATE_PREFIX: &str = "state-";

/// The folder of the state of this number, in that of a backup.
pub(crate) fn state_folder(backup: &Path, number: u64) -> PathBuf {
    backup.join(format!("{STATE_PREFIX}{number}"))
}

/// Of a backup that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    /// Of whose data.
    pub(crate) installation: InstallationId,
    /// As of when, RFC 3339.
    pub(crate) made_at: jiff::Timestamp,
    /// In which folder the rest of it is: `state-<number>`.
    pub(crate) state: u64,
    /// Objects in it.
    pub(crate) objects: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Manifest {
    pub(crate) fn new(
        installation: InstallationId,
        (state, made_at): (u64, jiff::Timestamp),
        (objects, bytes): (u64, u64),
    ) -> Self {
        Self { format: FORMAT, installation, made_at, state, objects, bytes }
    }

    /// The folder of the rest.
    pub(crate) fn state_in(&self, folder: &Path) -> PathBuf {
        state_folder(folder, self.state)
    }

    /// That of the backup in this folder; `None` if it has none that is whole.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let read =
            RealDisk::open(folder).and_then(|disk| durable::read_file(&disk, Path::new(NAME), BYTES_MAX));
        let path = folder.join(NAME);
        let bytes = match read {
            Err(DiskError::NotFound { .. }) => return Ok(None),
            bytes => bytes.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let manifest = bytes.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        match manifest {
            Some(manifest) if manifest.format == FORMAT => Ok(Some(manifest)),
            Some(manifest) => bail!(
                "{} has format {}, and this version reads {FORMAT}: use the version that made the backup",
                path.display(),
                manifest.format
            ),
            None => {
                bail!("{} is not a manifest of a backup: it was damaged, or is another file", path.display())
            }
        }
    }

    /// Writes it, durably.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        RealDisk::open(folder)
            .and_then(|disk| durable::replace_file(&disk, Path::new(NAME), Path::new(TEMPORARY_NAME), &text))
            .with_context(|| format!("cannot write {}", folder.join(NAME).display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_comes_back_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Manifest::read(folder.path());
        assert_eq!(read().unwrap(), None);
        let made_at = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let manifest = Manifest::new(InstallationId::generate(), (7, made_at), (3, 4));
        manifest.write(folder.path()).unwrap();
        assert_eq!(read().unwrap(), Some(manifest.clone()));
        assert_eq!(manifest.state_in(Path::new("/b")), Path::new("/b/state-7"));
        Manifest { format: 2, ..manifest }.write(folder.path()).unwrap();
        assert!(read().unwrap_err().to_string().contains("has format 2"));
        for text in ["", "{}", "[1]", &"x".repeat(5_000)] {
            std::fs::write(folder.path().join(NAME), text).unwrap();
            assert!(read().unwrap_err().to_string().contains("is not a manifest"), "{text}");
        }
    }
}
