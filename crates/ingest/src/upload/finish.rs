//! The last steps: the vault's commit, the registry's, and what is left to erase.

use ownsight_model::Timestamp;
use ownsight_registry::{EventRow, InsertOutcome, Registry, RegistryError};
use ownsight_vault::{ObjectRef, Vault, VaultWriter};

use super::{Receipt, differs, refused, unavailable};
use crate::IngestError;
use crate::alarm::{AlarmKind, STORED_BYTES};
use crate::sweep::object_of;

/// A whole object with the row that it will have.
pub(super) struct Finish {
    pub(super) registry: Registry,
    pub(super) vault: Vault,
    pub(super) writer: VaultWriter,
    pub(super) row: EventRow,
}

impl Finish {
    /// Makes the object durable, then its row. Runs to its end, whoever waits for it.
    pub(super) async fn run(self) -> Result<Receipt, IngestError> {
        let Self { registry, vault, writer, mut row } = self;
        let object = writer.object();
        let stored = writer.commit().await.map_err(|error| refused(&error))?;
        row.received_at = Timestamp::now();
        let (digest, received_at) = (row.digest, row.received_at);
        let receipt = Receipt { event: object.event, received_at, bytes: stored.len(), fresh: true };
        // The claim is held until the registry has answered.
        let inserted = registry.insert_event(row).await;
        drop(stored);
        match inserted {
            Ok(InsertOutcome::Inserted { replaced_still }) => {
                metrics::counter!(STORED_BYTES).increment(receipt.bytes);
                if let Some(still) = replaced_still {
                    erase_still(&registry, &vault, object_of(still)).await;
                }
                Ok(receipt)
            }
            Ok(InsertOutcome::Exists(known)) if known.digest == digest && !known.erased => {
                let (received_at, bytes) = (known.received_at, known.bytes);
                Ok(Receipt { event: object.event, received_at, bytes, fresh: false })
            }
            // These three end the same way each time, so that no other delivery can make the object wanted
            // before it is erased. (A plain upload that is sealed anew has the same MAC, and its row gives way.)
            Ok(InsertOutcome::Gone) => {
                erase(&vault, object).await;
                Err(IngestError::Erased)
            }
            Ok(InsertOutcome::Exists(_)) | Err(RegistryError::Conflict) => {
                erase(&vault, object).await;
                Err(differs(object))
            }
            Err(RegistryError::NotFound) => {
                erase(&vault, object).await;
                tracing::warn!(camera.id = %object.camera, event.id = %object.event,
                    "a camera or device changed while its event came in");
                Err(IngestError::busy())
            }
            // Whether the row was committed may be unknown, and the next delivery may be under way: the object
            // stays. If nobody knows it, that delivery replaces it, or the next start sweeps it.
            Err(error) => Err(unavailable(&error)),
        }
    }
}

/// Erases a still that gave way, unless the registry knows it again.
async fn erase_still(registry: &Registry, vault: &Vault, still: ObjectRef) {
    match registry.stored_event(still.camera, still.event).await {
        Ok(None) => erase(vault, still).await,
        Ok(Some(known)) if known.erased => erase(vault, still).await,
        // Known again, or not to be told: the next start sweeps what nobody knows.
        Ok(Some(_)) | Err(_) => {}
    }
}

async fn erase(vault: &Vault, object: ObjectRef) {
    let failed = match vault.delete(&[object]).await {
        Ok(deletion) => deletion.failed.into_iter().next().map(|(_, error)| error),
        Err(error) => Some(error),
    };
    if let Some(error) = failed {
        AlarmKind::ErasureFailed.raise();
        tracing::error!(alarm.kind = AlarmKind::ErasureFailed.label(), %error, event.id = %object.event,
            "an object that is not wanted any more could not be erased: the next start sweeps it");
    }
}
