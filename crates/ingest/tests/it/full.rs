//! A disk that is full: devices keep theirs, what is there stays, and it recovers by itself.

use std::sync::Arc;
use std::time::Duration;

use ownsight_disk::ForgettingDisk;
use ownsight_ingest::{IngestConfig, IngestError};

use crate::household::Like;
use crate::world::{World, alarms, deliver, recorder};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_full_disk_refuses_new_footage_keeps_the_old_and_recovers() {
    recorder();
    let disk = ForgettingDisk::new();
    let world =
        World::on(tempfile::tempdir().unwrap(), Arc::new(disk.clone()), IngestConfig::default()).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let old = camera.seal(Like::event(MINUTE));
    let first = deliver(&world.ingest, &household, &old).await.unwrap();
    disk.set_capacity(Some(old.bytes.len() as u64 + 1_000));
    let before = alarms("disk-full");
    let new = camera.seal(Like::event(MINUTE));
    for _ in 0..3 {
        let refused = deliver(&world.ingest, &household, &new).await;
        let Err(IngestError::DiskFull { retry_after }) = refused else { panic!("{refused:?}") };
        assert!(retry_after >= Duration::from_secs(30));
    }
    assert_eq!(alarms("disk-full"), before + 1, "once for each time that it fills up");
    assert!(world.has(&household, &old).await && !world.has(&household, &new).await);
    // What is durable is acknowledged again, also now.
    let again = deliver(&world.ingest, &household, &old).await.unwrap();
    assert_eq!((again.fresh, again.received_at), (false, first.received_at));

    disk.set_capacity(None);
    assert!(deliver(&world.ingest, &household, &new).await.unwrap().fresh);
    assert!(world.check(true).await.is_clean());
    assert!(recorder().render().contains("ownsight_footage_refused 0"));
}

/// The disk ends in the middle of an object, at every hundredth byte.
#[tokio::test]
async fn wherever_the_disk_ends_nothing_of_the_object_shows() {
    let config = IngestConfig { device_events_burst: 10_000, ..IngestConfig::default() };
    let disk = ForgettingDisk::new();
    let world = World::on(tempfile::tempdir().unwrap(), Arc::new(disk.clone()), config).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    for capacity in (0..sealed.bytes.len() as u64).step_by(100) {
        disk.set_capacity(Some(capacity));
        let refused = deliver(&world.ingest, &household, &sealed).await;
        assert!(matches!(refused, Err(IngestError::DiskFull { .. })), "{capacity}: {refused:?}");
        let report = world.check(true).await;
        assert!(report.is_clean() && report.objects_in_vault == 0, "{capacity}: {:?}", report.findings);
    }
}
