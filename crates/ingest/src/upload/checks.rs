//! Whether an object is the sender's own, and whether its times and sections can be right.

use ownsight_model::{CameraId, EventId, InstallationId, Label, SectionKind, Timestamp};
use ownsight_registry::{CameraForDevice, CameraStanding, EventRow};
use ownsight_seal::Header;

use super::intake::Whole;
use super::unavailable;
use crate::alarm::AlarmKind;
use crate::leaving;
use crate::{DeviceIdentity, Ingest, IngestConfig, IngestError};

/// Where an event must belong: the sender's home and device, the path's camera and event, and the camera's
/// tenures and epochs in that home.
#[derive(Debug)]
pub(super) struct Place<'a> {
    identity: &'a DeviceIdentity,
    installation: InstallationId,
    camera: CameraForDevice,
    event: EventId,
}

impl Ingest {
    /// Looks up where an event of this path must belong, before any of its bytes are read.
    ///
    /// A device may deliver for each camera of its home, not only for those that it serves now: what it sealed
    /// while it served one is the home's. Whether it did have the camera's key shows when the event is opened.
    pub(super) async fn place<'a>(
        &self,
        identity: &'a DeviceIdentity,
        camera: CameraId,
        event: EventId,
    ) -> Result<Place<'a>, IngestError> {
        let found = self.inner.registry.camera_for_device(identity.device(), camera).await;
        let found = found.map_err(|error| unavailable(&error))?;
        // The row that came back must be the one that was asked for, of the home that was proven.
        let own = found.filter(|found| found.row.id == camera && found.row.home == identity.home());
        let Some(found) = own else {
            return Err(not_yours(identity, camera, event, "the camera is not one of its home's"));
        };
        match found.row.standing {
            CameraStanding::Erased => return Err(IngestError::Erased),
            CameraStanding::Draft => {
                let of_the_test = found.test.is_some_and(|test| test.as_bytes() == event.as_bytes());
                if !of_the_test {
                    return Err(not_yours(identity, camera, event, "the camera is a draft of another test"));
                }
            }
            CameraStanding::Active => {}
        }
        Ok(Place { identity, installation: self.inner.installation, camera: found, event })
    }
}

impl<'a> Place<'a> {
    pub(super) const fn identity(&self) -> &'a DeviceIdentity {
        self.identity
    }

    /// Checks all that a header names.
    pub(super) fn check_header(
        &self,
        header: &Header,
        now: Timestamp,
        config: &IngestConfig,
    ) -> Result<(), IngestError> {
        let ids = header.ids();
        let scope = &ids.scope;
        let epoch_is_known = self.camera.epochs.iter().any(|epoch| {
            epoch.camera == scope.camera
                && epoch.home == scope.home
                && epoch.tenure == scope.tenure
                && epoch.home_epoch == scope.home_epoch
                && epoch.camera_epoch == scope.camera_epoch
        });
        let wrong = if scope.installation != self.installation {
            Some("its header names another installation")
        } else if scope.home != self.identity.home() {
            Some("its header names another home")
        } else if scope.camera != self.camera.row.id {
            Some("its header names another camera than its path")
        } else if ids.event != self.event {
            Some("its header names another event than its path")
        } else if ids.device != self.identity.device() {
            Some("its header names another device")
        } else if !epoch_is_known {
            Some("its header names a tenure or epochs that the camera does not have")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(not_yours(self.identity, self.camera.row.id, self.event, wrong));
        }
        leaving::check(self.identity, self.camera.row.id, self.event, ids.started_at)?;
        if ids.started_at > now.plus(config.ahead_max) {
            return Err(IngestError::malformed(
                "the event began more than an hour from now: set the device's clock",
            ));
        }
        if ids.started_at < now.minus(config.age_max) {
            return Err(IngestError::malformed(
                "the event began more than 31 days ago: it is too old, or the device's clock is wrong",
            ));
        }
        Ok(())
    }

    /// The row of a whole object, if its end and sections can be right.
    pub(super) fn row(
        &self,
        whole: Whole,
        now: Timestamp,
        config: &IngestConfig,
    ) -> Result<EventRow, IngestError> {
        let Whole { header, trailer, is } = whole;
        let ids = *header.ids();
        if trailer.ended_at < ids.started_at {
            return Err(IngestError::malformed("the event ended before it began"));
        }
        if trailer.ended_at > now.plus(config.ahead_max) {
            return Err(IngestError::malformed(
                "the event ended more than an hour from now: set the device's clock",
            ));
        }
        let has_still = trailer.section(SectionKind::Still).is_some();
        let still = trailer.label == Label::Still;
        if still != has_still || (still && trailer.sections().len() > 1) {
            return Err(IngestError::malformed(
                "a still has one section, of its kind, and nothing else has one",
            ));
        }
        if self.camera.row.standing == CameraStanding::Draft && !still {
            return Err(IngestError::malformed("a camera test sends a still and nothing else"));
        }
        Ok(EventRow {
            id: ids.event,
            camera: ids.scope.camera,
            home: ids.scope.home,
            tenure: ids.scope.tenure,
            home_epoch: ids.scope.home_epoch,
            camera_epoch: ids.scope.camera_epoch,
            device: ids.device,
            started_at: ids.started_at,
            ended_at: trailer.ended_at,
            label: trailer.label.code(),
            still,
            received_at: now,
            digest: is.digest,
            bytes: is.length,
            header: header.as_bytes().to_vec(),
            trailer: trailer.as_bytes().to_vec(),
            upload_mac: None,
        })
    }
}

/// Raises the alarm. The device is told no more than that it is not its own.
pub(super) fn not_yours(
    identity: &DeviceIdentity,
    camera: CameraId,
    event: EventId,
    why: &'static str,
) -> IngestError {
    AlarmKind::EventNotYours.raise();
    tracing::error!(
        alarm.kind = AlarmKind::EventNotYours.label(),
        device.id = %identity.device(),
        camera.id = %camera,
        event.id = %event,
        why,
        "alarm: a device sent what is not its own"
    );
    IngestError::NotYours
}
