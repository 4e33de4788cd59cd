//! The mark by which a start sees that the data folder was rolled back: how often access had ended when it was written. It lies
//! in the configuration folder, which a backup of the data does not bring back.
//!
//! The database is always first, the mark after: one that is behind is what a crash leaves, one that is ahead is a database
//! of an earlier time, in which what had ended since is there again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use ownsight_disk::{DiskError, RealDisk, durable};
use ownsight_model::{InstallationId, Timestamp};
use ownsight_registry::Registry;
use tokio_util::sync::CancellationToken;

const FILE_NAME: &str = "restore.mark";
const TEMPORARY_NAME: &str = "restore.mark.new";
/// An id and a number.
const FILE_BYTES_MAX: usize = 128;
/// When to try again to write it.
const AGAIN: Duration = Duration::from_secs(1);

/// The mark of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    configuration: PathBuf,
    installation: InstallationId,
}

impl Mark {
    pub(crate) fn new(configuration: &Path, installation: InstallationId) -> Self {
        Self { configuration: configuration.to_path_buf(), installation }
    }

    /// What it says; `None` before there was one.
    pub(crate) fn read(&self) -> anyhow::Result<Option<u64>> {
        let path = self.configuration.join(FILE_NAME);
        let read = RealDisk::open(&self.configuration)
            .and_then(|disk| durable::read_file(&disk, Path::new(FILE_NAME), FILE_BYTES_MAX));
        let bytes = match read {
            Err(DiskError::NotFound { .. }) => return Ok(None),
            bytes => bytes.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let parts = text.trim().split_once(' ');
        let parts =
            parts.and_then(|(id, ended)| Some((id.parse::<InstallationId>().ok()?, ended.parse().ok()?)));
        match parts {
            Some((installation, ended)) if installation == self.installation => Ok(Some(ended)),
            _ => bail!(
                "the restore mark {} is not this installation's: if its data was brought back from a backup, run `ownsight master-key restore`; then remove the file",
                path.display()
            ),
        }
    }

    /// Writes it, durably. Blocks.
    pub(crate) fn write(&self, ended: u64) -> Result<(), DiskError> {
        let disk = RealDisk::open(&self.configuration)?;
        let line = format!("{} {ended}\n", self.installation);
        durable::replace_file(&disk, Path::new(FILE_NAME), Path::new(TEMPORARY_NAME), line.as_bytes())
    }

    /// Looks at a start whether this is the database that the mark was last written of; one of an earlier time is a restored one
    /// from here on.
    pub(crate) async fn check(&self, registry: &Registry) -> anyhow::Result<()> {
        let ended = registry.ended().await?;
        let Some(marked) = self.read()? else {
            self.write_or_warn(ended);
            return Ok(());
        };
        if ended >= marked {
            if ended > marked {
                self.write_or_warn(ended);
            }
            return Ok(());
        }
        let homes = registry.mark_restored(Timestamp::now(), marked).await?;
        tracing::error!(
            homes,
            missing = marked - ended,
            "the data folder is of an earlier time: everybody is signed out, and each home waits until an owner has confirmed who belongs to it"
        );
        self.write_or_warn(registry.ended().await?);
        Ok(())
    }

    fn write_or_warn(&self, ended: u64) {
        if let Err(error) = self.write(ended) {
            warn(&error);
        }
    }

    /// Writes it after each end of access, until cancelled: at once, and what cannot be written again and again.
    pub(crate) async fn follow(self, registry: Registry, cancel: CancellationToken) {
        let mut changes = registry.ended_changes();
        let mut written = None;
        let mut failing = false;
        loop {
            let ended = *changes.borrow_and_update();
            if written != Some(ended) {
                let mark = self.clone();
                let wrote = tokio::task::spawn_blocking(move || mark.write(ended)).await;
                match wrote {
                    Ok(Ok(())) => {
                        written = Some(ended);
                        failing = false;
                    }
                    Ok(Err(error)) if !failing => {
                        warn(&error);
                        failing = true;
                    }
                    _ => {}
                }
            }
            let again = async {
                if written == Some(ended) {
                    std::future::pending::<()>().await;
                } else {
                    tokio::time::sleep(AGAIN).await;
                }
            };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = again => {}
                () = cancel.cancelled() => {
                    let ended = *changes.borrow();
                    if written != Some(ended) {
                        self.write_or_warn(ended);
                    }
                    return;
                }
            }
        }
    }
}

