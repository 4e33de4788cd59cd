//! `ownsight restore`: a backup becomes the data folder, and is marked as what it is.

use std::path::Path;

use anyhow::{Context as _, bail};
use ownsight_registry::{Registry, RegistryOptions};
use tempfile::TempDir;

use super::master_key::{OFFLINE_MAX, restore_offline};
use crate::backup::{self, AGENTS, Copied, EVENTS, Existing, LEDGER, Manifest, REGISTRY};
use crate::cli::{LogArgs, RestoreArgs};
use crate::config::Config;
use crate::installation::lock;
use crate::logging;

const STAGING_PREFIX: &str = ".restore-";

pub(crate) async fn run(args: RestoreArgs, log: &LogArgs) -> anyhow::Result<()> {
    logging::start(log, "info")?;
    let config = Config::load_folders(&args.folders)?;
    let Some(manifest) = Manifest::read(&args.from)? else {
        bail!("{} has no backup that was finished: `ownsight backup` makes one", args.from.display())
    };
    backup::make_folder(&config.data)?;
    let _lock = lock(&config.data)?;
    if config.data.join(REGISTRY).exists() {
        bail!(
            "there is an installation in {}: move the folder away, or name another with --data",
            config.data.display()
        );
    }
    backup::remove_leftovers(&config.data, STAGING_PREFIX)?;
    let room = room(&config.data)?;
    if room < manifest.bytes {
        bail!(
            "the backup has {} bytes, and {} has room for {room}: make room, or name another folder with --data",
            manifest.bytes,
            config.data.display()
        );
    }
    let staging = tempfile::Builder::new().prefix(STAGING_PREFIX).tempdir_in(&config.data);
    let staging = staging.with_context(|| format!("cannot write to {}", config.data.display()))?;
    let registry = open(&args.from, &staging)?;
    let restored = bring_back(&args, &config, &manifest, &registry).await;
    registry.close().await;
    let (homes, copied) = restored?;
    // From here on there is an installation: all of it.
    backup::sync_all(&config.data)?;
    backup::rename(&staging.path().join(REGISTRY), &config.data.join(REGISTRY))?;
    backup::sync_all(&config.data)?;
    report(&manifest, homes, &copied)
}

/// A copy of the backup's registry, which is worked on where it will be.
fn open(from: &Path, staging: &TempDir) -> anyhow::Result<Registry> {
    let path = staging.path().join(REGISTRY);
    backup::copy_file(&from.join(REGISTRY), &path)?;
    let options = RegistryOptions { deadline: OFFLINE_MAX, ..RegistryOptions::default() };
    Registry::open(&path, options)
        .with_context(|| format!("cannot open the registry of the backup {}", from.display()))
}

/// The key first: who has not got it need not wait for the rest.
async fn bring_back(
    args: &RestoreArgs,
    config: &Config,
    manifest: &Manifest,
    registry: &Registry,
) -> anyhow::Result<(u64, Copied)> {
    let installation =
        registry.installation().await?.context("the backup's registry names no installation")?;
    if installation.id != manifest.installation {
        bail!("{} has files of two backups: it cannot be brought back as it is", args.from.display());
    }
    let homes = restore_offline(config, registry, args.lock_down.clone()).await?;
    let (from, to) = (args.from.join(EVENTS), config.data.join(EVENTS));
    // What an interrupted one left here may not have reached the disk.
    let copied = backup::copy_objects(registry, &from, &to, &Existing::Verify).await?;
    backup::copy_file(&args.from.join(LEDGER), &config.data.join(LEDGER))?;
    backup::copy_tree(&args.from.join(AGENTS), &config.data.join(AGENTS))?;
    Ok((homes, copied))
}

fn report(manifest: &Manifest, homes: u64, copied: &Copied) -> anyhow::Result<()> {
    eprintln!("Brought back, as of {}: {} events, {} bytes.", manifest.made_at, copied.objects, copied.bytes);
    eprintln!(
        "Everybody is signed out. Homes that wait until an owner has confirmed who belongs to them: {homes}."
    );
    eprintln!("Start the server with `ownsight serve`.");
    if copied.flawed == 0 {
        return Ok(());
    }
    for (object, flaw) in &copied.flaws {
        println!("{object}: {flaw}");
    }
    bail!("{} events are missing or damaged in the backup; all else was brought back", copied.flawed)
}

/// Bytes that may still be written here.
fn room(folder: &Path) -> anyhow::Result<u64> {
    let space = rustix::fs::statvfs(folder);
    let space = space.with_context(|| format!("cannot look at {}", folder.display()))?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}
