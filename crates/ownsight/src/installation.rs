//! An installation: its folders, registry, vault, ledger and gate, opened in the order in which they need each other.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
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
use crate::master_key::{self, rotation};
use crate::restore_mark::Mark;

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
        let ledger = Ledger::open(&data.join("ledger.db"), id, &LedgerConfig::default())
            .context("cannot open the ledger")?;
        let (gate, local_pairings) = match Gate::open(master, registry.clone(), vault.clone(), ledger.clone())
            .await
        {
            Ok(opened) => opened,
            Err(OpenGateError::WrongMasterKey) => bail!(
                "the master key {} is not the one that the database {} was made with: put the key back from the recovery sheet, or the data that belongs to this key",
                key_path.display(),
                data.join("registry.db").display()
            ),
            Err(error) => return Err(error).context("cannot open the gate"),
        };
        let mark = Mark::new(&config.configuration, id);
        mark.check(&registry).await?;
        Ok(Self { registry, vault, ledger, gate, local_pairings, mark, _lock: lock })
    }
}

pub(crate) fn open_registry(data: &Path) -> anyhow::Result<Registry> {
    let path = data.join("registry.db");
    Registry::open(&path, RegistryOptions::default())
        .with_context(|| format!("cannot open the registry {}", path.display()))
}

pub(crate) async fn open_vault(config: &Config) -> anyhow::Result<Vault> {
    let folder = config.data.join("events");
    let vault_config = VaultConfig {
        floor_bytes: config.floor_bytes,
        floor_percent: config.floor_percent,
        reserve_bytes: config.reserve_bytes,
        ..VaultConfig::default()
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let disk =
        RealDisk::open(&folder).with_context(|| format!("cannot open the folder {}", folder.display()))?;
    Vault::start(Arc::new(disk), vault_config)
        .await
        .with_context(|| format!("cannot open the folder of events {}", folder.display()))
}

/// Takes the data folder for this process, until it ends in whatever way.
pub(crate) fn lock(data: &Path) -> anyhow::Result<std::fs::File> {
    let path = data.join("lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => bail!(
            "another process uses the data folder {}: end it first, or name another folder with --data",
            data.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}
