//! Reports of devices, kept as they came, and their alarms, counted.
//!
//! A report's form is looked at, so that what is kept is what it is filed under; whether it is true shows only
//! when a viewer's own key verifies its tag.

use std::collections::BTreeMap;

use ownsight_model::{CameraId, CameraReport, DeviceReport, GapReport, TestId, TestReport, Timestamp};
use ownsight_registry::{NewReport, ReportSubject};
use serde::de::DeserializeOwned;

use crate::alarm::{ALARMS, REPORTS};
use crate::configuration::unavailable;
use crate::{DeviceCallError, DeviceIdentity, Ingest};

/// Labels of the alarms that devices may raise; other kinds are counted as the last one.
pub(crate) const DEVICE_ALARMS: [&str; 4] =
    ["device-configuration-not-mine", "device-event-quarantined", "device-report-refused", "device-other"];
/// Most that one call may add to one alarm.
const ALARM_COUNT_MAX: u64 = 1_000_000;
const TAG_BYTES: usize = 32;

/// A report as it came.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it is about.
    pub kind: ReportKind,
    /// Its JSON, as tagged.
    pub body: Vec<u8>,
    /// Its tag.
    pub tag: Vec<u8>,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// The device itself.
    Device,
    /// A camera's state.
    Camera(CameraId),
    /// A time in which a camera did not record.
    Gap(CameraId),
    /// A camera test.
    Test(TestId),
}

/// An alarm of a device, with its count since the last call.
#[derive(Debug, Clone)]
pub struct AlarmReport {
    /// Its kind, such as `configuration-not-mine`.
    pub kind: String,
    /// How often.
    pub count: u64,
}

impl Ingest {
    /// Keeps a device's reports and counts its alarms. Reports about what is not the device's own are not kept;
    /// the caller is not told, because a camera may have been taken from it a moment ago.
    ///
    /// Cancel-safe: a dropped call has kept all of its reports, or none.
    pub async fn reports(
        &self,
        identity: &DeviceIdentity,
        reports: Vec<Report>,
        alarms: Vec<AlarmReport>,
    ) -> Result<(), DeviceCallError> {
        let reports = reports.into_iter().map(|report| filed(identity, report)).collect::<Result<_, _>>()?;
        self.touch(identity).await;
        self.put(identity, reports).await?;
        raise(identity, &alarms);
        Ok(())
    }

    async fn put(&self, identity: &DeviceIdentity, reports: Vec<NewReport>) -> Result<(), DeviceCallError> {
        if reports.is_empty() {
            return Ok(());
        }
        let put = self.inner.registry.put_reports(identity.device(), Timestamp::now(), reports).await;
        let summary = put.map_err(|error| unavailable(&error))?;
        metrics::counter!(REPORTS, "outcome" => "stored").increment(u64::from(summary.stored));
        metrics::counter!(REPORTS, "outcome" => "refused").increment(u64::from(summary.refused));
        if summary.refused > 0 {
            let refused = summary.refused;
            tracing::warn!(device.id = %identity.device(), refused, "reports about what is not the device's own");
        }
        Ok(())
    }
}

/// The report as it is kept, if its body has the form of its kind and names what it is filed under.
fn filed(identity: &DeviceIdentity, report: Report) -> Result<NewReport, DeviceCallError> {
    let Report { kind, body, tag } = report;
    if tag.len() != TAG_BYTES {
        return Err(malformed("a report's tag does not have 32 bytes"));
    }
    let subject = match kind {
        ReportKind::Device => {
            let report: DeviceReport = form(&body)?;
            same(report.device == identity.device())?;
            ReportSubject::Device
        }
        ReportKind::Camera(camera) => {
            let report: CameraReport = form(&body)?;
            same(report.camera == camera)?;
            ReportSubject::Camera(camera)
        }
        ReportKind::Gap(camera) => {
            let report: GapReport = form(&body)?;
            same(report.camera == camera)?;
            if report.to.is_some_and(|to| to < report.from) {
                return Err(malformed("a gap ends before it began"));
            }
            ReportSubject::Gap { camera, from: report.from, to: report.to }
        }
        ReportKind::Test(test) => {
            let report: TestReport = form(&body)?;
            same(report.test == test)?;
            ReportSubject::Test(test)
        }
    };
    Ok(NewReport { subject, body, tag })
}

fn form<T: DeserializeOwned>(body: &[u8]) -> Result<T, DeviceCallError> {
    serde_json::from_slice(body).map_err(|_| malformed("a report's body does not have the form of its kind"))
}

fn same(same: bool) -> Result<(), DeviceCallError> {
    if same { Ok(()) } else { Err(malformed("a report's body is about something else than the report says")) }
}

fn malformed(why: &str) -> DeviceCallError {
    DeviceCallError::Malformed { why: why.to_owned() }
}

fn raise(identity: &DeviceIdentity, alarms: &[AlarmReport]) {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for alarm in alarms.iter().filter(|alarm| alarm.count > 0) {
        let count = counts.entry(label(&alarm.kind)).or_default();
        *count = count.saturating_add(alarm.count).min(ALARM_COUNT_MAX);
    }
    for (label, count) in counts {
        metrics::counter!(ALARMS, "kind" => label).increment(count);
        tracing::error!(alarm.kind = label, device.id = %identity.device(), count, "alarm raised by a device");
    }
}

/// The label of a device's alarm: one of a fixed number, whatever a device sends.
fn label(kind: &str) -> &'static str {
    let [.., other] = DEVICE_ALARMS;
    let known = DEVICE_ALARMS.into_iter().find(|label| label.strip_prefix("device-") == Some(kind));
    known.unwrap_or(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_cannot_make_labels() {
        assert_eq!(label("configuration-not-mine"), "device-configuration-not-mine");
        assert_eq!(label("0192f3c4-0000-7000-8000-000000000000"), "device-other");
        assert_eq!(label(""), "device-other");
    }
}
