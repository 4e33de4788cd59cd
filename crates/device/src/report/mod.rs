//! What a device reports: tagged by whoever knows what it speaks of, sent in batches, forgotten once the server
//! has it.
//!
//! Of a camera's state and of a test only the latest report counts. Gaps are kept on disk until the server has
//! them, with the count of dropped events. Alarms are counted and sent with the next batch.

mod kept;
mod sender;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64URL_NOPAD;
use ownsight_disk::DiskError;
use ownsight_model::{
    CameraId, CameraReport, DeviceReport, GapReason, GapReport, TestId, TestReport, Timestamp,
};
use ownsight_seal::{CameraReportKind, CameraSealer, Configuration, DeviceReportKey, tag_device_report};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::error::LoadError;
use crate::place::Place;
use crate::queue::{DropRecord, Dropped};
use crate::state::Folder;

use kept::Kept;
pub(crate) use sender::Sender;

/// Most gaps that are kept; when there are more, the oldest is given up.
const GAPS_MAX: usize = 512;
/// Most reports and bytes of one call, with room for the rest of the body.
const BATCH_REPORTS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 200 << 10;

/// What alarms the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Alarm {
    /// A configuration that did not open, or had another serial number than the next.
    ConfigurationNotMine,
    /// An object was put into quarantine.
    EventQuarantined,
    /// A report was refused and given up.
    ReportRefused,
}

/// One report as it is sent, body and tag in base64url.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tagged {
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    camera_id: Option<CameraId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    test_id: Option<TestId>,
    body: String,
    tag: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Device,
    Camera,
    Gap,
    Test,
}

/// What makes a later report take the place of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Test(TestId),
    Gap(CameraId, Timestamp),
    Camera(CameraId),
    Device,
}

/// Reports that the server does not have yet.
#[derive(Debug)]
pub(crate) struct Reports {
    kept: Kept,
    inner: Mutex<Inner>,
    configuration: watch::Receiver<Option<Arc<Configuration>>>,
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    pending: BTreeMap<Key, Pending>,
    alarms: BTreeMap<Alarm, u64>,
    dropped_events: u64,
    generation: u64,
}

#[derive(Debug, Clone)]
struct Pending {
    generation: u64,
    tagged: Tagged,
    /// The gap itself, for what is kept and for growing it.
    gap: Option<GapReport>,
}

/// What one call carries.
#[derive(Debug, Default)]
struct Batch {
    reports: Vec<(Key, u64, Tagged)>,
    alarms: BTreeMap<Alarm, u64>,
}

impl Reports {
    pub(crate) fn load(
        folder: Folder,
        place: Place,
        configuration: watch::Receiver<Option<Arc<Configuration>>>,
    ) -> Result<Self, LoadError> {
        let (kept, content) = Kept::load(folder, place)?;
        let mut inner = Inner { dropped_events: content.dropped_events, ..Inner::default() };
        for row in content.gaps {
            let key = Key::Gap(row.gap.camera, row.gap.from);
            inner.put(key, row.tagged, Some(row.gap));
        }
        Ok(Self { kept, inner: Mutex::new(inner), configuration, changed: Notify::new() })
    }

    pub(crate) fn camera(&self, sealer: &CameraSealer, report: &CameraReport) {
        let tagged = by_camera(CameraReportKind::State, sealer, report, None);
        self.lock().put(Key::Camera(report.camera), tagged, None);
        self.changed.notify_waiters();
    }

    pub(crate) fn test(&self, sealer: &CameraSealer, report: &TestReport) {
        let tagged = by_camera(CameraReportKind::Test, sealer, report, Some(report.test));
        self.lock().put(Key::Test(report.test), tagged, None);
        self.changed.notify_waiters();
    }

    /// Keeps a gap until the server has it. Durable when this returns; blocks on the disk.
    pub(crate) fn gap(&self, sealer: &CameraSealer, gap: GapReport) -> Result<(), DiskError> {
        {
            let mut inner = self.lock();
            let tagged = by_camera(CameraReportKind::Gap, sealer, &gap, None);
            inner.put(Key::Gap(gap.camera, gap.from), tagged, Some(gap));
            inner.bound_gaps();
        }
        self.changed.notify_waiters();
        self.keep()
    }

    pub(crate) fn device(&self, key: &DeviceReportKey, report: &DeviceReport) {
        let body = json(report);
        let tag = tag_device_report(key, &body);
        let tagged = Tagged {
            kind: Kind::Device,
            camera_id: None,
            test_id: None,
            body: BASE64URL_NOPAD.encode(&body),
            tag: BASE64URL_NOPAD.encode(&tag),
        };
        self.lock().put(Key::Device, tagged, None);
    }

    pub(crate) fn alarm(&self, alarm: Alarm) {
        *self.lock().alarms.entry(alarm).or_default() += 1;
        self.changed.notify_waiters();
    }

    /// Events dropped since the device was paired.
    pub(crate) fn dropped_events(&self) -> u64 {
        self.lock().dropped_events
    }

