//! Stills: the last one of a camera, and those of camera tests.

use std::time::Duration;

use ownsight_ingest::IngestError;
use ownsight_model::{EventId, Timestamp};

use crate::household::Like;
use crate::world::{World, deliver};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_later_still_takes_the_place_of_the_one_before() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let (one, two) = (camera.seal(Like::still(MINUTE * 2)), camera.seal(Like::still(MINUTE)));
    deliver(&world.ingest, &household, &one).await.unwrap();
    let event = camera.seal(Like::event(MINUTE * 3));
    deliver(&world.ingest, &household, &event).await.unwrap();
    deliver(&world.ingest, &household, &two).await.unwrap();
    assert!(!world.has(&household, &one).await);
    assert!(world.has(&household, &two).await && world.has(&household, &event).await);
    // The older one comes again, because its answer was lost: acknowledged, and not kept.
    deliver(&world.ingest, &household, &one).await.unwrap();
    assert!(!world.has(&household, &one).await && world.has(&household, &two).await);
    let report = world.check(true).await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.objects_in_vault, 2);
}

#[tokio::test]
async fn a_camera_test_sends_one_still_under_its_own_id() {
    let world = World::new().await;
    let household = world.household().await;
    let (test, draft) = household.test(&world.registry, MINUTE).await;
    let under_the_test = EventId::from_bytes(*test.as_bytes());
    let other_id = deliver(&world.ingest, &household, &draft.seal(Like::still(MINUTE))).await;
    assert!(matches!(other_id, Err(IngestError::NotYours)), "{other_id:?}");
    let no_still = draft.seal_as(under_the_test, Like::event(MINUTE));
    let refused = deliver(&world.ingest, &household, &no_still).await;
    assert!(matches!(refused, Err(IngestError::Malformed { .. })), "{refused:?}");
    let still = draft.seal_as(under_the_test, Like::still(MINUTE));
    deliver(&world.ingest, &household, &still).await.unwrap();
    assert!(world.has(&household, &still).await);

    // It expires, and takes its draft and the still along.
    let round = world.ingest.keep_limits_once(Timestamp::now().plus(MINUTE * 2)).await.unwrap();
    assert_eq!(round.tests, 1);
    assert!(world.file(&still).is_none());
    let late = deliver(&world.ingest, &household, &still).await;
    assert!(matches!(late, Err(IngestError::Erased)), "{late:?}");
    assert!(world.check(true).await.is_clean());
}

#[tokio::test]
async fn only_the_device_that_tests_may_send_a_tests_still() {
    let world = World::new().await;
    let household = world.household().await;
    let (test, draft) = household.test(&world.registry, MINUTE).await;
    let (other, credential) = household.pair(&world.registry).await;
    let still = draft.seal_as(EventId::from_bytes(*test.as_bytes()), Like::still(MINUTE));
    let credential = ownsight_ingest::Credential::from_bytes(credential);
    let identity = world.ingest.authenticate(other, &credential, None).await.unwrap();
    let body = crate::world::chunks(&still.bytes, 100);
    let refused =
        world.ingest.store_event(&identity, still.camera, still.event, still.declared(), body).await;
    assert!(matches!(refused, Err(IngestError::NotYours)), "{refused:?}");
}
