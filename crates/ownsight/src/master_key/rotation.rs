//! Another master key in the place of the present one, so that a crash at any moment leaves exactly one that is right: the
//! database's commitment tells which of the two files it is.

use std::path::Path;

use anyhow::{Context as _, bail};
use ownsight_disk::{Disk, DiskError, RealDisk, durable};
use ownsight_gate::{Unopened, master_key_fits, rotate_master_key};
use ownsight_registry::{Registry, Rewrapped};
use ownsight_seal::MasterKey;
use zeroize::Zeroizing;

use super::{FILE_NAME, line, load, parse};

/// The key that is to take the present one's place, from before the database knows it until it has its name.
const NEXT_NAME: &str = "master.key.next";
/// Longer than a key with its groups and lines.
const FILE_BYTES_MAX: usize = 4096;

/// What a rotation that was cut off had come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// There was none.
    Nothing,
    /// The database had not been changed: the new key is gone again.
    Undone,
    /// The database has the new key: so has the file now.
    Finished,
}

/// Replaces the master key of this database. Nothing is changed if that fails, unless the error says so.
pub(crate) async fn rotate(
    configuration: &Path,
    registry: &Registry,
    unopened: Unopened,
) -> anyhow::Result<Rewrapped> {
    let path = super::path(configuration);
    if settle(configuration, registry).await? == Left::Finished {
        eprintln!("A rotation that was cut off is finished now. Another one follows.");
    }
    let present = load(configuration, false)?;
    let is_file = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        bail!("the master key {} is a link: put the file itself there first", path.display());
    }
    let disk = open(configuration)?;
    let commit = async |next: &MasterKey| Ok(rotate_master_key(registry, &present, next, unopened).await?);
    let replaced = replace(&disk, commit).await;
    if replaced.is_err() {
        // By what the database says, whatever it was that failed.
        put_in_order(configuration, registry)
            .await
            .context("and what was begun could not be cleared away")?;
    }
    replaced.with_context(|| format!("the master key {} was not replaced", path.display()))
}

/// Whether one was cut off: there is a second key, of which only the data folder that it is of can say what it is.
pub(crate) fn is_pending(configuration: &Path) -> bool {
    configuration.join(NEXT_NAME).exists()
}

/// Finishes or undoes a rotation that was cut off, and says so. Only for who holds the data folder's lock.
pub(crate) async fn settle(configuration: &Path, registry: &Registry) -> anyhow::Result<Left> {
    let left = put_in_order(configuration, registry).await?;
    match left {
        Left::Nothing => {}
        Left::Undone => tracing::warn!(
            "a rotation of the master key was cut off before it changed anything: run `ownsight master-key rotate` again"
        ),
        Left::Finished => tracing::warn!(
            "a rotation of the master key was cut off and is finished now: the recovery sheet is void, run `ownsight master-key sheet` for the new one"
        ),
    }
    Ok(left)
}

/// The database's commitment says which of the two files is right.
async fn put_in_order(configuration: &Path, registry: &Registry) -> anyhow::Result<Left> {
    if !configuration.join(NEXT_NAME).exists() {
        return Ok(Left::Nothing);
    }
    let disk = open(configuration)?;
    let next = match read(&disk, NEXT_NAME)? {
        Some(next) => master_key_fits(&next, registry).await?,
        None => false,
    };
    let present = match read(&disk, FILE_NAME)? {
        Some(present) => master_key_fits(&present, registry).await?,
        None => false,
    };
    clear(&disk, next, present).with_context(|| {
        format!(
            "a rotation of the master key was cut off, and what it left in {} cannot be put in order",
            configuration.display()
        )
    })
}

fn open(configuration: &Path) -> anyhow::Result<RealDisk> {
    RealDisk::open(configuration)
        .with_context(|| format!("cannot open the configuration folder {}", configuration.display()))
}

/// The steps, in the one order that a crash may cut anywhere: the new key is durable before the database knows it, and the
/// former one is destroyed after.
async fn replace<T>(
    disk: &dyn Disk,
    commit: impl AsyncFnOnce(&MasterKey) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let next = MasterKey::generate();
    let file = disk.create(Path::new(NEXT_NAME))?;
    file.write_at(line(&next).as_bytes(), 0)?;
    file.sync()?;
    disk.sync_folder(Path::new(""))?;
    let read_back = read(disk, NEXT_NAME)?;
    if read_back.is_none_or(|read_back| read_back.expose() != next.expose()) {
        bail!("the new key cannot be read back from the configuration folder");
    }
    let done = commit(&next).await?;
    finish(disk).context(
        "the database has the new key, and the file could not be renamed: run `ownsight master-key rotate` to finish it",
    )?;
    Ok(done)
}

