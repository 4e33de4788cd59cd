//! From lens to server: events and stills of real footage.

use std::time::Duration;

use ownsight_model::{CameraReport, CameraState, Label, MotionTrack, SectionKind, Timestamp};

use crate::World;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn footage_becomes_events_that_open_for_the_home() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let camera = world.camera();
    world.configure(1, &[&camera], &[]);
    let shared = world.server.shared.clone();

    let find = |kind: SectionKind| {
        let objects = shared.objects();
        objects.into_iter().find_map(|(id, event, object)| {
            let verified = camera.verify(&object);
            assert_eq!((id, event), (camera.id(), verified.ids().event));
            verified.trailer().section(kind)?;
            Some(object)
        })
    };
    let still = eventually("a still", || find(SectionKind::Still)).await;
    assert_eq!(camera.verify(&still).trailer().label, Label::Still);
    assert!(camera.open(&still, SectionKind::Still).unwrap().starts_with(&[0xff, 0xd8, 0xff]));

    let (body, tag, _) = eventually("a report that it records", || {
        shared.reports_of("camera").into_iter().find(|(body, _, _)| {
            serde_json::from_slice::<CameraReport>(body).unwrap().state == CameraState::Records
        })
    })
    .await;
    camera
        .secret
        .verify_report(ownsight_seal::CameraReportKind::State, world.home.device, &body, &tag)
        .unwrap();

    let figures = eventually("figures of it", || {
        let figures = agent.figures.render();
        figures.contains("ownsight_camera_packets_lost_total").then_some(figures)
    })
    .await;
    let records = format!("ownsight_camera_records{{camera=\"{}\"}} 1", camera.id());
    assert!(figures.lines().any(|line| line == records), "{figures}");
    assert!(figures.contains("ownsight_agent_queue_bytes_max "), "{figures}");
    assert!(!figures.contains(crate::PASSWORD) && !figures.contains("rtsp"), "{figures}");

    let begun = std::time::Instant::now();
    let object = loop {
        if let Some(object) = find(SectionKind::Clip) {
            break object;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "no event in 90 s of footage");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let verified = camera.verify(&object);
    let (started, trailer) = (verified.ids().started_at, verified.trailer());
    assert_eq!(trailer.label, Label::Motion);
    let lasted = trailer.ended_at.since(started);
    assert!((Duration::from_secs(4)..=Duration::from_secs(61)).contains(&lasted), "{lasted:?}");
    assert!(Timestamp::now().since(started) < Duration::from_mins(3));
    assert!(camera.open(&object, SectionKind::Thumbnail).unwrap().starts_with(&[0xff, 0xd8, 0xff]));
    let clip = camera.open(&object, SectionKind::Clip).unwrap();
    assert_eq!(&clip[4..8], b"ftyp");
    let first_box = u32::from_be_bytes(clip[..4].try_into().unwrap()) as usize;
    assert_eq!(&clip[first_box + 4..first_box + 8], b"moov", "it can be played from its first byte on");
    let track = MotionTrack::decode(&camera.open(&object, SectionKind::Motion).unwrap()).unwrap();
    assert_eq!((track.width, track.height), (768, 432));
    assert!(track.began_ms <= track.ended_ms && u128::from(track.ended_ms) <= lasted.as_millis());
    assert!(track.samples.iter().any(|(_, strength)| *strength > 0));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sealer_begins_another_pipeline_and_an_unassigned_camera_ends() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let camera = world.camera();
    world.configure(1, &[&camera], &[]);
    let shared = world.server.shared.clone();
    eventually("a still", || (!shared.objects().is_empty()).then_some(())).await;

    let rotated = world.home.rotated(&camera);
    world.configure(2, &[&rotated], &[]);
    let epoch = rotated.secret.scope().camera_epoch;
    let of_epoch = || {
        let objects = shared.objects();
        let ids = objects.iter().map(|(_, _, object)| {
            let header = ownsight_seal::Header::parse(object.first_chunk().unwrap()).unwrap();
            (header.ids().scope.camera_epoch, object.clone())
        });
        ids.filter(|(sealed_in, _)| *sealed_in == epoch).map(|(_, object)| object).collect::<Vec<_>>()
    };
    let object = eventually("a still in the new epoch", || of_epoch().pop()).await;
    rotated.verify(&object);

    world.configure(3, &[], &[]);
    eventually("that it is in use", || shared.polls().iter().any(|(after, _)| *after == 3).then_some(()))
        .await;
    // What the ending pipeline still found comes within the time that it has to end.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let count = shared.objects().len();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(shared.objects().len(), count, "nothing more of a camera that is not this agent's");
    agent.stop().await;
}
