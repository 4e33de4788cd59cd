//! What devices report of themselves, their cameras and tests: kept as it came, the latest of each.

use ownsight_model::{CameraId, DeviceId, TestId, Timestamp};
use rusqlite::{Connection, params};

use crate::changes::ChangeKind;
use crate::decode::{self, columns};
use crate::devices::device_row;
use crate::engine::Tx;
use crate::error::Step;
use crate::rows::{DeviceRow, DeviceStanding, ReportRow};
use crate::sql::{exists, first, rows, run};
use crate::{Registry, RegistryError};

/// Codes of `reports.kind`.
pub(crate) const DEVICE: u8 = 1;
pub(crate) const CAMERA: u8 = 2;
pub(crate) const TEST: u8 = 3;

/// Gaps that are kept of a camera; the oldest go.
const GAPS_MAX: u32 = 4_096;

/// A report as it came: neither its body nor its tag is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// What it is about.
    pub subject: ReportSubject,
    /// Its JSON.
    pub body: Vec<u8>,
    /// Its tag.
    pub tag: Vec<u8>,
}

/// What a report is about; of each, the latest report is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportSubject {
    /// The device itself.
    Device,
    /// A camera that the device serves, or the draft that it tests.
    Camera(CameraId),
    /// A time in which such a camera did not record: identified by camera and beginning.
    Gap {
        /// The camera.
        camera: CameraId,
        /// When it began.
        from: Timestamp,
        /// When it ended; `None` while it goes on.
        to: Option<Timestamp>,
    },
    /// A test that the device makes.
    Test(TestId),
}

/// What became of a delivery of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportSummary {
    /// Reports that were kept.
    pub stored: u32,
    /// Reports about what is not the device's own, of the device or cameras that were removed or erased since:
    /// not kept.
    pub refused: u32,
}

/// A camera as the server knows it without a key: whether its device calls, and what that said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetCamera {
    /// The camera.
    pub camera: CameraId,
    /// When it was added: it is in no state since before.
    pub created_at: Timestamp,
    /// The device that serves it.
    pub device: Option<FleetDevice>,
    /// That device's latest report on it, as it came. Nobody has verified it.
    pub report: Option<Vec<u8>>,
}

/// The device of a [`FleetCamera`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FleetDevice {
    /// Whether it uploads plainly, and so says nothing of itself.
    pub uploads: bool,
    /// When it last called.
    pub seen_at: Option<Timestamp>,
}

impl Registry {
    /// Cameras of all homes that are in use, in the order of their ids, those behind `after`.
    pub async fn fleet(&self, after: CameraId, limit: u32) -> Result<Vec<FleetCamera>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = "SELECT c.id, c.created_at, d.id, d.upload_key IS NOT NULL, d.seen_at, r.body FROM cameras c
                           LEFT JOIN devices d ON d.id = c.device
                           LEFT JOIN reports r ON r.kind = ?1 AND r.subject = c.id AND r.device = c.device
                           WHERE c.standing = 2 AND c.id > ?2 ORDER BY c.id LIMIT ?3";
                rows(connection, "cameras", sql, params![CAMERA, after.as_bytes(), limit], |c| {
                    Ok(FleetCamera {
                        camera: c.id("id")?,
                        created_at: c.time("created_at")?,
                        device: c.of("devices").joined(3, |c| {
                            let _: DeviceId = c.id("id")?;
                            Ok(FleetDevice {
                                uploads: c.flag("upload_key")?,
                                seen_at: c.time_or_null("seen_at")?,
                            })
                        })?,
                        report: c.of("reports").joined(1, |c| c.blob("body"))?,
                    })
                })
            })
            .await
    }

    /// Keeps a device's reports. Those about what is not its own are refused one by one. An unknown device is
    /// [`RegistryError::NotFound`].
    pub async fn put_reports(
        &self,
        device: DeviceId,
        now: Timestamp,
        reports: Vec<NewReport>,
    ) -> Result<ReportSummary, RegistryError> {
        self.engine
            .write(move |tx| {
                let device = device_row(tx, device)?.ok_or(RegistryError::NotFound)?;
                let mut summary = ReportSummary::default();
                for report in &reports {
                    if device.standing == DeviceStanding::Paired && put(tx, &device, now, report)? {
                        summary.stored += 1;
                    } else {
                        summary.refused += 1;
                    }
                }
                Ok(summary)
            })
            .await
    }
}

