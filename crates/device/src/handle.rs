//! What the program around a device does with it: seal, report, look.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use ownsight_disk::DiskError;
use ownsight_model::{
    CameraReport, EventId, GapReport, Label, LabelSource, LookReport, SectionKind, TestId, TestReport,
    Timestamp,
};
use ownsight_seal::{CameraSealer, PairingScope};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::spawn_blocking;

use crate::clock::Clock;
use crate::configuration::ServerState;
use crate::device::ConfigurationReceiver;
use crate::error::SealError;
use crate::queue::{ObjectKind, Outcome, Queue, QueueStats, TooLarge};
use crate::report::Reports;

/// A running device, as the program around it uses it. Clones are the same device.
///
/// Every time that is handed in is the server's: make it with [`DeviceHandle::server_time`].
///
/// Who seals brings the [`CameraSealer`], made from a configuration for one camera in one home and tenure: nothing
/// is looked up by an id at the moment of sealing.
#[derive(Debug, Clone)]
pub struct DeviceHandle(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) scope: PairingScope,
    pub(crate) clock: Arc<Clock>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) reports: Arc<Reports>,
    pub(crate) configuration: ConfigurationReceiver,
    pub(crate) server: watch::Receiver<ServerState>,
    pub(crate) delivered: Arc<AtomicU64>,
    pub(crate) sealing: Arc<Semaphore>,
}

/// An event to be sealed.
#[derive(Debug)]
pub struct EventToSeal {
    /// Its id, chosen by the caller: the same id is never used for two events of a camera.
    pub event: EventId,
    /// When it began, by the server's clock.
    pub started_at: Timestamp,
    /// When it ended, by the server's clock.
    pub ended_at: Timestamp,
    /// What it has, in the order of the kinds' codes, each kind once.
    pub sections: Vec<SectionToSeal>,
    /// What it is about.
    pub label: Label,
    /// Who says so.
    pub label_source: LabelSource,
}

/// A section to be sealed.
pub struct SectionToSeal {
    kind: SectionKind,
    content: Box<dyn io::Read + Send>,
}

/// An object that is in the queue, durably.
#[derive(Debug)]
pub struct Queued {
    /// The event.
    pub event: EventId,
    /// Bytes of the sealed object.
    pub bytes: u64,
    outcome: oneshot::Receiver<Outcome>,
}

/// Figures of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStats {
    /// The queue's sizes.
    pub queue: QueueStats,
    /// Objects delivered since the start.
    pub delivered: u64,
    /// Events dropped because the queue was full, since the device was paired.
    pub dropped_events: u64,
    /// This machine's clock minus the server's, milliseconds. Corrected for.
    pub clock_offset_ms: i64,
    /// The serial number of the configuration in use; 0 before the first.
    pub configuration: u64,
    /// How the server stands to this device.
    pub server: ServerState,
}

impl DeviceHandle {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Who the device is: device, home and installation.
    pub fn scope(&self) -> PairingScope {
        self.0.scope
    }

    /// The newest configuration, and each that comes.
    pub fn configuration(&self) -> ConfigurationReceiver {
        self.0.configuration.clone()
    }

    /// How the server stands to this device, and each change.
    pub fn server(&self) -> watch::Receiver<ServerState> {
        self.0.server.clone()
    }

    /// The server's time at a recent moment of this machine's clock.
    pub fn server_time(&self, local: Timestamp) -> Timestamp {
        self.0.clock.server_time(local)
    }

    /// The server's time now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Waits until the time is known: nothing can be sealed before. Cancel-safe.
    pub async fn clock_known(&self) {
        // Whoever could say that it is known lives as long as this handle.
        let _ = self.0.clock.known().wait_for(|known| *known).await;
    }

    /// Seals an event into the queue; durable when this returns. Takes memory for two segments of 64 KiB beside
    /// the sections.
    ///
    /// Cancel safety: dropped, it is queued as a whole or not at all; which of the two is not told.
    pub async fn seal_event(&self, sealer: &CameraSealer, event: EventToSeal) -> Result<Queued, SealError> {
        self.seal(sealer, ObjectKind::Event, event).await
    }

    /// Seals how a camera looks now. It takes the place of the camera's last still that was not delivered yet.
    ///
    /// Cancel safety: as of [`DeviceHandle::seal_event`].
    pub async fn seal_still(
        &self,
        sealer: &CameraSealer,
        at: Timestamp,
        jpeg: Bytes,
    ) -> Result<Queued, SealError> {
        self.seal(sealer, ObjectKind::Still, still(EventId::generate(), at, jpeg)).await
    }

    /// Seals the picture of a camera test. `sealer` is of the test's own draft camera.
    ///
    /// Cancel safety: as of [`DeviceHandle::seal_event`].
    pub async fn seal_test_still(
        &self,
        sealer: &CameraSealer,
        test: TestId,
        at: Timestamp,
        jpeg: Bytes,
    ) -> Result<Queued, SealError> {
        let event = EventId::from_bytes(*test.as_bytes());
        self.seal(sealer, ObjectKind::Test, still(event, at, jpeg)).await
    }

