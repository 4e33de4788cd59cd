//! An installation: its folders, registry, vault, ledger and gate, opened in the order in which they need each other.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use ownsight_disk::RealDisk;
use ownsight_gate::{Gate, LocalPairing, OpenGateError};
use ownsight_ledger::{Ledger, LedgerConfig};
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_vault::{Vault, VaultConfig};
use tokio::sync::mpsc;

use crate::backup;
use crate::config::Config;
use crate::files;
use crate::master_key::{self, rotation};
use crate::restore_mark::Mark;

/// What lies in the data folder.
pub(crate) const REGISTRY: &str = "registry.db";
pub(crate) const LEDGER: &str = "ledger.db";
pub(crate) const EVENTS: &str = "events";
pub(crate) const AGENTS: &str = "agents";
pub(crate) const LOCK: &str = "lock";

/// What `serve` and `demo` run on.
pub(crate) struct Installation {
    pub(crate) registry: Registry,
    pub(crate) vault: Vault,
    pub(crate) ledger: Ledger,
    pub(crate) gate: Gate,
    pub(crate) local_pairings: mpsc::Receiver<LocalPairing>,
    pub(crate) mark: Mark,
    /// Held so that no second server runs on the same data.
    _lock: std::fs::File,
}

impl Installation {
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let data = &config.data;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .with_context(|| format!("cannot make the data folder {}", data.display()))?;
        let lock = lock(data)?;
        if let Some(kind) = ownsight_disk::network_filesystem(data)? {
            bail!(
                "the data folder {} is on a network file system ({kind}), where SQLite loses data: choose a local disk",
                data.display()
            );
        }
        if data.join(backup::RESTORING).exists() {
            bail!(
                "a backup was being brought back into {}, and that was interrupted: run `ownsight restore` again",
                data.display()
            );
        }
        backup::clear(data)?;
        let registry = open_registry(data)?;
        let is_new = registry.installation().await?.is_none();
        if !is_new {
            rotation::settle(&config.configuration, &registry).await?;
        }
        let master = master_key::load(&config.configuration, is_new)?;
        let vault = open_vault(config).await?;
        let id = registry.installation().await?.map(|row| row.id);
        let key_path = master_key::path(&config.configuration);
        // The ledger's chain begins with the installation's id, which the gate makes at the first start.
        let id = match id {
            Some(id) => id,
            None => Gate::create_installation(&master, &registry).await?,
        };
        let (caches, cache_memory) = config.cache.open(&master, id)?;
        let vault = vault.with_cache(&caches, cache_memory);
        let ledger = Ledger::open(&data.join(LEDGER), id, &LedgerConfig::default())
            .context("cannot open the ledger")?;
        let (gate, local_pairings) = match Gate::open(master, registry.clone(), vault.clone(), ledger.clone())
            .await
        {
            Ok(opened) => opened,
            Err(OpenGateError::WrongMasterKey) => bail!(
                "the master key {} is not the one that the database {} was made with: put the key back from the recovery sheet, or the data that belongs to this key",
                key_path.display(),
                data.join(REGISTRY).display()
            ),
            Err(error) => return Err(error).context("cannot open the gate"),
        };
        let mark = Mark::new(&config.configuration, id);
        mark.check(&registry).await?;
        Ok(Self { registry, vault, ledger, gate, local_pairings, mark, _lock: lock })
    }
}

pub(crate) fn open_registry(data: &Path) -> anyhow::Result<Registry> {
    let path = data.join(REGISTRY);
    Registry::open(&path, RegistryOptions::default())
        .with_context(|| format!("cannot open the registry {}", path.display()))
}

pub(crate) async fn open_vault(config: &Config) -> anyhow::Result<Vault> {
    let folder = config.data.join(EVENTS);
    let vault_config = VaultConfig {
        floor_bytes: config.floor_bytes,
        floor_percent: config.floor_percent,
        reserve_bytes: config.reserve_bytes,
        ..VaultConfig::default()
    };
    files::make_folder(&folder)?;
    let disk =
        RealDisk::open(&folder).with_context(|| format!("cannot open the folder {}", folder.display()))?;
    Vault::start(Arc::new(disk), vault_config)
        .await
        .with_context(|| format!("cannot open the folder of events {}", folder.display()))
}

/// Takes the data folder for this process, until it ends in whatever way.
pub(crate) fn lock(data: &Path) -> anyhow::Result<std::fs::File> {
    match files::lock(&data.join(LOCK))? {
        Some(lock) => Ok(lock),
        None => bail!(
            "another process uses the data folder {}: end it first, or name another folder with --data",
            data.display()
        ),
    }
}