fn warn(error: &DiskError) {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "the restore mark cannot be written: a data folder that is rolled back would not be noticed"
    );
}

#[cfg(test)]
mod tests {
    use ownsight_gate::Gate;
    use ownsight_registry::RegistryOptions;
    use ownsight_seal::MasterKey;

    use super::*;

    struct Folders {
        data: tempfile::TempDir,
        configuration: tempfile::TempDir,
        registry: Registry,
        mark: Mark,
    }

    impl Folders {
        async fn new() -> Self {
            let (data, configuration) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let registry =
                Registry::open(data.path().join("registry.db"), RegistryOptions::default()).unwrap();
            let id = Gate::create_installation(&MasterKey::generate(), &registry).await.unwrap();
            let mark = Mark::new(configuration.path(), id);
            Self { data, configuration, registry, mark }
        }

        /// Something ends: a link that was used up.
        async fn end_something(&self) {
            let expired = ownsight_registry::LinkRow {
                find: *MasterKey::generate().expose(),
                created_at: Timestamp::from_micros(1),
                expires_at: Timestamp::from_micros(3),
                used_at: None,
                sealed: Vec::new(),
            };
            self.registry.insert_link(expired.clone()).await.unwrap();
            self.registry.spend_link(expired.find, Timestamp::from_micros(2)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_mark_that_is_behind_or_missing_is_written_and_one_ahead_is_a_rollback() {
        let folders = Folders::new().await;
        assert_eq!(folders.mark.read().unwrap(), None);
        folders.mark.check(&folders.registry).await.unwrap();
        assert_eq!(folders.mark.read().unwrap(), Some(0));
        folders.end_something().await;
        let ended = folders.registry.ended().await.unwrap();
        assert!(ended > 0);
        // As a crash leaves it: the database is ahead.
        folders.mark.check(&folders.registry).await.unwrap();
        assert_eq!(folders.mark.read().unwrap(), Some(ended));
        assert_eq!(folders.registry.ended().await.unwrap(), ended, "and nothing was marked");

        folders.mark.write(ended + 5).unwrap();
        folders.mark.check(&folders.registry).await.unwrap();
        assert_eq!(folders.registry.ended().await.unwrap(), ended + 6);
        assert_eq!(folders.mark.read().unwrap(), Some(ended + 6));
        folders.mark.check(&folders.registry).await.unwrap();
        assert_eq!(folders.registry.ended().await.unwrap(), ended + 6, "once");
    }

    #[tokio::test]
    async fn a_mark_of_something_else_is_refused_with_a_remedy() {
        let folders = Folders::new().await;
        for text in ["", "x", "7", &format!("{} 7", InstallationId::generate()), &"9".repeat(200)] {
            std::fs::write(folders.configuration.path().join(FILE_NAME), text).unwrap();
            let error = folders.mark.check(&folders.registry).await.unwrap_err();
            assert!(error.to_string().contains("ownsight master-key restore"), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn the_mark_follows_what_ends() {
        let folders = Folders::new().await;
        let cancel = CancellationToken::new();
        let following = tokio::spawn(folders.mark.clone().follow(folders.registry.clone(), cancel.clone()));
        for _ in 0..3 {
            folders.end_something().await;
            let ended = folders.registry.ended().await.unwrap();
            while folders.mark.read().unwrap() != Some(ended) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // The database as it was before the last end: a rolled-back one.
        let copy = folders.data.path().join("copy.db");
        let raw = rusqlite::Connection::open(folders.data.path().join("registry.db")).unwrap();
        raw.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).unwrap();
        folders.end_something().await;
        cancel.cancel();
        following.await.unwrap();
        let rolled_back = Registry::open(&copy, RegistryOptions::default()).unwrap();
        let before = rolled_back.ended().await.unwrap();
        folders.mark.check(&rolled_back).await.unwrap();
        assert!(rolled_back.ended().await.unwrap() > before + 1);
    }
}
