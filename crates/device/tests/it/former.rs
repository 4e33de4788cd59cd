//! A device that is paired anew: what it recorded for one home goes there, and what it records then to the other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ownsight_device::{Device, PairError, StopReason};
use ownsight_disk::{ForgettingDisk, durable};
use ownsight_model::{EventId, SectionKind, Timestamp};

use crate::World;
use crate::support::{Home, Reply, Running, TestServer, eventually, request};

/// Seals events that its server does not take now.
async fn with_events_kept(world: &World, count: usize) -> Vec<EventId> {
    world.server.shared.answer_with(vec![Reply::Status(503, "busy", Some(3600)); 8]);
    let mut kept = Vec::new();
    for _ in 0..count {
        kept.push(world.seal(10_000).await.unwrap().event);
    }
    eventually("a refused delivery", || world.server.shared.puts().first().map(|_| ())).await;
    kept
}

/// Pairs the device of a folder with another home, and runs it there.
async fn moved(world: World) -> (World, TestServer, Home) {
    moved_and(world, |_| ()).await
}

/// As [`moved`]; something happens at its former server while it does not run.
async fn moved_and(world: World, happens: impl FnOnce(&TestServer)) -> (World, TestServer, Home) {
    let World { server: former, home: former_home, camera: former_camera, folder, running } = world;
    running.stop().await;
    former.shared.answer_as_ever();
    happens(&former);
    let server = TestServer::start();
    let mut home = Home::new("Fox's Den");
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    let leaves = |invitation: &ownsight_device::Invitation| invitation.leaves;
    let device = Device::pair(folder.path(), request(&server.url(), code), leaves).await.unwrap();
    assert_eq!(device.scope(), home.scope());
    let camera = home.camera();
    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[&camera], &[]));
    let running = Running::start(device);
    running.configured(1).await;
    let _ = former_camera;
    (World { server, home, camera, folder, running }, former, former_home)
}

