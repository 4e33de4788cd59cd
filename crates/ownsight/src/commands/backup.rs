//! `ownsight backup`: all data in a folder elsewhere, as it is at one moment, while the server goes on.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ownsight_ledger::Ledger;
use ownsight_registry::{Registry, RegistryOptions, back_up};
use tempfile::TempDir;

use crate::backup::{self, AGENTS, Copied, EVENTS, Existing, LEDGER, Manifest, REGISTRY};
use crate::cli::BackupArgs;
use crate::commands::serve::stop_signal;
use crate::config::Config;

/// Where the registry is copied to first: SQLite must not work on the file system of the backup, which may be a network's.
const STAGING_PREFIX: &str = ".backup-";
const LOCK: &str = "backup.lock";
/// While this is there, files in the backup may not have reached its disk.
const UNFINISHED: &str = "unfinished";
/// After copying for longer than this a later moment is taken, for which little is left to copy.
const LATER_AFTER: Duration = Duration::from_secs(10);
/// Moments that are tried.
const MOMENTS_MAX: usize = 5;
const READS_MAX: Duration = Duration::from_mins(10);

pub(crate) async fn run(args: BackupArgs) -> anyhow::Result<()> {
    let stopped = stop_signal()?;
    tokio::select! {
        // Between two pages of events, so that the registry's copy does not stay in the data folder.
        () = stopped => bail!("stopped: the backup is not finished, and one that was there before is as it was"),
        made = make(args) => made,
    }
}

async fn make(args: BackupArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    if !config.data.join(REGISTRY).exists() {
        bail!("there is no installation in {}: name its folder with --data", config.data.display());
    }
    let _one = backup::lock(&config.data.join(LOCK))?;
    backup::make_folder(&args.to)?;
    apart(&config.data, &args.to)?;
    let _one_there = backup::lock(&args.to.join(LOCK))?;
    let before = Manifest::read(&args.to)?;
    if before.is_none() {
        fresh(&args.to)?;
    }
    backup::remove_leftovers(&config.data, STAGING_PREFIX)?;
    let unfinished = args.to.join(UNFINISHED);
    let existing = if args.verify || unfinished.exists() {
        Existing::Verify
    } else {
        Existing::TrustBut(BTreeMap::new())
    };
    File::create(&unfinished).with_context(|| format!("cannot write to {}", args.to.display()))?;
    backup::sync_all(&args.to)?;

    let (moment, copied, new) = copy(&config.data, &args.to, existing, before.as_ref()).await?;
    let removed = finish(&config.data, &args.to, &moment, &copied).await;
    moment.registry.close().await;
    let removed = removed?;
    std::fs::remove_file(&unfinished).with_context(|| format!("cannot remove {}", unfinished.display()))?;
    report(&args.to, &copied, new, removed)
}

/// The registry at one moment.
struct Moment {
    staging: TempDir,
    registry: Registry,
    at: jiff::Timestamp,
}

impl Moment {
    fn take(data: &Path) -> anyhow::Result<Self> {
        let staging = tempfile::Builder::new().prefix(STAGING_PREFIX).tempdir_in(data);
        let staging = staging.with_context(|| format!("cannot write to {}", data.display()))?;
        let at = jiff::Timestamp::now();
        let copy = staging.path().join(REGISTRY);
        back_up(&data.join(REGISTRY), &copy).context("the registry cannot be copied")?;
        // What is opened gets a log beside it: the one that goes into the backup stays as it was written.
        let opened = staging.path().join("opened.db");
        backup::copy_file(&copy, &opened)?;
        let options = RegistryOptions { deadline: READS_MAX, ..RegistryOptions::default() };
        let registry = Registry::open(&opened, options).context("the registry's copy cannot be opened")?;
        Ok(Self { staging, registry, at })
    }
}