    async fn seal(
        &self,
        sealer: &CameraSealer,
        kind: ObjectKind,
        event: EventToSeal,
    ) -> Result<Queued, SealError> {
        let shared = &self.0;
        if (sealer.scope().installation, sealer.scope().home)
            != (shared.scope.installation, shared.scope.home)
        {
            return Err(SealError::NotMine);
        }
        if !shared.clock.is_known() {
            return Err(SealError::ClockNotKnown);
        }
        // The semaphore is never closed.
        let permit = Arc::clone(&shared.sealing).acquire_owned().await;
        let (queue, sealer) = (Arc::clone(&shared.queue), sealer.clone());
        spawn_blocking(move || {
            let _permit = permit;
            seal_blocking(&queue, &sealer, kind, event)
        })
        .await
        .map_err(|_| SealError::ShuttingDown)?
    }

    /// Reports a camera's state. Only the latest of a camera is sent.
    pub fn report_camera(&self, sealer: &CameraSealer, report: &CameraReport) {
        self.0.reports.camera(sealer, report);
    }

    /// Reports how far a camera test is. `sealer` is of the test's own draft camera.
    pub fn report_test(&self, sealer: &CameraSealer, report: &TestReport) {
        self.0.reports.test(sealer, report);
    }

    /// Reports how far a look is; what was found is sealed to the look's draft. The latest of a look counts.
    pub fn report_look(&self, sealer: &CameraSealer, report: &LookReport, done: bool) {
        // Our own structs always have a JSON form.
        let found = serde_json::to_vec(report).unwrap_or_default();
        let look = Some(BASE64URL_NOPAD.encode(&sealer.seal_look(&found)));
        let report = TestReport { test: report.look, at: report.at, steps: Vec::new(), done, look };
        self.0.reports.test(sealer, &report);
    }

    /// Reports a gap; kept on disk until the server has it. One with the same camera and begin takes its place.
    ///
    /// Cancel safety: dropped, it is kept all the same, unless the disk fails.
    pub async fn report_gap(&self, sealer: &CameraSealer, gap: GapReport) -> Result<(), DiskError> {
        let (reports, sealer) = (Arc::clone(&self.0.reports), sealer.clone());
        // A task that could not finish has no error of the disk to tell.
        spawn_blocking(move || reports.gap(&sealer, gap)).await.unwrap_or(Ok(()))
    }

    /// Figures as of now.
    pub fn stats(&self) -> DeviceStats {
        let shared = &self.0;
        DeviceStats {
            queue: shared.queue.stats(),
            delivered: shared.delivered.load(Ordering::Relaxed),
            dropped_events: shared.reports.dropped_events(),
            clock_offset_ms: -shared.clock.offset() / 1000,
            configuration: shared.configuration.borrow().as_ref().map_or(0, |newest| newest.serial),
            server: shared.server.borrow().clone(),
        }
    }
}

impl SectionToSeal {
    /// A section of these bytes.
    pub fn bytes(kind: SectionKind, bytes: Bytes) -> Self {
        Self::reader(kind, io::Cursor::new(bytes))
    }

    /// A section of what this yields, read once, on a thread for blocking work.
    pub fn reader(kind: SectionKind, content: impl io::Read + Send + 'static) -> Self {
        Self { kind, content: Box::new(content) }
    }
}

impl std::fmt::Debug for SectionToSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SectionToSeal({:?}, …)", self.kind)
    }
}

impl Queued {
    /// Waits for what becomes of it; `None` if this process stops before. Cancel-safe.
    pub async fn outcome(self) -> Option<Outcome> {
        self.outcome.await.ok()
    }
}

fn still(event: EventId, at: Timestamp, jpeg: Bytes) -> EventToSeal {
    EventToSeal {
        event,
        started_at: at,
        ended_at: at,
        sections: vec![SectionToSeal::bytes(SectionKind::Still, jpeg)],
        label: Label::Still,
        label_source: LabelSource::Agent,
    }
}

fn seal_blocking(
    queue: &Arc<Queue>,
    sealer: &CameraSealer,
    kind: ObjectKind,
    event: EventToSeal,
) -> Result<Queued, SealError> {
    let writer = queue.begin(kind).map_err(disk_failed)?;
    let mut sealing = sealer.begin(event.event, event.started_at, writer).map_err(failed)?;
    for mut section in event.sections {
        sealing.section(section.kind, &mut section.content).map_err(failed)?;
    }
    let (writer, _) = sealing.finish(event.ended_at, event.label, event.label_source).map_err(failed)?;
    let committed = queue.commit(writer, sealer.scope().camera, event.event);
    let (bytes, outcome) = committed.map_err(disk_failed)?;
    Ok(Queued { event: event.event, bytes, outcome })
}

fn disk_failed(error: DiskError) -> SealError {
    if error.is_full() { SealError::DiskFull(error) } else { SealError::Disk(error) }
}

/// Finds what went wrong below [`io::Error`].
fn failed(error: io::Error) -> SealError {
    match error.downcast::<DiskError>() {
        Ok(error) => disk_failed(error),
        Err(error) => match error.downcast::<TooLarge>() {
            Ok(_) => SealError::TooLarge,
            Err(error) => SealError::Sections(error),
        },
    }
}
