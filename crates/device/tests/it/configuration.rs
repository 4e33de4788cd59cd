//! Which configurations a device believes.

use std::time::Duration;

use ownsight_device::{Device, DeviceHandle, ServerState};
use ownsight_model::Timestamp;

use crate::World;
use crate::support::{Running, eventually};

fn serial(handle: &DeviceHandle) -> u64 {
    handle.stats().configuration
}

#[tokio::test(flavor = "multi_thread")]
async fn they_come_in_order_and_outlive_kill() {
    let mut world = World::new().await;
    let key = world.server.shared.public_key().unwrap();
    let second = world.home.camera();
    for serial in 2..=5 {
        let sealed = world.home.configure(&key, &[&world.camera, &second], &[]);
        world.server.shared.publish(serial, sealed);
    }
    world.running.configured(5).await;
    let shared = world.server.shared.clone();
    eventually("the poll that says it", || shared.polls().iter().any(|(after, _)| *after == 5).then_some(()))
        .await;
    let asked: Vec<_> = world.server.shared.polls().iter().map(|(after, _)| *after).collect();
    assert!(asked.is_sorted(), "{asked:?}");
    assert!((0..=5).all(|serial| asked.contains(&serial)), "each was asked for: {asked:?}");
    world.running.kill().await;

    let running = Running::start(Device::load(world.folder.path()).unwrap());
    assert_eq!(serial(&running.handle), 5, "at once, without the server");
    let sealed = world.home.configure(&key, &[&world.camera], &[]);
    world.server.shared.publish(6, sealed);
    running.configured(6).await;
    let configuration = running.handle.configuration().borrow().clone().unwrap();
    assert_eq!(configuration.cameras.len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_homes_is_refused_and_alarmed_and_the_old_one_stays() {
    let mut world = World::new().await;
    let key = world.server.shared.public_key().unwrap();
    // The worst case: sealed to this device's key, with its id and its device key, by another home.
    let mut other = world.home.swapped("Fox's Den");
    let others_camera = other.camera();
    world.server.shared.publish(2, other.configure(&key, &[&others_camera], &[]));
    let shared = world.server.shared.clone();
    eventually("the alarm", || (shared.alarms("configuration-not-mine") >= 1).then_some(())).await;
    let configuration = world.running.handle.configuration().borrow().clone().unwrap();
    assert_eq!(configuration.serial, 1);
    assert_eq!(configuration.home, world.home.scope().home);
    let cameras: Vec<_> = configuration.cameras.iter().map(|camera| camera.camera).collect();
    assert_eq!(cameras, [world.camera.id()]);
    // And it goes on with its own.
    let own = world.home.configure(&key, &[], &[]);
    world.server.shared.publish(2, own);
    world.running.configured(2).await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_one_is_not_taken_for_the_next() {
    let mut world = World::new().await;
    let key = world.server.shared.public_key().unwrap();
    let second = world.home.configure(&key, &[], &[]);
    world.server.shared.publish(2, second.clone());
    world.running.configured(2).await;
    world.server.shared.publish(3, second);
    let shared = world.server.shared.clone();
    eventually("the alarm", || (shared.alarms("configuration-not-mine") >= 1).then_some(())).await;
    assert_eq!(serial(&world.running.handle), 2);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_new_is_waited_for() {
    let world = World::new().await;
    world.server.shared.refuse_all(Some((426, "protocol-too-old")));
    let state = world.running.handle.server();
    eventually("the state", || (*state.borrow() == ServerState::OtherProtocol).then_some(())).await;
    let queued = world.seal(1000).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.running.handle.stats().queue.objects, 1, "kept");
    world.running.stop().await;
    world.server.shared.refuse_all(None);
    let running = Running::start(Device::load(world.folder.path()).unwrap());
    let (shared, camera) = (world.server.shared.clone(), world.camera.id());
    eventually("the delivery by a newer program", || shared.object(camera, queued.event)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_clock_is_followed() {
    let world = World::new().await;
    let hour = 3_600_000_000;
    world.server.shared.set_clock(hour);
    let handle = world.running.handle.clone();
    // The next quick call tells: a report is one.
    let queued = world.seal(10).await.unwrap();
    world.delivered(queued.event).await;
    eventually("the clock", || ((handle.stats().clock_offset_ms + 3_600_000).abs() < 500).then_some(()))
        .await;
    let queued = world.seal(10).await.unwrap();
    let object = world.delivered(queued.event).await;
    let started = world.camera.verify(&object).ids().started_at;
    let expected = Timestamp::now().shifted(hour);
    assert!((started.as_micros() - expected.as_micros()).abs() < 20_000_000, "sealed with the server's time");
    world.running.stop().await;
    drop(handle);
    // The offset outlives a restart.
    let running = Device::load(world.folder.path()).unwrap().start(crate::support::options()).unwrap();
    assert!((running.0.stats().clock_offset_ms + 3_600_000).abs() < 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_whose_identity_is_contested_keeps_what_it_has_and_comes_back() {
    let world = World::new().await;
    world.server.shared.refuse_all(Some((403, "device-contested")));
    let state = world.running.handle.server();
    eventually("the state", || (*state.borrow() == ServerState::Contested).then_some(())).await;
    let queued = world.seal(1000).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.running.handle.stats().queue.objects, 1, "kept");
    world.server.shared.refuse_all(None);
    // A start is the quickest way to be there again.
    world.running.stop().await;
    let running = Running::start(Device::load(world.folder.path()).unwrap());
    let (shared, camera) = (world.server.shared.clone(), world.camera.id());
    eventually("the delivery", || shared.object(camera, queued.event)).await;
    running.stop().await;
}
