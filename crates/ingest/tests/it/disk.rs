//! A disk that is slow, or gone and back: devices are told to come back, keep theirs, and nothing needs a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ownsight_disk::{FaultyDisk, ForgettingDisk};
use ownsight_ingest::{IngestConfig, IngestError, Readiness};

use crate::household::Like;
use crate::world::{World, alarms, deliver, deliveries, recorder};

const MINUTE: Duration = Duration::from_mins(1);

async fn world(config: IngestConfig) -> (World, FaultyDisk) {
    let disk = FaultyDisk::new(Arc::new(ForgettingDisk::new()));
    let world = World::on(tempfile::tempdir().unwrap(), Arc::new(disk.clone()), config).await;
    (world, disk)
}

#[tokio::test]
async fn a_slow_disk_makes_devices_wait_and_does_no_work_twice() {
    let config = IngestConfig {
        commit_max: Duration::from_millis(100),
        claim_wait_max: Duration::from_millis(100),
        ..IngestConfig::default()
    };
    let _one = ALARM.lock().await;
    let (world, disk) = world(config).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let event = camera.seal(Like::event(MINUTE));
    disk.set_gone(true);
    world.ingest.look_at_disk().await;
    assert!(!world.ingest.ready().await.vault);
    disk.set_gone(false);
    disk.set_sync_time(Duration::from_millis(300));
    let stored = deliveries("stored");
    let mut told_to_come_back = 0;
    let begun = Instant::now();
    let receipt = loop {
        match deliver(&world.ingest, &household, &event).await {
            Ok(receipt) => break receipt,
            Err(IngestError::Busy { .. }) => told_to_come_back += 1,
            Err(other) => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it never gets through");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(told_to_come_back > 0);
    // Nobody has looked at the disk since: that it took an event is noted by what went on by itself.
    assert!(world.ingest.ready().await.vault);
    assert!(deliveries("stored") > stored);
    assert!(!receipt.fresh, "the first delivery went on by itself, and this one found it durable");
    assert!(world.check(true).await.is_clean());

    // One that waits for as long as it takes is simply slow.
    disk.set_sync_time(Duration::from_millis(5));
    let other = camera.seal(Like::event(MINUTE));
    assert!(deliver(&world.ingest, &household, &other).await.unwrap().fresh);
}

#[tokio::test]
async fn a_disk_that_is_gone_and_back_needs_no_restart() {
    goes_and_comes_back(FaultyDisk::set_gone).await;
}

/// It says how much room it has, as file systems do from memory, and fails in everything else.
#[tokio::test]
async fn a_disk_that_only_fails_is_gone_though_it_says_what_room_it_has() {
    goes_and_comes_back(FaultyDisk::set_failing).await;
}

#[tokio::test]
async fn a_disk_that_is_full_is_not_gone() {
    let _one = ALARM.lock().await;
    let (world, disk) = world(IngestConfig::default()).await;
    disk.set_full(true);
    world.ingest.look_at_disk().await;
    assert_eq!(world.ingest.ready().await, Readiness { registry: true, vault: true });
    // One that fails is, whether or not it is full.
    disk.set_failing(true);
    world.ingest.look_at_disk().await;
    assert_eq!(world.ingest.ready().await, Readiness { registry: true, vault: false });
}

/// The gauge and the alarm are of the process: one test at a time.
static ALARM: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn goes_and_comes_back(set: fn(&FaultyDisk, bool)) {
    let _one = ALARM.lock().await;
    recorder();
    let (world, disk) = world(IngestConfig::default()).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let old = camera.seal(Like::event(MINUTE));
    deliver(&world.ingest, &household, &old).await.unwrap();
    world.ingest.look_at_disk().await;

    let before = alarms("disk-gone");
    set(&disk, true);
    let new = camera.seal(Like::event(MINUTE));
    for _ in 0..3 {
        let refused = deliver(&world.ingest, &household, &new).await;
        assert!(matches!(refused, Err(IngestError::Busy { .. })), "{refused:?}");
        world.ingest.look_at_disk().await;
    }
    assert_eq!(alarms("disk-gone"), before + 1, "once for each time");
    assert_eq!(world.ingest.ready().await, Readiness { registry: true, vault: false });
    assert!(recorder().render().contains("ownsight_disk_answers 0"));
    // What the registry knows is acknowledged all the same: it is durable.
    assert!(!deliver(&world.ingest, &household, &old).await.unwrap().fresh);

    set(&disk, false);
    world.ingest.look_at_disk().await;
    assert_eq!(world.ingest.ready().await, Readiness { registry: true, vault: true });
    assert!(recorder().render().contains("ownsight_disk_answers 1"));
    assert!(deliver(&world.ingest, &household, &new).await.unwrap().fresh);
    assert!(world.has(&household, &old).await && world.has(&household, &new).await);
    assert!(world.check(true).await.is_clean());
}

/// It goes at each moment of a delivery, and comes back.
#[tokio::test]
async fn whenever_it_goes_nothing_half_done_shows() {
    let config = IngestConfig { device_events_burst: 10_000, ..IngestConfig::default() };
    let (world, disk) = world(config).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    disk.set_sync_time(Duration::from_millis(4));
    let mut stored = 0;
    for delay in 0..24 {
        let sealed = camera.seal(Like::event(MINUTE));
        let gone = disk.clone();
        let pulled = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            gone.set_gone(true);
        });
        let first = deliver(&world.ingest, &household, &sealed).await;
        pulled.await.unwrap();
        disk.set_gone(false);
        match first {
            Ok(_) => stored += 1,
            Err(IngestError::Busy { .. }) => {
                deliver(&world.ingest, &household, &sealed).await.unwrap();
            }
            Err(other) => panic!("{delay}: {other:?}"),
        }
        assert!(world.has(&household, &sealed).await, "{delay}");
    }
    assert!(stored < 24, "it went too late each time");
    let report = world.check(true).await;
    assert!(report.is_clean(), "{:?}", report.findings);
}