/// Puts in order what a rotation left, by which of the two keys fits the database.
fn clear(disk: &dyn Disk, next_fits: bool, present_fits: bool) -> Result<Left, DiskError> {
    match (next_fits, present_fits) {
        (true, _) => finish(disk).map(|()| Left::Finished),
        (false, true) => {
            destroy(disk, NEXT_NAME)?;
            disk.unlink(Path::new(NEXT_NAME))?;
            disk.sync_folder(Path::new(""))?;
            Ok(Left::Undone)
        }
        // Neither: the data of another installation. Nothing is thrown away.
        (false, false) => Ok(Left::Nothing),
    }
}

fn finish(disk: &dyn Disk) -> Result<(), DiskError> {
    destroy(disk, FILE_NAME)?;
    disk.rename(Path::new(NEXT_NAME), Path::new(FILE_NAME))?;
    disk.sync_folder(Path::new(""))
}

/// Overwrites a key where it lies.
fn destroy(disk: &dyn Disk, name: &str) -> Result<(), DiskError> {
    let file = match disk.open_for_change(Path::new(name)) {
        Err(DiskError::NotFound { .. }) => return Ok(()),
        file => file?,
    };
    let len = usize::try_from(file.file_len()?).unwrap_or_default().min(FILE_BYTES_MAX);
    file.write_at(&vec![0; len], 0)?;
    file.sync()
}

