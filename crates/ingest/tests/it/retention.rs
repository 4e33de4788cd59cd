//! Retention by age and by bytes, oldest first; sweeping at the start.

use std::time::Duration;

use ownsight_ingest::{IngestConfig, Round};
use ownsight_model::Timestamp;
use ownsight_vault::ObjectRef;

use crate::household::{HOUR, Household, Like, Sealed};
use crate::world::{World, deliver, files};

const DAY: Duration = Duration::from_hours(24);

async fn kept(world: &World, household: &Household, events: &[Sealed]) -> Vec<bool> {
    let mut kept = Vec::new();
    for sealed in events {
        kept.push(world.has(household, sealed).await);
    }
    kept
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_rest_stays() {
    let world = World::new().await;
    let (household, neighbour) = (world.household().await, world.household().await);
    household.limit(&world.registry, Some(7), None).await;
    let camera = household.camera(&world.registry).await;
    let theirs = neighbour.camera(&world.registry).await;
    let ages = [DAY * 9, DAY * 7 + HOUR, DAY * 6, HOUR];
    let mut events: Vec<Sealed> = ages.iter().map(|age| camera.seal(Like::event(*age))).collect();
    events.push(camera.seal(Like::still(DAY * 8)));
    for sealed in &events {
        deliver(&world.ingest, &household, sealed).await.unwrap();
    }
    let old_of_theirs = theirs.seal(Like::event(DAY * 9));
    deliver(&world.ingest, &neighbour, &old_of_theirs).await.unwrap();

    let round = world.ingest.keep_limits_once(Timestamp::now()).await.unwrap();
    assert_eq!(round, Round { too_old: 3, ..Round::default() });
    assert_eq!(kept(&world, &household, &events).await, [false, false, true, true, false]);
    assert!(world.has(&neighbour, &old_of_theirs).await, "another home's limit is its own");
    let round = world.ingest.keep_limits_once(Timestamp::now()).await.unwrap();
    assert_eq!(round, Round::default(), "there is nothing more to do");
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn over_its_bytes_a_home_loses_its_oldest_events_and_no_more() {
    let config = IngestConfig { erase_batch: 2, ..IngestConfig::default() };
    let world = World::with(config).await;
    let (household, neighbour) = (world.household().await, world.household().await);
    let camera = household.camera(&world.registry).await;
    // Delivered newest first, as devices do.
    let mut events: Vec<Sealed> =
        (1..=9).map(|hours| camera.seal(Like { bytes: 10_000, ..Like::event(HOUR * hours) })).collect();
    let theirs = neighbour.camera(&world.registry).await.seal(Like::event(HOUR * 20));
    deliver(&world.ingest, &neighbour, &theirs).await.unwrap();
    let mut bytes = 0;
    for sealed in &events {
        deliver(&world.ingest, &household, sealed).await.unwrap();
        bytes += sealed.bytes.len() as u64;
    }
    events.reverse();
    household.limit(&world.registry, None, Some(bytes)).await;
    assert_eq!(world.ingest.keep_limits_once(Timestamp::now()).await.unwrap(), Round::default());

    // A byte too many costs one event; four events less need five.
    household.limit(&world.registry, None, Some(bytes - 1)).await;
    let round = world.ingest.keep_limits_once(Timestamp::now()).await.unwrap();
    assert_eq!(round, Round { over_quota: 1, ..Round::default() });
    let one = events[0].bytes.len() as u64;
    household.limit(&world.registry, None, Some(bytes - 5 * one)).await;
    let round = world.ingest.keep_limits_once(Timestamp::now()).await.unwrap();
    assert_eq!(round, Round { over_quota: 4, ..Round::default() });
    let expected: Vec<bool> = (0..9).map(|index| index >= 5).collect();
    assert_eq!(kept(&world, &household, &events).await, expected, "the oldest went first");
    assert!(world.has(&neighbour, &theirs).await);
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn tombstones_and_ended_sessions_go_in_time() {
    let world = World::new().await;
    let household = world.household().await;
    household.limit(&world.registry, Some(1), None).await;
    let sealed = household.camera(&world.registry).await.seal(Like::event(DAY * 2));
    deliver(&world.ingest, &household, &sealed).await.unwrap();
    let now = Timestamp::now();
    assert_eq!(world.ingest.keep_limits_once(now).await.unwrap().too_old, 1);
    let tombstones = async |after| world.ingest.keep_limits_once(now.plus(after)).await.unwrap().tombstones;
    assert_eq!(tombstones(DAY * 31).await, 0);
    assert_eq!(tombstones(DAY * 33).await, 1);
    assert_eq!(world.ingest.keep_limits_once(now.plus(DAY * 400)).await.unwrap().sessions, 1);
}

#[tokio::test]
async fn the_task_keeps_the_limits_until_it_is_stopped() {
    let config = IngestConfig { retention_interval: Duration::from_millis(20), ..IngestConfig::default() };
    let world = World::with(config).await;
    let household = world.household().await;
    household.limit(&world.registry, Some(1), None).await;
    let sealed = household.camera(&world.registry).await.seal(Like::event(DAY * 2));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ingest = world.ingest.clone();
    let task = tokio::spawn(async move {
        ingest
            .keep_limits(async {
                let _ = stopped.await;
            })
            .await;
    });
    deliver(&world.ingest, &household, &sealed).await.unwrap();
    for _ in 0..500 {
        if world.file(&sealed).is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!world.has(&household, &sealed).await);
    stop.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn the_sweep_takes_what_nobody_knows_and_nothing_else() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let known = camera.seal(Like::event(HOUR));
    deliver(&world.ingest, &household, &known).await.unwrap();
    let forgotten = camera.seal(Like::event(HOUR));
    deliver(&world.ingest, &household, &forgotten).await.unwrap();
    world.registry.forget_events(vec![(camera.id, forgotten.event)], Timestamp::now()).await.unwrap();
    let orphan = camera.seal(Like::event(HOUR));
    let object = ObjectRef { home: household.home, camera: camera.id, event: orphan.event };
    let mut writer = world.vault.begin(object).await.unwrap();
    writer.write(&orphan.bytes).await.unwrap();
    drop(writer.commit().await.unwrap());
    let report = world.ingest.sweep().await.unwrap();
    assert_eq!((report.orphans, report.erased, report.failed), (2, 2, 0));
    assert!(world.has(&household, &known).await);
    assert_eq!(files(&world.events_folder()).len(), 1);
    assert!(world.check(true).await.is_clean());
}
