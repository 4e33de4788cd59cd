//! What a delivery is answered, and that it is answered the same again.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use ownsight_ingest::{AuthenticateError, Credential, IngestConfig, IngestError};
use ownsight_model::{CameraId, DeviceId, EventId, Timestamp};

use crate::household::Like;
use crate::world::{World, alarms, chunks, deliver, deliver_body, recorder};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_delivery_is_durable_and_its_retry_gets_the_first_result() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    let before = Timestamp::now();
    let first = deliver(&world.ingest, &household, &sealed).await.unwrap();
    assert!(first.fresh && first.received_at >= before);
    assert_eq!((first.event, first.bytes), (sealed.event, sealed.bytes.len() as u64));
    assert_eq!(std::fs::read(world.file(&sealed).unwrap()).unwrap(), sealed.bytes);

    // Not a byte of the retry's body is asked for.
    let unread = stream::poll_fn(|_| panic!("the body was read"));
    let retry = deliver_body(&world.ingest, &household, &sealed, unread).await.unwrap();
    assert!(!retry.fresh);
    assert_eq!((retry.event, retry.received_at, retry.bytes), (first.event, first.received_at, first.bytes));
    assert!(world.check(true).await.is_clean());
    assert_eq!(world.check(false).await.objects_in_registry, 1);
}

