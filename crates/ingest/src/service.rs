//! What ingest holds, and how it is opened.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ownsight_model::{DeviceId, InstallationId};
use ownsight_registry::{Registry, RegistryError};
use ownsight_vault::Vault;
use tokio::sync::Semaphore;

use crate::IngestConfig;
use crate::alarm::{FullState, GoneState};
use crate::limits::{Buckets, DeviceUploads};
use crate::wakes::Wakes;

/// How long a question about readiness may take.
pub(crate) const READY_MAX: Duration = Duration::from_secs(2);

/// Takes in what devices deliver. Cheap to clone; clones share all limits.
#[derive(Clone)]
pub struct Ingest {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) installation: InstallationId,
    pub(crate) registry: Registry,
    pub(crate) vault: Vault,
    pub(crate) config: IngestConfig,
    /// Events under way, of all devices.
    pub(crate) uploads: Arc<Semaphore>,
    pub(crate) device_uploads: DeviceUploads,
    pub(crate) event_rate: Buckets<DeviceId>,
    pub(crate) pairing_rate: Buckets<IpAddr>,
    pub(crate) wakes: Arc<Wakes>,
    pub(crate) full: FullState,
    pub(crate) gone: GoneState,
}

/// Why ingest does not open at start.
#[derive(Debug, thiserror::Error)]
pub enum OpenIngestError {
    /// The registry has no installation yet: open the gate first, which makes one.
    #[error("the database has no installation yet")]
    NoInstallation,
    /// The registry does not answer.
    #[error("the registry does not answer")]
    Registry(#[from] RegistryError),
}

/// Whether devices can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// The registry answers.
    pub registry: bool,
    /// The vault's disk answers. Full is an answer: what is there can be watched.
    pub vault: bool,
}

impl Ingest {
    /// Opens ingest over a registry that has its installation. Needs a tokio runtime.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn open(
        registry: Registry,
        vault: Vault,
        config: IngestConfig,
    ) -> Result<Self, OpenIngestError> {
        let installation = registry.installation().await?.ok_or(OpenIngestError::NoInstallation)?.id;
        let wakes = Wakes::start(&registry);
        let inner = Inner {
            installation,
            uploads: Arc::new(Semaphore::new(config.uploads_max.max(1))),
            device_uploads: DeviceUploads::default(),
            event_rate: Buckets::new(config.device_events_per_second, config.device_events_burst),
            pairing_rate: Buckets::new(config.peer_pairings_per_second, config.peer_pairings_burst),
            wakes,
            full: FullState::default(),
            gone: GoneState::default(),
            registry,
            vault,
            config,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether registry and vault answer, within two seconds; the vault's disk must also have taken bytes when it was last
    /// looked at. Cancel-safe.
    pub async fn ready(&self) -> Readiness {
        let registry = tokio::time::timeout(READY_MAX, self.inner.registry.installation());
        let vault = tokio::time::timeout(READY_MAX, self.inner.vault.space());
        let (registry, vault) = tokio::join!(registry, vault);
        Readiness {
            registry: matches!(registry, Ok(Ok(Some(_)))),
            vault: matches!(vault, Ok(Ok(_))) && !self.inner.gone.is_set(),
        }
    }
}

impl std::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ingest({})", self.inner.installation)
    }
}