    fn batch(&self, reports_max: usize) -> Batch {
        let inner = self.lock();
        let mut batch = Batch { alarms: inner.alarms.clone(), ..Batch::default() };
        let mut bytes = 0;
        for (key, pending) in inner.pending.iter().take(reports_max.min(BATCH_REPORTS_MAX)) {
            bytes += pending.tagged.body.len() + 256;
            if bytes > BATCH_BYTES_MAX && !batch.reports.is_empty() {
                break;
            }
            batch.reports.push((*key, pending.generation, pending.tagged.clone()));
        }
        batch
    }

    /// The server has a batch: forgets what has not changed since. Blocks on the disk.
    fn forget(&self, batch: &Batch) -> Result<(), DiskError> {
        let mut gaps = false;
        {
            let mut inner = self.lock();
            for (key, generation, _) in &batch.reports {
                if inner.pending.get(key).is_some_and(|pending| pending.generation == *generation) {
                    inner.pending.remove(key);
                    gaps |= matches!(key, Key::Gap(..));
                }
            }
            for (alarm, sent) in &batch.alarms {
                if let Some(count) = inner.alarms.get_mut(alarm) {
                    *count = count.saturating_sub(*sent);
                }
            }
            inner.alarms.retain(|_, count| *count > 0);
        }
        if gaps { self.keep() } else { Ok(()) }
    }

    fn keep(&self) -> Result<(), DiskError> {
        self.kept.write(|| {
            let inner = self.lock();
            let gaps = inner.pending.values().filter_map(|pending| {
                let gap = pending.gap.clone()?;
                Some(kept::Row { gap, tagged: pending.tagged.clone() })
            });
            kept::Content { dropped_events: inner.dropped_events, gaps: gaps.collect() }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under the lock is complete in itself.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DropRecord for Reports {
    fn dropped(&self, event: Dropped) {
        let configuration = self.configuration.borrow().clone();
        let assigned = configuration.as_ref().and_then(|configuration| {
            let assigned = configuration.cameras.iter().find(|assigned| assigned.camera == event.camera)?;
            Some(configuration.sealer(assigned))
        });
        tracing::warn!(camera.id = %event.camera, event.id = %event.event, "the queue is full: an event was dropped");
        {
            let mut inner = self.lock();
            inner.dropped_events += 1;
            // A camera that is no longer this device's has nobody whom a gap could be told.
            if let (Some(sealer), Some((from, to))) = (assigned, event.time) {
                let gap = inner.grown_gap(event.camera, from, to);
                let tagged = by_camera(CameraReportKind::Gap, &sealer, &gap, None);
                inner.put(Key::Gap(gap.camera, gap.from), tagged, Some(gap));
                inner.bound_gaps();
            }
        }
        self.changed.notify_waiters();
        if let Err(error) = self.keep() {
            tracing::error!(%error, "a gap could not be kept on disk");
        }
    }
}

impl Inner {
    fn put(&mut self, key: Key, tagged: Tagged, gap: Option<GapReport>) {
        self.generation += 1;
        self.pending.insert(key, Pending { generation: self.generation, tagged, gap });
    }

    /// The gap of dropped events of a camera: the last one that is not sent yet grows, as the oldest go first.
    fn grown_gap(&self, camera: CameraId, from: Timestamp, to: Timestamp) -> GapReport {
        let last = self
            .pending
            .values()
            .filter_map(|pending| pending.gap.as_ref())
            .rfind(|gap| gap.camera == camera && gap.reason == GapReason::QueueFull && gap.from <= from);
        match last {
            Some(gap) => GapReport { to: Some(gap.to.unwrap_or(to).max(to)), ..gap.clone() },
            None => GapReport { camera, from, to: Some(to), reason: GapReason::QueueFull },
        }
    }

    fn bound_gaps(&mut self) {
        let gaps = self.pending.iter().filter(|(_, pending)| pending.gap.is_some());
        let Some(oldest) = (gaps.clone().count() > GAPS_MAX)
            .then(|| gaps.min_by_key(|(_, pending)| pending.generation).map(|(key, _)| *key))
            .flatten()
        else {
            return;
        };
        tracing::error!("more than {GAPS_MAX} gaps wait for the server: the oldest is given up");
        self.pending.remove(&oldest);
    }
}

fn by_camera(
    kind: CameraReportKind,
    sealer: &CameraSealer,
    report: &impl Serialize,
    test: Option<TestId>,
) -> Tagged {
    let body = json(report);
    Tagged {
        kind: match kind {
            CameraReportKind::State => Kind::Camera,
            CameraReportKind::Gap => Kind::Gap,
            CameraReportKind::Test => Kind::Test,
        },
        camera_id: Some(sealer.scope().camera),
        test_id: test,
        tag: BASE64URL_NOPAD.encode(&sealer.tag_report(kind, &body)),
        body: BASE64URL_NOPAD.encode(&body),
    }
}

fn json(report: &impl Serialize) -> Vec<u8> {
    // Our own structs, whose maps have text keys, always have a JSON form.
    serde_json::to_vec(report).unwrap_or_default()
}

#[cfg(test)]
mod tests;