/// The latest report of a kind on a subject.
pub(crate) fn latest(connection: &Connection, kind: u8, subject: &[u8; 16]) -> Step<Option<ReportRow>> {
    let sql =
        concat!("SELECT ", columns!(report "r"), " FROM reports r WHERE r.kind = ?1 AND r.subject = ?2");
    first(connection, "reports", sql, params![kind, subject], |c| decode::report(c, "reports"))
}

fn put(tx: &Tx<'_>, device: &DeviceRow, now: Timestamp, report: &NewReport) -> Step<bool> {
    let kept = match &report.subject {
        ReportSubject::Device => {
            keep(tx, DEVICE, device.id.as_bytes(), device, now, report)?;
            Some(ChangeKind::Devices)
        }
        ReportSubject::Camera(camera) if serves(tx, device, *camera)? => {
            keep(tx, CAMERA, camera.as_bytes(), device, now, report)?;
            Some(ChangeKind::Cameras)
        }
        ReportSubject::Gap { camera, from, to } if serves(tx, device, *camera)? => {
            keep_gap(tx, *camera, *from, *to, device, now, report)?;
            Some(ChangeKind::Events)
        }
        ReportSubject::Test(test) if tests(tx, device, *test)? => {
            keep(tx, TEST, test.as_bytes(), device, now, report)?;
            Some(ChangeKind::Tests)
        }
        _ => None,
    };
    if let Some(what) = kept {
        tx.changed(device.home, what);
    }
    Ok(kept.is_some())
}

fn serves(tx: &Tx<'_>, device: &DeviceRow, camera: CameraId) -> Step<bool> {
    let sql = "SELECT 1 FROM cameras c WHERE c.id = ?1 AND c.home = ?2 AND c.standing <> 3 AND (c.device = ?3
                 OR EXISTS (SELECT 1 FROM tests t WHERE t.draft = c.id AND t.device = ?3))";
    exists(tx, sql, params![camera.as_bytes(), device.home.as_bytes(), device.id.as_bytes()])
}

fn tests(tx: &Tx<'_>, device: &DeviceRow, test: TestId) -> Step<bool> {
    let sql = "SELECT 1 FROM tests WHERE id = ?1 AND device = ?2 AND home = ?3";
    exists(tx, sql, params![test.as_bytes(), device.id.as_bytes(), device.home.as_bytes()])
}

fn keep(
    tx: &Tx<'_>,
    kind: u8,
    subject: &[u8; 16],
    device: &DeviceRow,
    now: Timestamp,
    report: &NewReport,
) -> Step<()> {
    run(
        tx,
        "INSERT INTO reports (kind, subject, device, received_at, body, tag) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (kind, subject) DO UPDATE SET device = excluded.device, received_at = excluded.received_at,
           body = excluded.body, tag = excluded.tag",
        params![kind, subject, device.id.as_bytes(), now.as_micros(), report.body, report.tag],
    )?;
    Ok(())
}

fn keep_gap(
    tx: &Tx<'_>,
    camera: CameraId,
    from: Timestamp,
    to: Option<Timestamp>,
    device: &DeviceRow,
    now: Timestamp,
    report: &NewReport,
) -> Step<()> {
    run(
        tx,
        "INSERT INTO gaps (camera, from_at, to_at, device, received_at, body, tag) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (camera, from_at) DO UPDATE SET to_at = excluded.to_at, device = excluded.device,
           received_at = excluded.received_at, body = excluded.body, tag = excluded.tag",
        params![
            camera.as_bytes(),
            from.as_micros(),
            to.map(Timestamp::as_micros),
            device.id.as_bytes(),
            now.as_micros(),
            report.body,
            report.tag
        ],
    )?;
    run(
        tx,
        "DELETE FROM gaps WHERE camera = ?1 AND from_at <=
           (SELECT from_at FROM gaps WHERE camera = ?1 ORDER BY from_at DESC LIMIT 1 OFFSET ?2)",
        params![camera.as_bytes(), GAPS_MAX],
    )?;
    Ok(())
}
