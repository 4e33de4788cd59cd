//! What is on record of the time in which nothing was recorded.

use std::time::Duration;

use ownsight_agent::AgentError;
use ownsight_model::{CameraFault, CameraReport, CameraState, GapReason, GapReport};

use crate::World;
use crate::support::{TestCamera, eventually};

fn gaps(world: &World, camera: &TestCamera) -> Vec<GapReport> {
    let reports = world.server.shared.reports_of("gap").into_iter().map(|(body, tag, _)| {
        camera
            .secret
            .verify_report(ownsight_seal::CameraReportKind::Gap, world.home.device, &body, &tag)
            .unwrap();
        serde_json::from_slice(&body).unwrap()
    });
    reports.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_away_is_a_gap() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let camera = world.camera();
    world.configure(1, &[&camera], &[]);
    let shared = world.server.shared.clone();
    eventually("a still", || (!shared.objects().is_empty()).then_some(())).await;
    agent.stop().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(gaps(&world, &camera), []);

    let agent = world.start(None);
    let gap = eventually("the gap", || gaps(&world, &camera).pop()).await;
    assert_eq!(gap.reason, GapReason::AgentAway);
    let lasted = gap.to.unwrap().since(gap.from);
    assert!((Duration::from_secs(4)..Duration::from_secs(25)).contains(&lasted), "{lasted:?}");
    agent.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_goes_away_is_offline_and_a_gap() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let camera = world.camera();
    world.configure(1, &[&camera], &[]);
    let shared = world.server.shared.clone();
    let states = || {
        let reports = shared.reports_of("camera").into_iter();
        reports
            .map(|(body, _, _)| serde_json::from_slice::<CameraReport>(&body).unwrap().state)
            .collect::<Vec<_>>()
    };
    eventually("that it records", || states().contains(&CameraState::Records).then_some(())).await;
    let address = world.sim.addr();
    world.sim.stop().await;
    eventually("that it is offline", || {
        let last = *states().last()?;
        matches!(last, CameraState::Offline(CameraFault::ConnectionRefused | CameraFault::Closed))
            .then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;

    let preset = ownsight_camera_sim::PRESETS[0];
    let back = ownsight_camera_sim::SimCamera::new(preset.path, preset.view)
        .credentials(crate::USER, crate::PASSWORD);
    world.sim = ownsight_camera_sim::CameraSim::builder().bind(address).camera(back).start().await.unwrap();
    let find = || {
        let reports = shared.reports_of("gap").into_iter();
        reports.map(|(body, _, _)| serde_json::from_slice::<GapReport>(&body).unwrap()).next_back()
    };
    let gap = eventually("the gap", find).await;
    assert!(matches!(gap.reason, GapReason::Camera(_)), "{gap:?}");
    assert!(gap.to.unwrap().since(gap.from) >= Duration::from_secs(2), "{gap:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_pairing_or_home_ends_and_says_so() {
    let mut world = World::new().await;
    let ended = world.start(None).task.await.unwrap();
    assert!(matches!(ended, Err(AgentError::NotPaired)));
    let agent = world.pair().await;
    world.server.shared.refuse_all(Some((403, "device-removed")));
    let ended = tokio::time::timeout(Duration::from_secs(20), agent.task).await.unwrap().unwrap();
    assert!(matches!(ended, Err(AgentError::Stopped(_))), "{ended:?}");
}