#[tokio::test]
async fn chunks_of_any_size_make_the_same_object() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    for size in [1, 231, 232, 233, 1000, usize::MAX] {
        let sealed = camera.seal(Like { bytes: 2_000, ..Like::event(MINUTE) });
        deliver_body(&world.ingest, &household, &sealed, chunks(&sealed.bytes, size)).await.unwrap();
        assert_eq!(std::fs::read(world.file(&sealed).unwrap()).unwrap(), sealed.bytes, "chunks of {size}");
    }
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn another_object_under_an_id_is_refused_and_alarmed_and_changes_nothing() {
    recorder();
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    deliver(&world.ingest, &household, &sealed).await.unwrap();
    let other = camera.seal_as(sealed.event, Like::event(MINUTE));
    let before = alarms("event-digest-differs");
    let refused = deliver(&world.ingest, &household, &other).await;
    assert!(matches!(refused, Err(IngestError::DigestDiffers)), "{refused:?}");
    assert!(alarms("event-digest-differs") > before);
    assert_eq!(std::fs::read(world.file(&sealed).unwrap()).unwrap(), sealed.bytes);
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn two_deliveries_of_one_event_at_once_get_one_answer() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    for _ in 0..10 {
        let sealed = camera.seal(Like { bytes: 20_000, ..Like::event(MINUTE) });
        let slow = || {
            chunks(&sealed.bytes, 3_000).then(|chunk| async {
                tokio::time::sleep(Duration::from_millis(2)).await;
                chunk
            })
        };
        let (one, two, three) = tokio::join!(
            deliver_body(&world.ingest, &household, &sealed, slow()),
            deliver_body(&world.ingest, &household, &sealed, slow()),
            deliver_body(&world.ingest, &household, &sealed, slow()),
        );
        let receipts = [one.unwrap(), two.unwrap(), three.unwrap()];
        assert_eq!(receipts.iter().filter(|receipt| receipt.fresh).count(), 1);
        assert!(receipts.iter().all(|receipt| receipt.received_at == receipts[0].received_at));
    }
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn two_different_objects_of_one_event_at_once_leave_one_whole() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    for _ in 0..10 {
        let one = camera.seal(Like::event(MINUTE));
        let two = camera.seal_as(one.event, Like::event(MINUTE));
        let (first, second) =
            tokio::join!(deliver(&world.ingest, &household, &one), deliver(&world.ingest, &household, &two));
        let (kept, refused) = if first.is_ok() { (&one, second) } else { (&two, first) };
        assert!(matches!(refused, Err(IngestError::DigestDiffers)), "{refused:?}");
        assert_eq!(std::fs::read(world.file(kept).unwrap()).unwrap(), kept.bytes);
    }
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn what_was_erased_is_gone_for_good() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    deliver(&world.ingest, &household, &sealed).await.unwrap();
    world.registry.forget_events(vec![(camera.id, sealed.event)], Timestamp::now()).await.unwrap();
    world.ingest.sweep().await.unwrap();
    let retry = deliver(&world.ingest, &household, &sealed).await;
    assert!(matches!(retry, Err(IngestError::Erased)), "{retry:?}");

    world.registry.erase_camera(&household.authority(), camera.id, Vec::new(), vec![]).await.unwrap();
    let late = deliver(&world.ingest, &household, &camera.seal(Like::event(MINUTE))).await;
    assert!(matches!(late, Err(IngestError::Erased)), "{late:?}");
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn a_camera_that_is_erased_while_its_event_comes_in_keeps_nothing() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    let (half, rest) = sealed.bytes.split_at(1_000);
    let (half, rest) = (Bytes::copy_from_slice(half), Bytes::copy_from_slice(rest));
    let (registry, authority, id) = (world.registry.clone(), household.authority(), camera.id);
    let body = stream::iter([Ok(half)]).chain(stream::once(async move {
        registry.erase_camera(&authority, id, Vec::new(), vec![]).await.unwrap();
        Ok(rest)
    }));
    let result = deliver_body(&world.ingest, &household, &sealed, Box::pin(body)).await;
    assert!(matches!(result, Err(IngestError::Erased)), "{result:?}");
    assert!(world.file(&sealed).is_none());
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_or_all() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    let (half, _) = sealed.bytes.split_at(1_500);
    let never = chunks(half, 500).chain(stream::pending());
    let gone = tokio::time::timeout(
        Duration::from_millis(100),
        deliver_body(&world.ingest, &household, &sealed, never),
    );
    assert!(gone.await.is_err());
    assert!(!world.has(&household, &sealed).await);
    let receipt = deliver(&world.ingest, &household, &sealed).await.unwrap();
    assert!(receipt.fresh, "the claim of the first went with it");

    for micros in (0..3_000).step_by(300) {
        let sealed = camera.seal(Like::event(MINUTE));
        let dropped =
            tokio::time::timeout(Duration::from_micros(micros), deliver(&world.ingest, &household, &sealed));
        let _ = dropped.await;
        deliver(&world.ingest, &household, &sealed).await.unwrap();
        assert!(world.has(&household, &sealed).await);
    }
    world.ingest.sweep().await.unwrap();
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn a_device_has_a_limit_of_events_at_once_and_of_their_rate() {
    let config = IngestConfig {
        device_uploads_max: 2,
        device_events_burst: 5,
        device_events_per_second: 1,
        ..IngestConfig::default()
    };
    let world = World::with(config).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let (ingest, household, sealed) =
                (world.ingest.clone(), household.clone(), camera.seal(Like::event(MINUTE)));
            tokio::spawn(async move {
                deliver_body(&ingest, &household, &sealed, stream::pending()).await.map(|_| ())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let third = deliver(&world.ingest, &household, &camera.seal(Like::event(MINUTE))).await;
    assert!(matches!(third, Err(IngestError::TooMany { .. })), "{third:?}");
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    for task in waiting {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    for _ in 0..2 {
        deliver(&world.ingest, &household, &camera.seal(Like::event(MINUTE))).await.unwrap();
    }
    let sixth = deliver(&world.ingest, &household, &camera.seal(Like::event(MINUTE))).await;
    let Err(IngestError::TooMany { retry_after }) = sixth else { panic!("{sixth:?}") };
    assert!(retry_after >= Duration::from_secs(1));

    // Another device is not held up by it.
    let other = world.household().await;
    let camera = other.camera(&world.registry).await;
    deliver(&world.ingest, &other, &camera.seal(Like::event(MINUTE))).await.unwrap();
}

#[tokio::test]
async fn the_server_has_a_limit_of_events_at_once() {
    let world = World::with(IngestConfig { uploads_max: 1, ..IngestConfig::default() }).await;
    let (one, other) = (world.household().await, world.household().await);
    let sealed = one.camera(&world.registry).await.seal(Like::event(MINUTE));
    let (ingest, held) = (world.ingest.clone(), one.clone());
    let task =
        tokio::spawn(
            async move { deliver_body(&ingest, &held, &sealed, stream::pending()).await.map(|_| ()) },
        );
    tokio::time::sleep(Duration::from_millis(100)).await;
    let sealed = other.camera(&world.registry).await.seal(Like::event(MINUTE));
    let refused = deliver(&world.ingest, &other, &sealed).await;
    assert!(matches!(refused, Err(IngestError::Busy { .. })), "{refused:?}");
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    deliver(&world.ingest, &other, &sealed).await.unwrap();
}

#[tokio::test]
async fn only_a_paired_device_with_its_credential_is_believed() {
    let world = World::new().await;
    let (household, other) = (world.household().await, world.household().await);
    let unknown = |result: Result<_, AuthenticateError>| matches!(result, Err(AuthenticateError::Unknown));
    let wrong = Credential::from_bytes([0; 32]);
    assert!(unknown(world.ingest.authenticate(household.device, &wrong, None).await));
    assert!(unknown(world.ingest.authenticate(household.device, &other.credential(), None).await));
    assert!(unknown(world.ingest.authenticate(DeviceId::generate(), &household.credential(), None).await));
    assert_eq!(household.identity(&world.ingest).await.device(), household.device);
    world
        .registry
        .remove_device(&household.authority(), household.device, ownsight_registry::LeftBehind::default())
        .await
        .unwrap();
    let removed = world.ingest.authenticate(household.device, &household.credential(), None).await;
    assert!(matches!(removed, Err(AuthenticateError::Removed)), "{removed:?}");
}

#[tokio::test]
async fn a_camera_that_nobody_has_is_not_yours() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let mut sealed = camera.seal(Like::event(MINUTE));
    sealed.camera = CameraId::generate();
    let refused = deliver(&world.ingest, &household, &sealed).await;
    assert!(matches!(refused, Err(IngestError::NotYours)), "{refused:?}");
    sealed.camera = camera.id;
    sealed.event = EventId::generate();
    let refused = deliver(&world.ingest, &household, &sealed).await;
    assert!(matches!(refused, Err(IngestError::NotYours)), "{refused:?}");
}
