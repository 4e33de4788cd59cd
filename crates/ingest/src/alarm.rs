//! Alarms and counts. Their labels are kinds and codes, never a home, a camera, a device or an account.

use std::sync::atomic::{AtomicBool, Ordering};

/// The counter of alarms, shared with the gate.
pub const ALARMS: &str = "ownsight_alarms_total";
/// Counts deliveries by what came of them.
pub(crate) const DELIVERIES: &str = "ownsight_deliveries_total";
/// Bytes of events that were made durable.
pub(crate) const STORED_BYTES: &str = "ownsight_stored_bytes_total";
/// Seconds from the first byte of an event to its answer.
pub(crate) const DELIVERY_SECONDS: &str = "ownsight_delivery_seconds";
/// 1 while new footage is refused because the disk is full.
pub(crate) const DISK_FULL: &str = "ownsight_footage_refused";
/// 1 while the disk that footage lies on answers.
pub(crate) const DISK_ANSWERS: &str = "ownsight_disk_answers";
/// Counts events that retention erased.
pub(crate) const RETENTION_ERASED: &str = "ownsight_retention_erased_total";
/// Counts reports of devices by what came of them.
pub(crate) const REPORTS: &str = "ownsight_reports_total";

/// Cameras by what their devices say, and by the fault of those that are offline.
pub(crate) const CAMERAS: &str = "ownsight_cameras";
/// Frames, bits of all cameras that record, each second.
pub(crate) const CAMERAS_FRAMES: &str = "ownsight_cameras_frames_per_second";
pub(crate) const CAMERAS_BITS: &str = "ownsight_cameras_bits_per_second";
/// How many of those that record have lost packets or frames since they were connected.
pub(crate) const CAMERAS_LOSSY: &str = "ownsight_cameras_lossy";
/// For how long the camera that is offline the longest is offline.
pub(crate) const CAMERAS_OFFLINE_SECONDS: &str = "ownsight_cameras_offline_seconds_max";

/// What ingest raises an alarm for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmKind {
    /// An object names another home, camera, tenure or device than the sender's own.
    EventNotYours,
    /// Another object with the same id is here.
    EventDigestDiffers,
    /// A device sent to a home that it had left what it recorded afterwards.
    EventAfterLeaving,
    /// Two devices present one identity.
    DeviceContested,
    /// New footage is refused: the disk is full.
    DiskFull,
    /// The disk that footage lies on does not answer, or with errors only.
    DiskGone,
    /// What should be erased could not be.
    ErasureFailed,
    /// More objects than is believable are not in the registry: the sweep removed none.
    SweepRefused,
}

impl AlarmKind {
    /// Its label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::EventNotYours => "event-not-yours",
            Self::EventDigestDiffers => "event-digest-differs",
            Self::EventAfterLeaving => "event-after-leaving",
            Self::DeviceContested => "device-contested",
            Self::DiskFull => "disk-full",
            Self::DiskGone => "disk-gone",
            Self::ErasureFailed => "erasure-failed",
            Self::SweepRefused => "sweep-refused",
        }
    }

    /// Counts it. Who calls writes the log line, which says more.
    pub(crate) fn raise(self) {
        metrics::counter!(ALARMS, "kind" => self.label()).increment(1);
    }
}

/// Names the metrics and sets them to zero, so that an alarm's first occurrence is seen as an increase.
pub(crate) fn describe() {
    metrics::describe_counter!(ALARMS, "Alarms by kind; any increase deserves a look at the log.");
    metrics::describe_counter!(DELIVERIES, "Deliveries of events by outcome.");
    metrics::describe_counter!(STORED_BYTES, metrics::Unit::Bytes, "Bytes of events made durable.");
    metrics::describe_histogram!(DELIVERY_SECONDS, metrics::Unit::Seconds, "Time to take an event in.");
    metrics::describe_gauge!(DISK_FULL, "1 while new footage is refused because the disk is full.");
    metrics::describe_counter!(RETENTION_ERASED, "Events erased because of age or quota.");
    metrics::describe_counter!(REPORTS, "Reports of devices by outcome.");
    metrics::describe_gauge!(CAMERAS, "Cameras by state and fault, as their devices say.");
    metrics::describe_gauge!(CAMERAS_FRAMES, "Frames of all cameras that record, each second.");
    metrics::describe_gauge!(CAMERAS_BITS, "Bits of all cameras that record, each second.");
    metrics::describe_gauge!(CAMERAS_LOSSY, "Cameras that record and lost packets or frames.");
    metrics::describe_gauge!(
        CAMERAS_OFFLINE_SECONDS,
        metrics::Unit::Seconds,
        "How long the camera that is offline the longest is offline."
    );
    let own = [
        AlarmKind::EventNotYours,
        AlarmKind::EventDigestDiffers,
        AlarmKind::EventAfterLeaving,
        AlarmKind::DeviceContested,
        AlarmKind::DiskFull,
        AlarmKind::DiskGone,
        AlarmKind::ErasureFailed,
        AlarmKind::SweepRefused,
    ];
    for label in own.map(AlarmKind::label).into_iter().chain(crate::reports::DEVICE_ALARMS) {
        metrics::counter!(ALARMS, "kind" => label).increment(0);
    }
    metrics::gauge!(DISK_FULL).set(0.0);
    metrics::describe_gauge!(DISK_ANSWERS, "1 while the disk that footage lies on answers.");
    metrics::gauge!(DISK_ANSWERS).set(1.0);
}

/// Whether footage is refused now, so that the alarm counts once for each time that the disk fills up.
#[derive(Debug, Default)]
pub(crate) struct FullState(AtomicBool);

impl FullState {
    pub(crate) fn set(&self, full: bool) {
        if self.0.swap(full, Ordering::Relaxed) != full {
            metrics::gauge!(DISK_FULL).set(if full { 1.0 } else { 0.0 });
            if full {
                AlarmKind::DiskFull.raise();
                tracing::error!(
                    alarm.kind = AlarmKind::DiskFull.label(),
                    "the disk is full: devices keep their events"
                );
            } else {
                tracing::info!("events are taken in again");
            }
        }
    }
}

/// Whether the disk does not answer now, so that the alarm counts once for each time.
#[derive(Debug, Default)]
pub(crate) struct GoneState(AtomicBool);

impl GoneState {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, gone: bool) {
        if self.0.swap(gone, Ordering::Relaxed) != gone {
            metrics::gauge!(DISK_ANSWERS).set(if gone { 0.0 } else { 1.0 });
            if gone {
                AlarmKind::DiskGone.raise();
                tracing::error!(
                    alarm.kind = AlarmKind::DiskGone.label(),
                    "the disk that footage lies on does not answer: devices keep their events"
                );
            } else {
                tracing::info!("the disk that footage lies on answers again");
            }
        }
    }
}
