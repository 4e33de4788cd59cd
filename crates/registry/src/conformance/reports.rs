//! Reports: the latest of each, of the device's own only.

use ownsight_model::{CameraId, DeviceId, TestId};

use super::fixture::{Household, NOW, at, camera, test};
use crate::{LeftBehind, NewReport, Registry, RegistryError, ReportSubject, ReportSummary};

fn report(subject: ReportSubject, body: &str) -> NewReport {
    NewReport { subject, body: body.as_bytes().to_vec(), tag: vec![5; 32] }
}

/// A gap is the same one when it ends.
pub async fn the_latest_report_is_kept(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let draft = camera(anna.home, Some(anna.device));
    let asked = test(&draft, anna.device);
    registry.create_test(&anna.authority(), asked.clone(), draft.clone(), vec![]).await.unwrap();
    for (second, body) in [(1, "first"), (2, "second")] {
        let to = (second == 2).then(|| at(50));
        let reports = vec![
            report(ReportSubject::Device, body),
            report(ReportSubject::Camera(row.id), body),
            report(ReportSubject::Camera(draft.id), body),
            report(ReportSubject::Gap { camera: row.id, from: at(10), to }, body),
            report(ReportSubject::Test(asked.id), body),
        ];
        let summary = registry.put_reports(anna.device, at(second), reports).await.unwrap();
        assert_eq!(summary, ReportSummary { stored: 5, refused: 0 });
    }
    let kept = crate::ReportRow {
        device: anna.device,
        received_at: at(2),
        body: b"second".to_vec(),
        tag: vec![5; 32],
    };
    let device = registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data.unwrap();
    assert_eq!(device.report.as_ref(), Some(&kept));
    let camera = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(camera.report.as_ref(), Some(&kept));
    let crate::TestDetail { test, .. } =
        registry.test(anna.find(), NOW, asked.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(test.report.as_ref(), Some(&kept));
    for (from, to, gaps) in [(0, 40, 1), (60, 70, 0)] {
        let day = registry
            .day(anna.find(), NOW, anna.home, at(from), at(to), 1)
            .await
            .unwrap()
            .unwrap()
            .data
            .unwrap();
        assert_eq!(day.gaps.iter().filter(|gap| gap.report == kept).count(), gaps);
        assert_eq!(day.gaps.len(), gaps);
    }
}

/// One by one; the others are kept.
pub async fn reports_on_others_are_refused(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let foreign = other.camera(&registry).await;
    let (second, _) = anna.pair(&registry).await;
    let draft = camera(anna.home, None);
    let asked = test(&draft, second);
    registry.create_test(&anna.authority(), asked.clone(), draft.clone(), vec![]).await.unwrap();
    let subjects = [
        ReportSubject::Camera(foreign.id),
        ReportSubject::Gap { camera: foreign.id, from: at(1), to: None },
        ReportSubject::Camera(draft.id),
        ReportSubject::Camera(CameraId::generate()),
        ReportSubject::Test(asked.id),
        ReportSubject::Test(TestId::generate()),
    ];
    let mut reports: Vec<_> = subjects.into_iter().map(|subject| report(subject, "x")).collect();
    reports.push(report(ReportSubject::Camera(row.id), "own"));
    let summary = registry.put_reports(anna.device, NOW, reports).await.unwrap();
    assert_eq!(summary, ReportSummary { stored: 1, refused: 6 });
    assert_eq!(
        registry.camera(other.find(), NOW, foreign.id).await.unwrap().unwrap().data.unwrap().report,
        None
    );
    let crate::TestDetail { test, .. } =
        registry.test(anna.find(), NOW, asked.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(test.report, None);

    registry
        .remove_device(
            &anna.authority(),
            anna.device,
            LeftBehind { renewed: anna.renewed(&registry).await, ..LeftBehind::default() },
        )
        .await
        .unwrap();
    let summary =
        registry.put_reports(anna.device, NOW, vec![report(ReportSubject::Device, "x")]).await.unwrap();
    assert_eq!(summary, ReportSummary { stored: 0, refused: 1 });
    let error = registry.put_reports(DeviceId::generate(), NOW, vec![]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
}
