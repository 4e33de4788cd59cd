//! Registry, vault and ingest in a folder that goes with the test, and small steps that tests share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use ownsight_disk::{Disk, RealDisk};
use ownsight_ingest::check::{self, CheckOptions, CheckReport};
use ownsight_ingest::{Ingest, IngestConfig, IngestError, Receipt};
use ownsight_model::InstallationId;
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_vault::{ObjectRef, Vault, VaultConfig};

use crate::household::{Household, Sealed};

/// A running server's inside.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) registry: Registry,
    pub(crate) vault: Vault,
    pub(crate) ingest: Ingest,
    pub(crate) installation: InstallationId,
}

/// No floor, no reserve, and every look at the space is a fresh one.
pub(crate) fn vault_config() -> VaultConfig {
    VaultConfig {
        floor_percent: 0,
        floor_bytes: 0,
        reserve_bytes: 0,
        probe_interval: Duration::ZERO,
        ..VaultConfig::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(IngestConfig::default()).await
    }

    pub(crate) async fn with(config: IngestConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("events")).unwrap();
        let disk = RealDisk::open(&folder.path().join("events")).unwrap();
        Self::on(folder, Arc::new(disk), config).await
    }

    pub(crate) async fn on(folder: tempfile::TempDir, disk: Arc<dyn Disk>, config: IngestConfig) -> Self {
        let registry = Registry::open(folder.path().join("registry.db"), RegistryOptions::default()).unwrap();
        let installation = crate::household::install(&registry).await;
        let vault = Vault::start(disk, vault_config()).await.unwrap();
        let ingest = Ingest::open(registry.clone(), vault.clone(), config).await.unwrap();
        Self { folder, registry, vault, ingest, installation }
    }

    pub(crate) async fn household(&self) -> Household {
        Household::settle(&self.registry, self.installation).await
    }

    pub(crate) async fn check(&self, deep: bool) -> CheckReport {
        let options = CheckOptions { deep, ..CheckOptions::default() };
        check::run(&self.registry, &self.vault, options).await.unwrap()
    }

    pub(crate) fn events_folder(&self) -> PathBuf {
        self.folder.path().join("events")
    }

    /// The file of an object, found by its name.
    pub(crate) fn file(&self, sealed: &Sealed) -> Option<PathBuf> {
        let camera = sealed.camera.to_string();
        let name = format!("{}.own", sealed.event);
        files(&self.events_folder())
            .into_iter()
            .find(|file| file.ends_with(&name) && file.iter().any(|part| part == camera.as_str()))
    }

    /// Whether registry and vault both have an object.
    pub(crate) async fn has(&self, household: &Household, sealed: &Sealed) -> bool {
        let stored = self.registry.stored_event(sealed.camera, sealed.event).await.unwrap();
        let known = stored.is_some_and(|stored| !stored.erased);
        let object = ObjectRef { home: household.home, camera: sealed.camera, event: sealed.event };
        let there = self.vault.open(object).await.is_ok();
        assert_eq!(known, there, "registry and vault disagree");
        known
    }
}

/// Delivers an object in chunks, as its home's device.
pub(crate) async fn deliver(
    ingest: &Ingest,
    household: &Household,
    sealed: &Sealed,
) -> Result<Receipt, IngestError> {
    deliver_body(ingest, household, sealed, chunks(&sealed.bytes, 700)).await
}

/// Delivers another body than the object's.
pub(crate) async fn deliver_body(
    ingest: &Ingest,
    household: &Household,
    sealed: &Sealed,
    body: impl Stream<Item = Result<Bytes, std::io::Error>> + Send,
) -> Result<Receipt, IngestError> {
    let identity = household.identity(ingest).await;
    ingest.store_event(&identity, sealed.camera, sealed.event, sealed.declared(), body).await
}

pub(crate) fn chunks(
    bytes: &[u8],
    size: usize,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let chunks: Vec<_> = bytes.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks)
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// The recorder of this process. Tests run side by side: look at counters that only one of them raises, or at
/// increases.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let handle = PrometheusBuilder::new().install_recorder().unwrap();
        ownsight_ingest::describe_metrics();
        handle
    })
}

/// The count of alarms of a kind.
pub(crate) fn alarms(kind: &str) -> u64 {
    counted(&format!("ownsight_alarms_total{{kind=\"{kind}\"}} "))
}

/// The count of deliveries that ended in this way.
pub(crate) fn deliveries(outcome: &str) -> u64 {
    counted(&format!("ownsight_deliveries_total{{outcome=\"{outcome}\"}} "))
}

fn counted(line: &str) -> u64 {
    let rendered = recorder().render();
    rendered.lines().find_map(|text| text.strip_prefix(line)).map_or(0, |count| count.parse().unwrap())
}
