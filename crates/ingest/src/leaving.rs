//! A device that leaves its home: by itself, as it was paired elsewhere, or removed by people who let it deliver.
//!
//! What it sealed stands under the pairing of then, and goes where the camera was: to the home that had it when it was recorded.
//! A device that has left does nothing but deliver, nothing that began later, and for a limited time.

use std::time::Duration;

use ownsight_model::{CameraId, EventId, Timestamp};
use ownsight_registry::{DeviceLeft, RegistryError};

use crate::alarm::AlarmKind;
use crate::configuration::unavailable;
use crate::{DeviceCallError, DeviceIdentity, Ingest, IngestError};

/// How long a device that has left may deliver.
pub(crate) const DELIVERS: Duration = Duration::from_hours(30 * 24);

impl Ingest {
    /// A device leaves its home, as of `at` by the server's clock, or now if that is to come: it records for another. Its cameras
    /// there are without a device from then on.
    ///
    /// Cancel-safe: a dropped call has noted it or not; a second one is told that the device has left.
    pub async fn leave(&self, identity: &DeviceIdentity, at: Timestamp) -> Result<(), DeviceCallError> {
        let at = at.min(Timestamp::now());
        match self.inner.registry.leave_device(identity.device(), identity.credential_hash(), at).await {
            Ok(()) => {
                tracing::info!(device.id = %identity.device(), "a device has left its home: it is paired elsewhere");
                Ok(())
            }
            // Another call of it, or somebody of the home, was first.
            Err(RegistryError::NotFound) => Err(DeviceCallError::Left),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

/// Refuses what a device that has left recorded afterwards. Such an event is an alarm if it left by itself: it was another home's
/// then. One that people removed may not have known of it yet.
pub(crate) fn check(
    identity: &DeviceIdentity,
    camera: CameraId,
    event: EventId,
    started_at: Timestamp,
) -> Result<(), IngestError> {
    let Some(DeviceLeft { at, itself }) = identity.left() else { return Ok(()) };
    if started_at <= at {
        return Ok(());
    }
    if itself {
        AlarmKind::EventAfterLeaving.raise();
        tracing::error!(
            alarm.kind = AlarmKind::EventAfterLeaving.label(),
            device.id = %identity.device(),
            camera.id = %camera,
            event.id = %event,
            "alarm: a device sent to a former home what it recorded after it had left"
        );
    }
    Err(IngestError::AfterLeaving)
}
