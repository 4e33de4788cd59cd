//! `ownsight master-key`: another master key, its recovery sheet, and bringing it back.

use std::time::Duration;

use anyhow::{Context as _, bail};
use ownsight_gate::{RotateError, Unopened, master_key_fits};
use ownsight_model::{Closable, Closed, LockdownId, LockdownScope, Timestamp};
use ownsight_registry::{LockdownRow, Registry, RegistryOptions};
use ownsight_seal::MasterKey;

use crate::cli::{LogArgs, MasterKeyArgs, MasterKeyCommand};
use crate::client::read_digits;
use crate::config::Config;
use crate::installation::{REGISTRY, lock};
use crate::logging;
use crate::master_key::{self, rotation};
use crate::operator::{self, Request};
use crate::restore_mark::Mark;

use super::lockdown::operator_name;

/// A million accounts take minutes.
pub(super) const OFFLINE_MAX: Duration = Duration::from_hours(12);

pub(crate) async fn run(args: MasterKeyArgs, log: &LogArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    match args.command {
        MasterKeyCommand::Rotate { drop_unopened } => {
            logging::start(log, "info")?;
            rotate(&config, if drop_unopened { Unopened::Drop } else { Unopened::Refuse }).await
        }
        MasterKeyCommand::Sheet => sheet(&config).await,
        MasterKeyCommand::Restore { lock_down } => {
            logging::start(log, "info")?;
            restore(&config, lock_down).await
        }
    }
}

async fn rotate(config: &Config, unopened: Unopened) -> anyhow::Result<()> {
    let (_lock, registry) = offline(config)?;
    let rotated = rotation::rotate(&config.configuration, &registry, unopened).await;
    registry.close().await;
    let rotated = rotated.map_err(|error| match error.downcast_ref::<RotateError>() {
        Some(RotateError::Unopened { .. }) => error.context(
            "nothing was changed; the log names the accounts. What does not open could not be reset either: `--drop-unopened` drops it",
        ),
        _ => error,
    })?;
    eprintln!("The master key was replaced. Accounts that lie under the new one: {}.", rotated.wrapped);
    if rotated.dropped > 0 {
        eprintln!("Accounts that cannot be reset any more, and whose passwords work: {}.", rotated.dropped);
    }
    eprintln!(
        "The recovery sheet that you have is void for this data. Keep it with the backups that were made until now: they open with that one only."
    );
    eprintln!("Start the server, then run `ownsight master-key sheet` for the new one.");
    Ok(())
}

async fn sheet(config: &Config) -> anyhow::Result<()> {
    let address = operator::ask_for_link(&config.data, &Request::Sheet).await?;
    println!("{address}");
    eprintln!(
        "This link shows the recovery sheet once, within 15 minutes: open it yourself, and print what it shows."
    );
    Ok(())
}

async fn restore(config: &Config, lock_down: Option<String>) -> anyhow::Result<()> {
    let (_lock, registry) = offline(config)?;
    let restored = restore_offline(config, &registry, lock_down).await;
    registry.close().await;
    let homes = restored?;
    eprintln!("The master key fits the data. Everybody is signed out.");
    eprintln!("Homes that wait until an owner has confirmed who belongs to them: {homes}.");
    eprintln!("Start the server with `ownsight serve`.");
    Ok(())
}

async fn restore_offline(
    config: &Config,
    registry: &Registry,
    lock_down: Option<String>,
) -> anyhow::Result<u64> {
    let reason = lock_down.as_deref().map(one_line).transpose()?;
    rotation::settle(&config.configuration, registry).await?;
    let typed = key_of(config, registry).await?;
    mark_restored(config, registry, reason, typed).await
}

/// Makes sure that there is the key of this database: `None` if it is in its place, else the one that is typed. Writes nothing.
pub(super) async fn key_of(config: &Config, registry: &Registry) -> anyhow::Result<Option<MasterKey>> {
    let path = master_key::path(&config.configuration);
    if !path.exists() {
        return typed_key(registry).await.map(Some);
    }
    let present = master_key::load(&config.configuration, false)?;
    if !master_key_fits(&present, registry).await? {
        bail!(
            "the master key {} is not the one that the database {} was made with: move it away, then run this again with the recovery sheet of the time of the backup",
            path.display(),
            config.data.join(REGISTRY).display()
        );
    }
    Ok(None)
}

/// Marks a database as restored, and puts the key that was typed in its place: after it, as without the key no server starts on
/// a database that is not marked. How many homes wait.
pub(super) async fn mark_restored(
    config: &Config,
    registry: &Registry,
    reason: Option<String>,
    typed: Option<MasterKey>,
) -> anyhow::Result<u64> {
    let installation = registry.installation().await?.context("the data has no installation yet")?;
    if let Some(reason) = reason {
        let row = LockdownRow {
            id: LockdownId::generate(),
            scope: LockdownScope::Installation,
            closes: Closed::of([Closable::All]).context("nothing to close")?,
            reason,
            begun_by: operator_name(),
            begun_at: Timestamp::now(),
        };
        registry.begin_lockdown(row).await?;
    }
    let mark = Mark::new(&config.configuration, installation.id);
    let marked = mark.read().ok().flatten().unwrap_or_default();
    let homes = registry.mark_restored(Timestamp::now(), marked).await?;
    if let Some(key) = typed {
        master_key::write(&config.configuration, &master_key::path(&config.configuration), &key)?;
    }
    let ended = registry.ended().await?;
    mark.write(ended).with_context(|| format!("cannot write to {}", config.configuration.display()))?;
    Ok(homes)
}

/// The key of the recovery sheet, if it is that of this database.
async fn typed_key(registry: &Registry) -> anyhow::Result<MasterKey> {
    let typed = read_digits("The 64 digits of the recovery sheet: ")?;
    let Some(key) = master_key::parse(&typed) else {
        bail!(
            "what was typed is not 64 hexadecimal digits: type the recovery sheet's row by row, with or without spaces"
        )
    };
    if !master_key_fits(&key, registry).await? {
        bail!(
            "this is not the master key that the data was made with: take the recovery sheet of the time of the backup"
        );
    }
    Ok(key)
}

pub(super) fn one_line(reason: &str) -> anyhow::Result<String> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 || reason.chars().any(char::is_control) {
        bail!("the reason must have 1 to 500 characters in one line");
    }
    Ok(reason.to_owned())
}

/// The registry of a server that is stopped, with the lock that keeps it so.
fn offline(config: &Config) -> anyhow::Result<(std::fs::File, Registry)> {
    let path = config.data.join(REGISTRY);
    if !path.exists() {
        bail!("there is no installation in {}: name its folder with --data", config.data.display());
    }
    let lock = lock(&config.data).context("the server must be stopped for this")?;
    let options = RegistryOptions { deadline: OFFLINE_MAX, ..RegistryOptions::default() };
    let registry = Registry::open(&path, options)
        .with_context(|| format!("cannot open the registry {}", path.display()))?;
    Ok((lock, registry))
}