/// Copies the objects of one moment. What was erased meanwhile is missing: then those of a later moment, of which most are there
/// by then. What is missing at two moments was not erased.
async fn copy(
    data: &Path,
    to: &Path,
    mut existing: Existing,
    before: Option<&Manifest>,
) -> anyhow::Result<(Moment, Copied, (u64, u64))> {
    let (mut new_objects, mut new_bytes) = (0, 0);
    let mut missing = None;
    for _ in 0..MOMENTS_MAX {
        let (moment, began) = (Moment::take(data)?, Instant::now());
        let installation =
            moment.registry.installation().await?.context("the registry names no installation")?;
        if before.is_some_and(|before| before.installation != installation.id) {
            bail!("{} has a backup of another installation: name another folder", to.display());
        }
        let copied =
            backup::copy_objects(&moment.registry, &data.join(EVENTS), &to.join(EVENTS), &existing).await?;
        new_objects += copied.new_objects;
        new_bytes += copied.new_bytes;
        existing = copied.existing();
        let settled = match &missing {
            None => copied.flawed == 0 && began.elapsed() < LATER_AFTER,
            Some(before) => copied.flawed == 0 || copied.flaws == *before,
        };
        if settled {
            return Ok((moment, copied, (new_objects, new_bytes)));
        }
        missing = Some(copied.flaws);
        moment.registry.close().await;
    }
    bail!("events are erased faster than they are copied: run it again at a quieter time")
}

/// Puts everything in its place, the registry last but for the manifest, and removes what was erased since the backup before.
async fn finish(data: &Path, to: &Path, moment: &Moment, copied: &Copied) -> anyhow::Result<u64> {
    let fresh = |name: &str| to.join(format!("{name}.new"));
    for name in [REGISTRY, LEDGER] {
        backup::remove_file(&fresh(name))?;
    }
    backup::remove_folder(&fresh(AGENTS))?;
    backup::copy_file(&moment.staging.path().join(REGISTRY), &fresh(REGISTRY))?;
    // After the registry: each opening that this has come to is on record.
    let ledger = moment.staging.path().join(LEDGER);
    Ledger::back_up(&data.join(LEDGER), &ledger).context("the record of openings cannot be copied")?;
    backup::copy_file(&ledger, &fresh(LEDGER))?;
    backup::copy_tree(&data.join(AGENTS), &fresh(AGENTS))?;
    backup::sync_all(to)?;
    backup::rename(&fresh(LEDGER), &to.join(LEDGER))?;
    backup::remove_folder(&to.join(AGENTS))?;
    if fresh(AGENTS).exists() {
        backup::rename(&fresh(AGENTS), &to.join(AGENTS))?;
    }
    backup::rename(&fresh(REGISTRY), &to.join(REGISTRY))?;
    let installation = moment.registry.installation().await?.context("the registry names no installation")?;
    Manifest::new(installation.id, moment.at, (copied.objects, copied.bytes)).write(to)?;
    let removed = backup::remove_others(&moment.registry, &to.join(EVENTS)).await?;
    backup::sync_all(to)?;
    Ok(removed)
}

fn report(
    to: &Path,
    copied: &Copied,
    (new_objects, new_bytes): (u64, u64),
    removed: u64,
) -> anyhow::Result<()> {
    eprintln!(
        "{}: {} events, {} bytes. New: {new_objects}, {new_bytes} bytes. Erased since the backup before: {removed}.",
        to.display(),
        copied.objects,
        copied.bytes
    );
    eprintln!(
        "It is sealed, and the master key is not in it: keep that, or the recovery sheet, somewhere else. `ownsight restore` brings it back."
    );
    if copied.flawed == 0 {
        return Ok(());
    }
    for (object, flaw) in &copied.flaws {
        println!("{object}: {flaw}");
    }
    bail!(
        "{} events are not in the backup, because their files are missing or damaged; all else is. `ownsight check --deep` finds them, too",
        copied.flawed
    )
}

/// A backup inside the data would copy itself, and data inside a backup would be taken for one.
fn apart(data: &Path, to: &Path) -> anyhow::Result<()> {
    let full = |path: &Path| path.canonicalize().with_context(|| format!("cannot find {}", path.display()));
    let (data, to) = (full(data)?, full(to)?);
    if to.starts_with(&data) || data.starts_with(&to) {
        bail!("the backup {} and the data folder {} must lie apart", to.display(), data.display());
    }
    Ok(())
}

/// A folder without a manifest is empty, or has a backup that was never finished.
fn fresh(to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot list {}", to.display());
    let mut others = Vec::new();
    for entry in std::fs::read_dir(to).with_context(cannot)? {
        let name = entry.with_context(cannot)?.file_name();
        if name != LOCK {
            others.push(name);
        }
    }
    if others.is_empty() || others.iter().any(|name| name == UNFINISHED) {
        return Ok(());
    }
    bail!("{} is not empty, and has no backup: name another folder", to.display())
}
