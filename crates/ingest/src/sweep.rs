//! Sweeping at the start: objects of deliveries and erasures that a crash cut off.

use ownsight_registry::{ObjectKey, Registry, RegistryError};
use ownsight_vault::{ObjectRef, SweepError, SweepReport};
use tokio::runtime::Handle;

use crate::Ingest;
use crate::alarm::AlarmKind;

/// Why a sweep ended early. What it had removed until then was wanted by nobody.
pub type SweepFailed = SweepError<RegistryError>;

impl Ingest {
    /// Erases the objects that the registry does not know. Once after the start; deliveries may go on meanwhile.
    ///
    /// Far too many of them mean that registry and vault do not belong together: then nothing is removed, the
    /// alarm is raised, and the report says so.
    ///
    /// Cancel-safe: a dropped call goes on in its thread.
    pub async fn sweep(&self) -> Result<SweepReport, SweepFailed> {
        let registry = self.inner.registry.clone();
        let runtime = Handle::current();
        // Asked in a thread for blocking work, one object at a time.
        let known = move |object: &ObjectRef| runtime.block_on(is_known(&registry, *object));
        let report = self.inner.vault.sweep(known).await?;
        let (orphans, erased, failed) = (report.orphans, report.erased, report.failed);
        if report.too_many {
            AlarmKind::SweepRefused.raise();
            tracing::error!(
                alarm.kind = AlarmKind::SweepRefused.label(),
                orphans,
                "the vault holds far too many objects that the registry does not know: none was removed; run \
                 `ownsight check`"
            );
        } else if orphans > 0 {
            tracing::info!(orphans, erased, failed, "objects that the registry does not know were erased");
        }
        if failed > 0 {
            AlarmKind::ErasureFailed.raise();
        }
        Ok(report)
    }
}

/// Whether the registry has a row, not a tombstone, for this object.
pub async fn is_known(registry: &Registry, object: ObjectRef) -> Result<bool, RegistryError> {
    let stored = registry.stored_event(object.camera, object.event).await?;
    Ok(stored.is_some_and(|stored| !stored.erased))
}

/// The vault's name of what the registry names.
pub const fn object_of(key: ObjectKey) -> ObjectRef {
    ObjectRef { home: key.home, camera: key.camera, event: key.event }
}
