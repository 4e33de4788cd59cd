//! What becomes of a queued event, for each answer that a server may give.

use std::time::{Duration, Instant};

use ownsight_device::{Device, Outcome, SealError, StopReason};
use ownsight_model::SectionKind;

use crate::World;
use crate::support::{Home, Reply, Running, TestServer, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_whole_and_opens_for_its_home() {
    let world = World::new().await;
    let queued = world.seal(300_000).await.unwrap();
    let event = queued.event;
    assert_eq!(queued.outcome().await, Some(Outcome::Delivered));
    let object = world.server.shared.object(world.camera.id(), event).unwrap();
    assert_eq!(world.camera.open(&object, SectionKind::Thumbnail).unwrap(), b"thumbnail");
    assert_eq!(world.camera.open(&object, SectionKind::Clip).unwrap(), vec![7; 300_000]);
    assert_eq!(world.running.handle.stats().queue.objects, 0);
    assert_eq!(world.running.handle.stats().delivered, 1);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_a_lost_reply_makes_no_second_event() {
    let world = World::new().await;
    world.server.shared.answer_with([Reply::Lost]);
    let queued = world.seal(1000).await.unwrap();
    assert_eq!(queued.outcome().await, Some(Outcome::Delivered));
    let statuses: Vec<_> = world.server.shared.puts().iter().map(|put| put.status).collect();
    assert_eq!(statuses, [201, 200], "taken in once, and the same again");
    assert_eq!(world.server.shared.objects().len(), 1);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_does_what_the_contract_says() {
    let quarantined = Some(Outcome::Quarantined);
    for (status, code, outcome, tries) in [
        (410, "erased", Some(Outcome::Erased), 1),
        (410, "after-leaving", Some(Outcome::TooLate), 1),
        (409, "digest-differs", quarantined, 1),
        (422, "malformed", quarantined, 1),
        (422, "not-yours", quarantined, 1),
        (411, "", quarantined, 1),
        (413, "", quarantined, 1),
        (415, "", quarantined, 1),
        // Kept and tried again, which then works.
        (422, "digest-mismatch", Some(Outcome::Delivered), 2),
        (500, "", Some(Outcome::Delivered), 2),
        (404, "", Some(Outcome::Delivered), 2),
        (410, "", Some(Outcome::Delivered), 2),
        (409, "something-else", Some(Outcome::Delivered), 2),
        (401, "", Some(Outcome::Delivered), 2),
        (429, "too-many", Some(Outcome::Delivered), 2),
        (503, "busy", Some(Outcome::Delivered), 2),
        (507, "disk-full", Some(Outcome::Delivered), 2),
    ] {
        let world = World::new().await;
        world.server.shared.answer_with([Reply::Status(status, code, None)]);
        let queued = world.seal(100).await.unwrap();
        let became = tokio::time::timeout(Duration::from_secs(20), queued.outcome()).await;
        assert_eq!(became, Ok(outcome), "{status} {code}");
        assert_eq!(world.server.shared.puts().len(), tries, "{status} {code}");
        assert_eq!(world.running.handle.stats().queue.objects, 0, "{status} {code}");
        let aside = u64::from(outcome == quarantined);
        eventually("quarantine", || (world.running.handle.stats().queue.quarantined == aside).then_some(()))
            .await;
        if outcome == quarantined {
            let shared = world.server.shared.clone();
            eventually("the alarm", || (shared.alarms("event-quarantined") == 1).then_some(())).await;
        }
        world.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_twice_on_the_way_is_set_aside() {
    let world = World::new().await;
    world.server.shared.answer_with([Reply::Status(422, "digest-mismatch", None); 2]);
    let queued = world.seal(100).await.unwrap();
    assert_eq!(queued.outcome().await, Some(Outcome::Quarantined));
    assert_eq!(world.server.shared.puts().len(), 2);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_receipt_lets_go_of_nothing() {
    for reply in [Reply::Portal, Reply::OthersReceipt, Reply::Status(200, "", None)] {
        let world = World::new().await;
        world.server.shared.answer_with([reply]);
        let queued = world.seal(100).await.unwrap();
        let event = queued.event;
        assert_eq!(queued.outcome().await, Some(Outcome::Delivered));
        assert_eq!(world.server.shared.puts().len(), 2, "{reply:?}");
        assert!(world.server.shared.object(world.camera.id(), event).is_some(), "{reply:?}");
        world.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_stops_and_keeps_its_queue() {
    let world = World::new().await;
    world.server.shared.answer_with([Reply::Status(403, "device-removed", None)]);
    let handle = world.running.handle.clone();
    world.seal(100).await.unwrap();
    assert_eq!(world.running.stopped().await, StopReason::DeviceRemoved);
    assert_eq!(handle.stats().queue.objects, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured_for_all_deliveries() {
    let world = World::new().await;
    world.server.shared.answer_with([Reply::Status(503, "busy", Some(2))]);
    let begun = Instant::now();
    let first = world.seal(100).await.unwrap();
    let shared = world.server.shared.clone();
    eventually("the refusal", || (shared.puts().len() == 1).then_some(())).await;
    let second = world.seal(100).await.unwrap();
    assert_eq!(first.outcome().await, Some(Outcome::Delivered));
    assert_eq!(second.outcome().await, Some(Outcome::Delivered));
    let puts = world.server.shared.puts();
    assert_eq!(puts.len(), 3);
    assert!(puts[1..].iter().all(|put| put.at - begun >= Duration::from_secs(2)), "{puts:?}");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_while_the_server_was_away_arrives_newest_first() {
    let mut world = World::new().await;
    let (address, shared) = world.server.go_away();
    world.server = TestServer::start();
    let mut events = Vec::new();
    for _ in 0..6 {
        events.push(world.seal(100).await.unwrap().event);
    }
    assert_eq!(world.running.handle.stats().queue.objects, 6);
    world.running.kill().await;

    world.server = TestServer::start_at(address, shared);
    let running = Running::start(Device::load(world.folder.path()).unwrap());
    let puts = {
        let shared = world.server.shared.clone();
        eventually("all", || Some(shared.puts()).filter(|puts| puts.len() == 6)).await
    };
    let order: Vec<_> = puts.iter().map(|put| put.event).collect();
    // Two are under way at once, so neighbours may change places.
    for (place, event) in events.iter().rev().enumerate() {
        let came = order.iter().position(|other| other == event).unwrap();
        assert!(came.abs_diff(place) <= 1, "{event} came as number {came}, not {place}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_during_deliveries_loses_and_doubles_nothing() {
    let mut world = World::new().await;
    let mut sealed = Vec::new();
    for round in 0..15u64 {
        world.server.shared.answer_with([Reply::Lost, Reply::Status(503, "busy", Some(0))]);
        for bytes in [10, 200_000] {
            sealed.push(world.seal(bytes).await.unwrap().event);
        }
        tokio::time::sleep(Duration::from_millis(round * 3)).await;
        world.running.kill().await;
        let device = loop {
            // Blocking work that was under way may hold the folder for a moment.
            match Device::load(world.folder.path()) {
                Ok(device) => break device,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        world.running = Running::start(device);
        world.running.handle.clock_known().await;
    }
    for event in &sealed {
        world.delivered(*event).await;
    }
    let handle = world.running.handle.clone();
    eventually("an empty queue", || (handle.stats().queue.objects == 0).then_some(())).await;
    assert_eq!(world.server.shared.objects().len(), sealed.len());
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_streamed() {
    let world = World::new().await;
    let queued = world.seal(10 << 20).await.unwrap();
    let event = queued.event;
    assert_eq!(queued.outcome().await, Some(Outcome::Delivered));
    let object = world.server.shared.object(world.camera.id(), event).unwrap();
    assert!(object.len() > 10 << 20);
    assert_eq!(world.camera.open(&object, SectionKind::Clip).unwrap().len(), 10 << 20);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sealed_for_another_home_or_too_large_or_before_the_time_is_known() {
    let world = World::new().await;
    assert!(matches!(world.seal(65 << 20).await, Err(SealError::TooLarge)));
    let mut other = Home::new("Fox's Den");
    let (server, folder) = (TestServer::start(), tempfile::tempdir().unwrap());
    let device = crate::pair(&server, &mut other, folder.path()).await;
    let (handle, _runner) = device.start(crate::support::options()).unwrap();
    let configuration = world.running.handle.configuration().borrow().clone().unwrap();
    let sealer = configuration.sealer(&configuration.cameras[0]);
    let jpeg = bytes::Bytes::from_static(b"x");
    let refused = handle.seal_still(&sealer, handle.now(), jpeg.clone()).await;
    assert!(matches!(refused, Err(SealError::NotMine)));
    let mut own = sealer.scope().to_owned();
    own.installation = handle.scope().installation;
    own.home = handle.scope().home;
    let assigned = &configuration.cameras[0];
    let own = ownsight_seal::CameraSealer::new(
        own,
        handle.scope().device,
        assigned.camera_key.clone(),
        assigned.psk.clone(),
    );
    assert!(matches!(handle.seal_still(&own, handle.now(), jpeg).await, Err(SealError::ClockNotKnown)));
    world.running.stop().await;
}
