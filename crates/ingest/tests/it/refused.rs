//! What is not taken: not the device's own, not whole, not what was declared, not of this time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use ownsight_ingest::{Declared, IngestConfig, IngestError};
use ownsight_model::{CameraEpoch, HomeEpoch, InstallationId, Label, SectionKind, TenureId, Timestamp};

use crate::household::{Camera, HOUR, Household, Like, Sealed, declared, seal_with};
use crate::world::{World, alarms, chunks, deliver, deliver_body, files, recorder};

const MINUTE: Duration = Duration::from_mins(1);

async fn scene() -> (World, Household, Camera) {
    recorder();
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    (world, household, camera)
}

/// Nothing of what was refused is left, neither in registry nor vault nor between them.
async fn nothing_is_left(world: &World) {
    let report = world.check(true).await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.objects_in_registry, report.objects_in_vault), (0, 0));
    // A writer's file goes in a thread of its own.
    for _ in 0..100 {
        if files(&world.events_folder()).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("left: {:?}", files(&world.events_folder()));
}

async fn why(world: &World, household: &Household, sealed: &Sealed) -> String {
    match deliver(&world.ingest, household, sealed).await {
        Err(IngestError::Malformed { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_header_that_names_anything_else_is_refused_before_more_is_read() {
    let (world, household, camera) = scene().await;
    let neighbour = world.household().await;
    let second = household.camera(&world.registry).await;
    let (other_device, _) = household.pair(&world.registry).await;
    let right = camera.scope;
    let scopes = [
        ("installation", ownsight_seal::CameraScope { installation: InstallationId::generate(), ..right }),
        ("home", ownsight_seal::CameraScope { home: neighbour.home, ..right }),
        ("camera", ownsight_seal::CameraScope { camera: second.id, ..right }),
        ("tenure", ownsight_seal::CameraScope { tenure: TenureId::generate(), ..right }),
        ("another camera's tenure", ownsight_seal::CameraScope { tenure: second.scope.tenure, ..right }),
        ("home epoch", ownsight_seal::CameraScope { home_epoch: HomeEpoch::new(2).unwrap(), ..right }),
        ("camera epoch", ownsight_seal::CameraScope { camera_epoch: CameraEpoch::new(2).unwrap(), ..right }),
    ];
    let mut sealers: Vec<_> =
        scopes.map(|(what, scope)| (what, household.sealer_for(&camera, scope, household.device))).into();
    sealers.push(("device", household.sealer_for(&camera, right, other_device)));
    for (what, sealer) in sealers {
        let event = ownsight_model::EventId::generate();
        let sealed = seal_with(&sealer, camera.id, event, Like { bytes: 100_000, ..Like::event(MINUTE) });
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let body = chunks(&sealed.bytes, 1_000).inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let before = alarms("event-not-yours");
        let refused = deliver_body(&world.ingest, &household, &sealed, body).await;
        assert!(matches!(refused, Err(IngestError::NotYours)), "another {what}: {refused:?}");
        assert_eq!(read.load(Ordering::Relaxed), 1, "another {what}: more than the header was read");
        assert!(alarms("event-not-yours") > before, "another {what}");
    }
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn another_homes_camera_is_refused_and_alarmed() {
    let (world, household, _) = scene().await;
    let neighbour = world.household().await;
    let theirs = neighbour.camera(&world.registry).await;
    let before = alarms("event-not-yours");
    // A device of this home that sends the neighbour's own, rightly sealed object.
    let refused = deliver(&world.ingest, &household, &theirs.seal(Like::event(MINUTE))).await;
    assert!(matches!(refused, Err(IngestError::NotYours)), "{refused:?}");
    assert!(alarms("event-not-yours") > before);
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn what_does_not_arrive_whole_is_not_stored() {
    let (world, household, camera) = scene().await;
    let sealed = camera.seal(Like::event(MINUTE));
    for kept in [0, 1, 231, 232, 300, sealed.bytes.len() - 1] {
        let result =
            deliver_body(&world.ingest, &household, &sealed, chunks(&sealed.bytes[..kept], 100)).await;
        assert!(matches!(result, Err(IngestError::Interrupted { .. })), "{kept}: {result:?}");
    }
    let broken = chunks(&sealed.bytes[..1_000], 100)
        .chain(stream::once(async { Err(std::io::ErrorKind::ConnectionReset.into()) }));
    let result = deliver_body(&world.ingest, &household, &sealed, Box::pin(broken)).await;
    assert!(matches!(result, Err(IngestError::Interrupted { .. })), "{result:?}");
    let mut longer = sealed.bytes.clone();
    longer.push(0);
    let result = deliver_body(&world.ingest, &household, &sealed, chunks(&longer, 100)).await;
    assert!(matches!(result, Err(IngestError::Malformed { .. })), "{result:?}");
    nothing_is_left(&world).await;
    deliver(&world.ingest, &household, &sealed).await.unwrap();
}

#[tokio::test]
async fn damage_on_the_way_is_not_acknowledged() {
    let (world, household, camera) = scene().await;
    let sealed = camera.seal(Like::event(MINUTE));
    // Behind what the header's form shows.
    for at in [130, 232, 1_000, sealed.bytes.len() - 40] {
        let mut damaged = sealed.bytes.clone();
        damaged[at] ^= 1;
        let result = deliver_body(&world.ingest, &household, &sealed, chunks(&damaged, 500)).await;
        assert!(matches!(result, Err(IngestError::DigestMismatch)), "byte {at}: {result:?}");
    }
    nothing_is_left(&world).await;
    deliver(&world.ingest, &household, &sealed).await.unwrap();
}

#[tokio::test]
async fn what_has_not_the_form_of_an_object_is_malformed() {
    let (world, household, camera) = scene().await;
    let good = camera.seal(Like::event(MINUTE));
    let with = |bytes: Vec<u8>| Sealed { bytes, ..good.clone() };
    let mut magic = good.bytes.clone();
    magic[0] = b'X';
    let mut gap = good.bytes.clone();
    gap.insert(1_000, 0);
    let mut cut = good.bytes.clone();
    cut.truncate(2_000);
    let mut trailer_length = good.bytes.clone();
    *trailer_length.last_mut().unwrap() ^= 0x40;
    for (what, sealed) in [
        ("another magic", with(magic)),
        ("a section that is longer than the trailer says", with(gap)),
        ("no trailer", with(cut)),
        ("a trailer of another length", with(trailer_length)),
        ("nothing", with(vec![])),
        ("a header only", with(good.bytes[..232].to_vec())),
        ("noise", with((0..5_000).map(|_| fastrand::u8(..)).collect())),
    ] {
        let result = deliver(&world.ingest, &household, &sealed).await;
        assert!(matches!(result, Err(IngestError::Malformed { .. })), "{what}: {result:?}");
    }
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn an_object_under_another_objects_header_is_refused() {
    let (world, household, camera) = scene().await;
    let neighbour = world.household().await;
    let theirs = neighbour.camera(&world.registry).await.seal(Like::event(MINUTE));
    let mut swapped = camera.seal(Like::event(MINUTE));
    swapped.bytes[..232].copy_from_slice(&theirs.bytes[..232]);
    let result = deliver(&world.ingest, &household, &swapped).await;
    assert!(matches!(result, Err(IngestError::NotYours)), "{result:?}");
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn times_must_be_possible() {
    let (world, household, camera) = scene().await;
    let now = Timestamp::now();
    let like = Like::event(MINUTE);
    let cases = [
        (Like { started_at: now.plus(HOUR * 2), ..like }, "an hour from now"),
        (Like { lasts: 2 * 3_600_000_000, ..like }, "an hour from now"),
        (Like { lasts: -1, ..like }, "ended before it began"),
        (Like { started_at: now.minus(HOUR * 24 * 32), ..like }, "31 days ago"),
        (Like { started_at: Timestamp::from_micros(i64::MIN), ..like }, "31 days ago"),
        (Like { started_at: Timestamp::from_micros(i64::MAX), lasts: 0, ..like }, "an hour from now"),
    ];
    for (like, expected) in cases {
        let why = why(&world, &household, &camera.seal(like)).await;
        assert!(why.contains(expected), "{why}");
    }
    nothing_is_left(&world).await;
    for ago in [HOUR * 24 * 30, Duration::ZERO] {
        deliver(&world.ingest, &household, &camera.seal(Like::event(ago))).await.unwrap();
    }
    let ahead = Like { started_at: now.plus(MINUTE * 50), lasts: 0, ..like };
    deliver(&world.ingest, &household, &camera.seal(ahead)).await.unwrap();
}

#[tokio::test]
async fn sections_must_fit_the_label() {
    let (world, household, camera) = scene().await;
    let event = Like::event(MINUTE);
    for like in [
        Like { label: Label::Still, ..event },
        Like { section: SectionKind::Still, ..event },
        Like { label: Label::Person, section: SectionKind::Still, ..event },
    ] {
        assert!(why(&world, &household, &camera.seal(like)).await.contains("still"));
    }
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn what_is_too_large_is_not_begun() {
    let (world, household, camera) = scene().await;
    let sealed = camera.seal(Like::event(MINUTE));
    let identity = household.identity(&world.ingest).await;
    let body =
        || stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> { panic!("read") });
    for (length, large) in [((64 << 20) + 1, true), (u64::MAX, true), (0, false), (232, false)] {
        let declared = Declared { length, digest: [0; 32] };
        let result = world.ingest.store_event(&identity, sealed.camera, sealed.event, declared, body()).await;
        match result {
            Err(IngestError::TooLarge { bytes_max, .. }) if large => assert_eq!(bytes_max, 64 << 20),
            Err(IngestError::Malformed { .. }) if !large => {}
            other => panic!("{length}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_that_stops_or_drips_is_given_up() {
    let config = IngestConfig {
        idle_max: Duration::from_millis(100),
        upload_grace: Duration::from_millis(400),
        bytes_per_second_min: 1 << 30,
        ..IngestConfig::default()
    };
    let world = World::with(config).await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let sealed = camera.seal(Like::event(MINUTE));
    let stops = chunks(&sealed.bytes[..500], 100).chain(stream::pending());
    let result = deliver_body(&world.ingest, &household, &sealed, stops).await;
    assert!(
        matches!(result, Err(IngestError::Interrupted { why: "nothing came for too long" })),
        "{result:?}"
    );
    let drips = chunks(&sealed.bytes, 10).then(|chunk| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        chunk
    });
    let result = deliver_body(&world.ingest, &household, &sealed, Box::pin(drips)).await;
    assert!(matches!(result, Err(IngestError::Interrupted { why: "it took too long" })), "{result:?}");
    nothing_is_left(&world).await;
    deliver(&world.ingest, &household, &sealed).await.unwrap();
}

#[tokio::test]
async fn a_digest_of_something_else_is_no_way_around() {
    let (world, household, camera) = scene().await;
    let (one, two) = (camera.seal(Like::event(MINUTE)), camera.seal(Like::event(MINUTE)));
    let identity = household.identity(&world.ingest).await;
    let lie = Declared { digest: declared(&two.bytes).digest, length: one.bytes.len() as u64 };
    let result =
        world.ingest.store_event(&identity, one.camera, one.event, lie, chunks(&one.bytes, 700)).await;
    assert!(matches!(result, Err(IngestError::DigestMismatch)), "{result:?}");
    nothing_is_left(&world).await;
}
