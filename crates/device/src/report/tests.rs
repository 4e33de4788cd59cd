//! What is pending, what is kept, and what one call carries.

use std::sync::Arc;

use ownsight_disk::ForgettingDisk;
use ownsight_model::{
    CameraEpoch, CameraState, DeviceId, EventId, HomeEpoch, HomeId, InstallationId, TenureId,
};
use ownsight_seal::{CameraScope, DevicePsk, KeyPair};

use super::*;

fn sealer(camera: CameraId) -> CameraSealer {
    let scope = CameraScope {
        installation: InstallationId::from_bytes([1; 16]),
        home: HomeId::from_bytes([2; 16]),
        camera,
        tenure: TenureId::from_bytes([3; 16]),
        home_epoch: HomeEpoch::FIRST,
        camera_epoch: CameraEpoch::FIRST,
    };
    let device = DeviceId::from_bytes([4; 16]);
    CameraSealer::new(scope, device, KeyPair::generate().public(), DevicePsk::from_bytes([5; 32]))
}

fn load(disk: &ForgettingDisk) -> Reports {
    let (_, configuration) = watch::channel(None);
    Reports::load(Folder::on(Arc::new(disk.clone())), Place::default(), configuration).unwrap()
}

fn gap(camera: CameraId, from: i64, to: Option<i64>) -> GapReport {
    GapReport {
        camera,
        from: Timestamp::from_micros(from),
        to: to.map(Timestamp::from_micros),
        reason: GapReason::AgentAway,
    }
}

fn gaps(reports: &Reports) -> Vec<GapReport> {
    reports.lock().pending.values().filter_map(|pending| pending.gap.clone()).collect()
}

#[test]
fn gaps_are_kept_until_the_server_has_them_as_they_are() {
    let disk = ForgettingDisk::new();
    let camera = CameraId::generate();
    let reports = load(&disk);
    reports.gap(&sealer(camera), gap(camera, 1, None)).unwrap();
    let sent = reports.batch(BATCH_REPORTS_MAX);
    reports.gap(&sealer(camera), gap(camera, 1, Some(5))).unwrap();
    for seed in 0..20 {
        assert_eq!(gaps(&load(&disk.crash(seed))), [gap(camera, 1, Some(5))], "survives a crash");
    }
    reports.forget(&sent).unwrap();
    assert_eq!(gaps(&reports), [gap(camera, 1, Some(5))], "what was sent is not what it is now");
    reports.forget(&reports.batch(BATCH_REPORTS_MAX)).unwrap();
    assert_eq!(gaps(&reports), []);
    assert_eq!(gaps(&load(&disk.crash(0))), []);
}

#[test]
fn only_the_latest_of_a_camera_counts_and_alarms_add_up() {
    let reports = load(&ForgettingDisk::new());
    let camera = CameraId::generate();
    for at in 1..=3 {
        let at = Timestamp::from_micros(at);
        let report = CameraReport {
            camera,
            at,
            state: CameraState::Records,
            since: at,
            video: None,
            another: None,
            quieted_since: None,
        };
        reports.camera(&sealer(camera), &report);
    }
    reports.alarm(Alarm::ConfigurationNotMine);
    reports.alarm(Alarm::ConfigurationNotMine);
    let batch = reports.batch(BATCH_REPORTS_MAX);
    assert_eq!(batch.reports.len(), 1);
    let body = BASE64URL_NOPAD.decode(batch.reports[0].2.body.as_bytes()).unwrap();
    let report: CameraReport = serde_json::from_slice(&body).unwrap();
    assert_eq!(report.at, Timestamp::from_micros(3));
    assert_eq!(batch.alarms[&Alarm::ConfigurationNotMine], 2);
    reports.alarm(Alarm::ConfigurationNotMine);
    reports.forget(&batch).unwrap();
    let batch = reports.batch(BATCH_REPORTS_MAX);
    assert!(batch.reports.is_empty());
    assert_eq!(batch.alarms[&Alarm::ConfigurationNotMine], 1, "the one that came meanwhile");
}

#[test]
fn a_batch_is_bounded() {
    let disk = ForgettingDisk::new();
    let reports = load(&disk);
    for _ in 0..300 {
        let camera = CameraId::generate();
        let at = Timestamp::from_micros(1);
        let report = CameraReport {
            camera,
            at,
            state: CameraState::Connecting,
            since: at,
            video: None,
            another: None,
            quieted_since: None,
        };
        reports.camera(&sealer(camera), &report);
    }
    assert_eq!(reports.batch(BATCH_REPORTS_MAX).reports.len(), BATCH_REPORTS_MAX);
    assert_eq!(reports.batch(1).reports.len(), 1);
    let camera = CameraId::generate();
    for from in 0..=GAPS_MAX as i64 {
        let mut inner = reports.lock();
        let gap = gap(camera, from, None);
        inner.put(
            Key::Gap(camera, gap.from),
            by_camera(CameraReportKind::Gap, &sealer(camera), &gap, None),
            Some(gap),
        );
        inner.bound_gaps();
    }
    let kept = gaps(&reports);
    assert_eq!(kept.len(), GAPS_MAX);
    assert_eq!(kept[0].from, Timestamp::from_micros(1), "the oldest is given up");
}

#[test]
fn dropped_events_are_counted_over_restarts() {
    let disk = ForgettingDisk::new();
    for expected in 1..=2 {
        let reports = load(&disk);
        reports.dropped(Dropped { camera: CameraId::generate(), event: EventId::generate(), time: None });
        assert_eq!(reports.dropped_events(), expected);
    }
}

#[test]
fn the_gap_of_dropped_events_grows() {
    let camera = CameraId::generate();
    let mut inner = Inner::default();
    let time = Timestamp::from_micros;
    for (from, to) in [(10, 20), (30, 40), (50, 60)] {
        let grown = inner.grown_gap(camera, time(from), time(to));
        let tagged = by_camera(CameraReportKind::Gap, &sealer(camera), &grown, None);
        inner.put(Key::Gap(camera, grown.from), tagged, Some(grown));
    }
    let gaps: Vec<_> = inner.pending.values().filter_map(|pending| pending.gap.clone()).collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].from, gaps[0].to), (time(10), Some(time(60))));
}
