//! `ownsight backup`: all data in a folder elsewhere, as it is at one moment, while the server goes on.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ownsight_ingest::is_known;
use ownsight_ledger::Ledger;
use ownsight_model::{InstallationId, Timestamp};
use ownsight_registry::{Registry, RegistryOptions, back_up, installation_of};
use tempfile::TempDir;

use crate::backup::{self, Copied, Existing, LOCK, Manifest, STAGING_PREFIX, STATE_PREFIX, state_folder};
use crate::cli::BackupArgs;
use crate::commands::serve::stop_signal;
use crate::config::Config;
use crate::files;
use crate::installation::{AGENTS, EVENTS, LEDGER, REGISTRY};

/// While this is there, files in the backup may not have reached its disk.
const UNFINISHED: &str = "unfinished";
/// After copying for longer than this a later moment is taken, for which little is left to copy.
const LATER_AFTER: Duration = Duration::from_secs(10);
const CALLS_MAX: Duration = Duration::from_mins(10);

pub(crate) async fn run(args: BackupArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    let registry = config.data.join(REGISTRY);
    if !registry.exists() {
        bail!("there is no installation in {}: name its folder with --data", config.data.display());
    }
    let installation = installation_of(&registry).context("the registry cannot be read")?;
    let installation = installation.context("the registry names no installation")?;
    let _one = backup::lock(&config.data)?;
    files::make_folder(&args.to)?;
    apart(&config.data, &args.to)?;
    let _one_there = backup::lock(&args.to)?;
    let before = Manifest::read(&args.to)?;
    match &before {
        None => fresh(&args.to)?,
        Some(before) if before.installation != installation => {
            bail!("{} has a backup of another installation: name another folder", args.to.display())
        }
        Some(_) => {}
    }
    backup::remove_folders(&config.data, STAGING_PREFIX, None)?;
    let unfinished = args.to.join(UNFINISHED);
    let existing = if args.verify || unfinished.exists() { Existing::Verify } else { Existing::Trust };
    File::create(&unfinished).with_context(|| format!("cannot write to {}", args.to.display()))?;
    files::sync_all(&args.to)?;

    let target = Target {
        folder: args.to.clone(),
        installation,
        state: before.map_or(1, |before| before.state.saturating_add(1)),
    };
    let stopped = stop_signal()?;
    let copied = tokio::select! {
        // Between two pages of events, so that the registry's copy does not stay in the data folder.
        () = stopped => bail!("stopped: the backup is not finished, and one that was there before is as it was"),
        copied = copy(&config.data, &target, existing) => copied?,
    };
    let (moment, copied, new) = copied;
    let removed = finish(&config.data, &target, moment, &copied).await?;
    files::remove_file(&unfinished)?;
    report(&args.to, &copied, new, removed)
}

/// Where the backup goes.
struct Target {
    folder: PathBuf,
    installation: InstallationId,
    /// The number of its state.
    state: u64,
}

impl Target {
    fn state(&self) -> PathBuf {
        state_folder(&self.folder, self.state)
    }
}

/// The registry at one moment, in the data folder: SQLite must not work on the file system of the backup, which may be a network's.
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
        let path = staging.path().join(REGISTRY);
        back_up(&data.join(REGISTRY), &path).context("the registry cannot be copied")?;
        let registry = open(&path)?;
        Ok(Self { staging, registry, at })
    }

    /// With the agents of that moment: what they had queued before it, which may have been delivered since, and what they are
    /// told since.
    fn take_with_agents(data: &Path, target: &Target) -> anyhow::Result<Self> {
        let (agents, to) = (data.join(AGENTS), target.state().join(AGENTS));
        files::remove_folder(&target.state())?;
        files::make_folder(&target.state())?;
        backup::copy_tree(&agents, &to)?;
        let moment = Self::take(data)?;
        backup::copy_files(&agents, &to)?;
        Ok(moment)
    }
}

fn open(path: &Path) -> anyhow::Result<Registry> {
    let options = RegistryOptions { deadline: CALLS_MAX, ..RegistryOptions::default() };
    Registry::open(path, options).context("the registry's copy cannot be opened")
}

/// Copies the objects of one moment; how many, and how many bytes of them, were new.
async fn copy(
    data: &Path,
    target: &Target,
    existing: Existing,
) -> anyhow::Result<(Moment, Copied, (u64, u64))> {
    let (from, to) = (data.join(EVENTS), target.folder.join(EVENTS));
    let (mut moment, began) = (Moment::take_with_agents(data, target)?, Instant::now());
    let mut copied = backup::copy_objects(&moment.registry, &from, &to, existing).await?;
    let (mut objects, mut bytes) = (copied.new_objects, copied.new_bytes);
    if began.elapsed() > LATER_AFTER {
        moment.registry.close().await;
        moment = Moment::take_with_agents(data, target)?;
        copied = backup::copy_objects(&moment.registry, &from, &to, Existing::Trust).await?;
        objects += copied.new_objects;
        bytes += copied.new_bytes;
    }
    if copied.flawed > 0 {
        let erased = erased_since(data, &copied).await?;
        let events = erased.iter().map(|object| (object.camera, object.event)).collect();
        moment
            .registry
            .forget_events(events, Timestamp::now())
            .await
            .context("the copy cannot be changed")?;
        copied.forget(&erased);
    }
    Ok((moment, copied, (objects, bytes)))
}

/// What is missing because it was erased while the rest was copied. All else that is missing is damage.
async fn erased_since(data: &Path, copied: &Copied) -> anyhow::Result<Vec<ownsight_vault::ObjectRef>> {
    let later = Moment::take(data)?;
    let mut erased = Vec::new();
    for object in copied.flaws.keys() {
        if !is_known(&later.registry, *object).await.context("the registry cannot be read")? {
            erased.push(*object);
        }
    }
    later.registry.close().await;
    Ok(erased)
}

/// Puts the rest beside the objects, makes it the backup, and removes what was erased since the one before. Not to be cut off
/// between.
async fn finish(data: &Path, target: &Target, moment: Moment, copied: &Copied) -> anyhow::Result<u64> {
    let Moment { staging, registry, at } = moment;
    let path = staging.path().join(REGISTRY);
    registry.close().await;
    backup::expect_closed(&path)?;
    files::copy_file(&path, &target.state().join(REGISTRY))?;
    // After the registry: each opening that this has come to is on record.
    let ledger = staging.path().join(LEDGER);
    Ledger::back_up(&data.join(LEDGER), &ledger).context("the record of openings cannot be copied")?;
    files::copy_file(&ledger, &target.state().join(LEDGER))?;
    files::sync_all(&target.folder)?;
    let manifest = Manifest::new(target.installation, (target.state, at), (copied.objects, copied.bytes));
    manifest.write(&target.folder)?;

    backup::remove_folders(&target.folder, STATE_PREFIX, Some(&target.state()))?;
    let registry = open(&path)?;
    let removed = backup::remove_others(&registry, &target.folder.join(EVENTS)).await;
    registry.close().await;
    files::sync_all(&target.folder)?;
    removed
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
        "What cameras saw and who may see it is sealed in it, and the master key is not there: keep that, or the recovery sheet, somewhere else. The keys of this server's agents, and with them the cameras' passwords, are not sealed. `ownsight restore` brings it back."
    );
    match copied.say_flaws() {
        0 => Ok(()),
        flawed => bail!(
            "{flawed} events are not in the backup, because their files are missing or damaged; all else is. `ownsight check --deep` finds them, too"
        ),
    }
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