/// The key in a file; `None` if there is none, or none that is whole.
fn read(disk: &dyn Disk, name: &str) -> Result<Option<MasterKey>, DiskError> {
    let bytes = match durable::read_file(disk, Path::new(name), FILE_BYTES_MAX) {
        Err(DiskError::NotFound { .. }) => return Ok(None),
        bytes => bytes?.map(Zeroizing::new),
    };
    Ok(bytes.and_then(|bytes| parse(std::str::from_utf8(&bytes).ok()?)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ownsight_disk::ForgettingDisk;
    use ownsight_gate::Gate;
    use ownsight_registry::{RegistryOptions, Rewrap};

    use super::*;

    /// A configuration folder with a key, as if it had been there for long.
    fn settled() -> (ForgettingDisk, MasterKey) {
        let (disk, key) = (ForgettingDisk::new(), MasterKey::generate());
        durable::replace_file(&disk, Path::new(FILE_NAME), Path::new("aside"), line(&key).as_bytes())
            .unwrap();
        (disk.crash(0), key)
    }

    /// What a start makes of a folder, and whether a key is there then that fits.
    fn start(disk: &ForgettingDisk, committed: &MasterKey) -> bool {
        let fits = |name| read(disk, name).unwrap().is_some_and(|key| key.expose() == committed.expose());
        let is_there = disk.file_len(Path::new(NEXT_NAME)).is_ok();
        if is_there {
            clear(disk, fits(NEXT_NAME), fits(FILE_NAME)).unwrap();
        }
        fits(FILE_NAME)
    }

    /// A whole rotation: the disk with its journal, the former key, the new one, and where in the journal the database changed.
    async fn rotated() -> (ForgettingDisk, MasterKey, MasterKey, usize) {
        let (disk, former) = settled();
        let position = AtomicUsize::new(0);
        let next = replace(&disk, async |next: &MasterKey| {
            position.store(disk.position(), Ordering::Relaxed);
            Ok(next.clone())
        });
        let next = next.await.unwrap();
        (disk, former, next, position.into_inner())
    }

    /// Each moment of a rotation, with what the disk may make of it: the right key is there after the next start.
    #[tokio::test]
    async fn a_power_cut_at_any_moment_leaves_the_key_that_the_database_has() {
        let (disk, former, next, committed) = rotated().await;
        for position in 0..=disk.position() {
            for seed in 0..50 {
                if position <= committed {
                    assert!(start(&disk.crash_at(position, seed), &former), "{position}, not committed");
                }
                if position >= committed {
                    let after = disk.crash_at(position, seed);
                    assert!(start(&after, &next), "{position}, committed");
                    assert!(after.file_len(Path::new(NEXT_NAME)).is_err(), "one key is left");
                    // A start that is cut off itself is as good as the first.
                    for again in 0..=after.position() {
                        assert!(start(&after.crash_at(again, seed), &next), "{position}, then {again}");
                    }
                }
            }
        }
    }

    /// The negative control: with either sync of the new key left out, some power cut loses it.
    #[tokio::test]
    async fn without_a_sync_of_the_new_key_it_can_be_lost() {
        let (disk, _, next, committed) = rotated().await;
        let before: Vec<_> = disk
            .syncs()
            .into_iter()
            .filter(|sync| sync.position < committed)
            .map(|sync| sync.index)
            .collect();
        assert_eq!(before.len(), 2, "the file, then its name");
        for sync in before {
            let lost = (0..200).any(|seed| !start(&disk.crash_without(sync, committed, seed), &next));
            assert!(lost, "sync {sync}");
        }
    }

    /// A step that fails before the database has changed changes nothing; one after it is made up for.
    #[tokio::test]
    async fn a_step_that_fails_leaves_the_key_that_the_database_has() {
        let (probe, _, _, _) = rotated().await;
        let syncs = probe.syncs();
        let changes: Vec<_> =
            (0..probe.position()).filter(|at| syncs.iter().all(|sync| sync.position != *at)).collect();
        assert_eq!((changes.len(), syncs.len()), (4, 4));
        let faults = changes.into_iter().map(Ok).chain(syncs.into_iter().map(|sync| Err(sync.index)));
        for position in faults {
            let (disk, former) = settled();
            match position {
                Ok(change) => disk.fail_change(change),
                Err(sync) => disk.fail_sync(sync),
            }
            let committed = std::sync::Mutex::new(former.clone());
            let failed = replace(&disk, async |next: &MasterKey| {
                *committed.lock().unwrap() = next.clone();
                Ok(())
            });
            assert!(failed.await.is_err(), "{position:?}");
            assert!(start(&disk, &committed.into_inner().unwrap()), "{position:?}");
        }
        let (disk, former) = settled();
        assert!(
            replace(&disk, async |_: &MasterKey| -> anyhow::Result<()> { bail!("refused") }).await.is_err()
        );
        assert!(start(&disk, &former));
        assert!(disk.file_len(Path::new(NEXT_NAME)).is_err(), "the key that was not used is gone");
    }

    /// The key of other data is never thrown away.
    #[tokio::test]
    async fn two_keys_of_which_none_fits_both_stay() {
        let (disk, _) = settled();
        durable::replace_file(
            &disk,
            Path::new(NEXT_NAME),
            Path::new("aside"),
            line(&MasterKey::generate()).as_bytes(),
        )
        .unwrap();
        assert!(!start(&disk, &MasterKey::generate()));
        assert!(read(&disk, NEXT_NAME).unwrap().is_some() && read(&disk, FILE_NAME).unwrap().is_some());
    }

    /// As a rotation leaves it that was cut off.
    fn left_over(configuration: &Path, next: &MasterKey) {
        let disk = RealDisk::open(configuration).unwrap();
        disk.create(Path::new(NEXT_NAME)).unwrap().write_at(line(next).as_bytes(), 0).unwrap();
    }

    /// With a real registry: what was cut off after the database had changed is finished by whoever looks next.
    #[tokio::test]
    async fn a_rotation_goes_through_and_one_that_was_cut_off_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path().join("registry.db"), RegistryOptions::default()).unwrap();
        let first = load(folder.path(), true).unwrap();
        let installation = Gate::create_installation(&first, &registry).await.unwrap();
        rotate(folder.path(), &registry, Unopened::Refuse).await.unwrap();
        let second = load(folder.path(), false).unwrap();
        assert!(!master_key_fits(&first, &registry).await.unwrap());
        assert!(master_key_fits(&second, &registry).await.unwrap());

        let third = MasterKey::generate();
        left_over(folder.path(), &third);
        assert_eq!(settle(folder.path(), &registry).await.unwrap(), Left::Undone);
        assert_eq!(load(folder.path(), false).unwrap().expose(), second.expose());
        left_over(folder.path(), &third);
        let (from, to) = (second.commitment(installation), third.commitment(installation));
        registry.replace_master(from, to, |_, _, _| Rewrap::Dropped).await.unwrap();
        assert_eq!(settle(folder.path(), &registry).await.unwrap(), Left::Finished);
        assert_eq!(load(folder.path(), false).unwrap().expose(), third.expose());
        assert_eq!(settle(folder.path(), &registry).await.unwrap(), Left::Nothing);
        rotate(folder.path(), &registry, Unopened::Refuse).await.unwrap();
    }

    #[tokio::test]
    async fn the_former_key_is_on_the_disk_no_more() {
        let (disk, former, next, _) = rotated().await;
        assert_eq!(read(&disk, FILE_NAME).unwrap().unwrap().expose(), next.expose());
        assert_ne!(former.expose(), next.expose());
        assert_eq!(disk.list(Path::new("")).unwrap().len(), 1);
    }
}
