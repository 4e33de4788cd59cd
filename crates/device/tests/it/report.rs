//! What the home can verify of what a device reports.

use std::time::Duration;

use ownsight_device::{Device, DeviceOptions, Outcome};
use ownsight_model::{CameraReport, CameraState, DeviceReport, GapReason, GapReport, TestId, TestReport};

use ownsight_seal::CameraReportKind;

use crate::World;
use crate::support::{Running, eventually, options};

#[tokio::test(flavor = "multi_thread")]
async fn reports_verify_under_the_homes_keys_and_name_their_camera() {
    let world = World::new().await;
    let handle = &world.running.handle;
    let configuration = handle.configuration().borrow().clone().unwrap();
    let sealer = configuration.sealer(&configuration.cameras[0]);
    let (now, camera) = (handle.now(), world.camera.id());
    handle.report_camera(
        &sealer,
        &CameraReport {
            camera,
            at: now,
            state: CameraState::Records,
            since: now,
            video: None,
            another: None,
            quieted_since: None,
        },
    );
    let test = TestId::generate();
    handle.report_test(&sealer, &TestReport { test, at: now, steps: Vec::new(), done: true, look: None });
    let gap = GapReport { camera, from: now, to: None, reason: GapReason::AgentAway };
    handle.report_gap(&sealer, gap.clone()).await.unwrap();

    let shared = &world.server.shared;
    let (device, home) = (world.home.device, world.home.control.home_key());
    for (kind, tagged_as) in [
        ("camera", CameraReportKind::State),
        ("gap", CameraReportKind::Gap),
        ("test", CameraReportKind::Test),
    ] {
        let (body, tag, report) = eventually(kind, || shared.reports_of(kind).pop()).await;
        world.camera.secret.verify_report(tagged_as, device, &body, &tag).unwrap();
        assert_eq!(report["camera_id"], camera.to_string(), "{kind}");
        if kind == "test" {
            assert_eq!(report["test_id"], test.to_string());
        }
        if kind == "gap" {
            assert_eq!(serde_json::from_slice::<GapReport>(&body).unwrap(), gap);
        }
    }
    let (body, tag, _) = eventually("device", || shared.reports_of("device").pop()).await;
    home.device_report_key(device).verify(&body, &tag).unwrap();
    let report: DeviceReport = serde_json::from_slice(&body).unwrap();
    assert_eq!((report.device, report.configuration), (device, 1));
    assert_eq!(report.version, "test 1");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_outlives_kill_until_the_server_has_it() {
    let mut world = World::new().await;
    world.server.shared.refuse_all(Some((503, "busy")));
    let handle = &world.running.handle;
    let configuration = handle.configuration().borrow().clone().unwrap();
    let sealer = configuration.sealer(&configuration.cameras[0]);
    let (now, camera) = (handle.now(), world.camera.id());
    let mut gap = GapReport { camera, from: now, to: None, reason: GapReason::AgentAway };
    handle.report_gap(&sealer, gap.clone()).await.unwrap();
    gap.to = Some(now.plus(Duration::from_mins(1)));
    handle.report_gap(&sealer, gap.clone()).await.unwrap();
    world.running.kill().await;
    world.server.shared.refuse_all(None);
    world.running = Running::start(Device::load(world.folder.path()).unwrap());
    let shared = world.server.shared.clone();
    let (body, tag, _) = eventually("the gap", || shared.reports_of("gap").pop()).await;
    world.camera.secret.verify_report(CameraReportKind::Gap, world.home.device, &body, &tag).unwrap();
    assert_eq!(serde_json::from_slice::<GapReport>(&body).unwrap(), gap);
    assert_eq!(shared.reports_of("gap").len(), 1, "the newest form only");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_queue_drops_is_counted_and_a_gap() {
    let mut world = World::new().await;
    world.running.stop().await;
    // The least that a queue can have: 64 MiB.
    let options = DeviceOptions { queue_bytes_max: Some(0), ..options() };
    world.running = Running::start_with(Device::load(world.folder.path()).unwrap(), options);
    world.running.handle.clock_known().await;
    world.server.shared.refuse_all(Some((503, "busy")));
    let mut events = Vec::new();
    for _ in 0..4 {
        events.push(world.seal(25 << 20).await.unwrap());
    }
    let stats = world.running.handle.stats();
    assert_eq!((stats.queue.objects, stats.dropped_events), (2, 2));
    for dropped in events.drain(..2) {
        assert_eq!(dropped.outcome().await, Some(Outcome::Dropped));
    }
    world.server.shared.refuse_all(None);
    let shared = world.server.shared.clone();
    let (body, tag, _) = eventually("the gap", || shared.reports_of("gap").pop()).await;
    world.camera.secret.verify_report(CameraReportKind::Gap, world.home.device, &body, &tag).unwrap();
    let gap: GapReport = serde_json::from_slice(&body).unwrap();
    assert_eq!((gap.camera, gap.reason), (world.camera.id(), GapReason::QueueFull));
    assert!(gap.to.is_some_and(|to| to > gap.from), "both events, in one gap");
    assert_eq!(shared.reports_of("gap").len(), 1);
    world.running.stop().await;
}