fn no_former(world: &World) -> Option<()> {
    let file = std::fs::read_to_string(world.folder.path().join("former.json")).unwrap();
    (file.trim() == "[]").then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_goes_to_the_home_that_it_was_recorded_for() {
    let world = World::new().await;
    let (kept, camera) = (with_events_kept(&world, 3).await, world.camera.clone());
    let polls = world.server.shared.polls().len();
    let before = Timestamp::now();
    let (world, former, _) = moved(world).await;

    let new = world.seal(10_000).await.unwrap().event;
    let object = world.delivered(new).await;
    assert_eq!(world.camera.open(&object, SectionKind::Clip).unwrap(), vec![7; 10_000]);
    eventually("nothing former is left", || no_former(&world)).await;
    let mut delivered: Vec<_> = former.shared.objects().into_iter().map(|(_, event, _)| event).collect();
    delivered.sort_unstable();
    let mut expected = kept.clone();
    expected.sort_unstable();
    assert_eq!(delivered, expected);
    for event in kept {
        let object = former.shared.object(camera.id(), event).unwrap();
        assert_eq!(camera.open(&object, SectionKind::Clip).unwrap(), vec![7; 10_000]);
        assert_eq!(world.server.shared.object(camera.id(), event), None);
    }
    assert_eq!(world.server.shared.objects().len(), 1);

    let leaves = former.shared.leaves();
    let now = Timestamp::now().as_micros();
    assert!(matches!(leaves[..], [at] if before.as_micros() <= at && at <= now), "{leaves:?}");
    assert_eq!(former.shared.polls().len(), polls, "nothing else is asked of a former home");
    assert_eq!(former.shared.reports_of("camera"), []);

    // And it stays so over a restart.
    world.running.stop().await;
    let running = Running::start(Device::load(world.folder.path()).unwrap());
    let world = World { running, ..world };
    world.running.configured(1).await;
    let newer = world.seal(10_000).await.unwrap().event;
    world.delivered(newer).await;
    assert_eq!(former.shared.objects().len(), 3);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_home_that_is_away_costs_nothing_and_gets_its_own_after_a_restart() {
    let world = World::new().await;
    let kept = with_events_kept(&world, 2).await;
    let World { server, home, camera, folder, running } = world;
    let (address, shared) = server.go_away();
    shared.answer_as_ever();
    let gone = TestServer::start();
    let (world, _, _) = moved(World { server: gone, home, camera, folder, running }).await;
    let new = world.seal(1000).await.unwrap().event;
    world.delivered(new).await;
    assert_eq!(no_former(&world), None);

    world.running.stop().await;
    let former = TestServer::start_at(address, shared);
    let running = Running::start(Device::load(world.folder.path()).unwrap());
    let world = World { running, ..world };
    eventually("nothing former is left", || no_former(&world)).await;
    assert_eq!(former.shared.objects().len(), kept.len());
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_home_may_take_nothing_more_and_that_stops_nothing() {
    for (status, code, kept) in [(403, "device-removed", false), (401, "device-unknown", true)] {
        let world = World::new().await;
        with_events_kept(&world, 2).await;
        let (world, former, _) =
            moved_and(world, |former| former.shared.refuse_all(Some((status, code)))).await;
        // Whoever answers for an address need not be who answered before: only who knows the device can dismiss it.
        if kept {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(no_former(&world), None);
            let queue = world.folder.path().join("queue");
            assert_eq!(std::fs::read_dir(queue).unwrap().count(), 2);
        } else {
            eventually("nothing former is left", || no_former(&world)).await;
        }
        assert_eq!(former.shared.objects(), []);
        let new = world.seal(1000).await.unwrap().event;
        world.delivered(new).await;
        world.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_turns_out_to_be_used_changes_nothing() {
    let world = World::new().await;
    let (other, used) = crate::used_code().await;

    let World { server, home, camera, folder, running } = world;
    running.stop().await;
    let error = Device::pair(folder.path(), request(&other.url(), used), |_| true).await.unwrap_err();
    assert!(matches!(error, PairError::CodeTaken), "{error}");
    let running = Running::start(Device::load(folder.path()).unwrap());
    let world = World { server, home, camera, folder, running };
    let event = world.seal(1000).await.unwrap().event;
    world.delivered(event).await;
    assert!(world.server.shared.leaves().is_empty(), "it is no former home");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_delivers_what_it_has_and_stops() {
    let world = World::new().await;
    world.server.shared.answer_with([Reply::Status(503, "busy", Some(1))]);
    let kept = world.seal(10_000).await.unwrap();
    eventually("a refused delivery", || world.server.shared.puts().first().map(|_| ())).await;
    let event = kept.event;
    world.server.shared.remove_but_take();
    let configuration = world.running.handle.configuration();
    assert_eq!(world.running.stopped().await, StopReason::DeviceLeft);
    assert!(world.server.shared.object(world.camera.id(), event).is_some());
    assert_eq!(configuration.borrow().as_ref().unwrap().cameras.len(), 0, "it records no more");
    assert_eq!(world.server.shared.reports_of("gap"), []);
}

/// The devices of former pairings, as the disk has them.
fn former_on(disk: &ForgettingDisk) -> Vec<String> {
    let Ok(bytes) = durable::read_file(disk, Path::new("former.json"), 1 << 20) else { return Vec::new() };
    let pairings: serde_json::Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
    let devices = pairings.as_array().unwrap().iter();
    devices.map(|pairing| pairing["device"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_it_is_paired_anew_loses_neither_pairing() {
    let disk = ForgettingDisk::new();
    let pair = async |server: &TestServer, home: &mut Home| {
        let (code, blob) = home.invite(None);
        server.shared.expect(code.find(), blob, home.scope(), home.first_key());
        Device::pair_on(Arc::new(disk.clone()), request(&server.url(), code), |_| true).await.unwrap()
    };
    let (server, mut home) = (TestServer::start(), Home::new("Wren's Nest"));
    let device = pair(&server, &mut home).await;
    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[], &[]));
    let running = Running::start(device);
    running.configured(1).await;
    running.stop().await;

    let begun = disk.position();
    let (other, mut den) = (TestServer::start(), Home::new("Fox's Den"));
    drop(pair(&other, &mut den).await);
    let mut moved = 0;
    for position in begun..=disk.position() {
        for seed in 0..20 {
            let crashed = disk.crash_at(position, seed);
            let scope = Device::load_on(Arc::new(crashed.clone())).unwrap().scope();
            if scope != home.scope() {
                assert_eq!(scope, den.scope(), "position {position}, seed {seed}");
                assert_eq!(former_on(&crashed), [home.scope().device.to_string()]);
                moved += 1;
            }
        }
    }
    assert!(moved > 0);
}
