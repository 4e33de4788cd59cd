//! `ownsight restore`: a backup becomes the data folder, and is marked as what it is.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};
use ownsight_registry::{Registry, RegistryOptions};

use super::master_key::{OFFLINE_MAX, key_of, mark_restored, one_line};
use crate::backup::{self, Copied, Existing, Manifest, RESTORING, STAGING_PREFIX};
use crate::cli::{LogArgs, RestoreArgs};
use crate::config::Config;
use crate::files;
use crate::installation::{AGENTS, EVENTS, LEDGER, LOCK, REGISTRY, lock};
use crate::logging;
use crate::master_key::rotation;

pub(crate) async fn run(args: RestoreArgs, log: &LogArgs) -> anyhow::Result<()> {
    logging::start(log, "info")?;
    let config = Config::load_folders(&args.folders)?;
    let reason = args.lock_down.as_deref().map(one_line).transpose()?;
    let _one = lock_backup(&args.from)?;
    let Some(manifest) = Manifest::read(&args.from)? else {
        bail!("{} has no backup that was finished: `ownsight backup` makes one", args.from.display())
    };
    if rotation::is_pending(&config.configuration) {
        bail!(
            "a change of the master key was cut off, and its second key is in {}: start the server once on the data that it is of, or move that file away",
            config.configuration.display()
        );
    }
    let data = &config.data;
    files::make_folder(data)?;
    let _lock = lock(data)?;
    let begun = data.join(RESTORING);
    if begun.exists() {
        clear(data)?;
    } else {
        empty(data)?;
    }
    let state = manifest.state_in(&args.from);
    enough_room(data, &state, &manifest)?;

    let staging = tempfile::Builder::new().prefix(STAGING_PREFIX).tempdir_in(data);
    let staging = staging.with_context(|| format!("cannot write to {}", data.display()))?;
    let path = staging.path().join(REGISTRY);
    files::copy_file(&state.join(REGISTRY), &path)?;
    let options = RegistryOptions { deadline: OFFLINE_MAX, ..RegistryOptions::default() };
    let registry = Registry::open(&path, options)
        .with_context(|| format!("cannot open the registry of the backup {}", args.from.display()))?;
    // The key first: who has not got it need not wait for the rest. Nothing is written until all is there.
    let typed = key_of(&config, &registry).await?;
    File::create(&begun).with_context(|| format!("cannot write to {}", data.display()))?;
    files::sync_all(data)?;
    // What an interrupted one left here may not have reached the disk.
    let (from, to) = (args.from.join(EVENTS), data.join(EVENTS));
    let copied = backup::copy_objects(&registry, &from, &to, Existing::Verify).await?;
    files::copy_file(&state.join(LEDGER), &data.join(LEDGER))?;
    backup::copy_tree(&state.join(AGENTS), &data.join(AGENTS))?;
    let homes = mark_restored(&config, &registry, reason, typed).await?;
    registry.close().await;
    backup::expect_closed(&path)?;
    files::sync_all(data)?;
    files::rename(&path, &data.join(REGISTRY))?;
    files::sync_all(data)?;
    files::remove_file(&begun)?;
    files::sync_all(data)?;
    report(&manifest, homes, &copied)
}

/// Nobody makes a backup there meanwhile. On a medium that cannot be written nobody can.
fn lock_backup(folder: &Path) -> anyhow::Result<Option<File>> {
    match backup::lock(folder) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) => match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied | ErrorKind::NotFound) => {
                Ok(None)
            }
            _ => Err(error),
        },
    }
}

/// Refuses a data folder with anything in it: what was left of other data, such as a log of its database, would be taken for this.
fn empty(data: &Path) -> anyhow::Result<()> {
    if data.join(REGISTRY).exists() {
        bail!(
            "there is an installation in {}: move the folder away, or name another with --data",
            data.display()
        );
    }
    let cannot = || format!("cannot list {}", data.display());
    for entry in std::fs::read_dir(data).with_context(cannot)? {
        let name = entry.with_context(cannot)?.file_name();
        if name != LOCK && !backup::begins(&name, STAGING_PREFIX) {
            bail!(
                "the data folder {} is not empty ({}): move it away, or name another with --data",
                data.display(),
                name.display()
            );
        }
    }
    backup::remove_folders(data, STAGING_PREFIX, None)
}

/// Removes what an interrupted restore left, but for the objects.
fn clear(data: &Path) -> anyhow::Result<()> {
    for name in [REGISTRY, LEDGER] {
        for end in ["", "-wal", "-shm"] {
            files::remove_file(&data.join(format!("{name}{end}")))?;
        }
    }
    files::remove_folder(&data.join(AGENTS))?;
    backup::remove_folders(data, STAGING_PREFIX, None)
}

fn enough_room(data: &Path, state: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let length = |name: &str| std::fs::metadata(state.join(name)).map_or(0, |metadata| metadata.len());
    let needed = manifest.bytes.saturating_add(length(REGISTRY)).saturating_add(length(LEDGER));
    let space = rustix::fs::statvfs(data);
    let space = space.with_context(|| format!("cannot look at {}", data.display()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let there = free.saturating_add(backup::bytes_in(&data.join(EVENTS))?);
    if there < needed {
        bail!(
            "the backup has {needed} bytes, and {} has room for {there}: make room, or name another folder with --data",
            data.display()
        );
    }
    Ok(())
}

fn report(manifest: &Manifest, homes: u64, copied: &Copied) -> anyhow::Result<()> {
    eprintln!("Brought back, as of {}: {} events, {} bytes.", manifest.made_at, copied.objects, copied.bytes);
    eprintln!(
        "Everybody is signed out. Homes that wait until an owner has confirmed who belongs to them: {homes}."
    );
    eprintln!("Start the server with `ownsight serve`.");
    match copied.say_flaws() {
        0 => Ok(()),
        flawed => bail!("{flawed} events are missing or damaged in the backup; all else was brought back"),
    }
}
