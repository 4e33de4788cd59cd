//! Pairing, configurations by long poll, reports and alarms.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ownsight_ingest::{
    AlarmReport, Answer, AuthenticateError, Credential, DeviceCallError, IngestConfig, PairingError, Report,
    ReportKind,
};
use ownsight_model::{
    CameraFault, CameraId, CameraReport, CameraState, DeviceId, DeviceReport, GapReason, GapReport, Timestamp,
};
use ownsight_registry::PairingAnswerRow;
use ownsight_seal::{KeyPair, PairingCode};

use crate::household::{Household, configuration, sha256};
use crate::world::{World, alarms, recorder};

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn answer(device: DeviceId, credential: &[u8; 32]) -> Answer {
    Answer {
        device,
        public_key: KeyPair::generate().public().to_bytes(),
        credential_hash: sha256(credential),
        mac: [3; 32],
        agent: true,
        version: "ownsight agent 0.1.0".into(),
    }
}

#[tokio::test]
async fn a_device_pairs_waits_and_is_served_once_its_answer_was_checked() {
    let world = World::new().await;
    let household = world.household().await;
    let (device, code) = household.begin_pairing(&world.registry).await;
    let credential = [7; 32];
    let shown = Credential::from_bytes(credential);
    assert_eq!(world.ingest.find_pairing(&code.find(), PEER).await.unwrap(), b"sealed blob");
    assert!(matches!(world.ingest.authenticate(device, &shown, None).await, Err(AuthenticateError::Unknown)));

    let answered = answer(device, &credential);
    world.ingest.answer_pairing(&code.find(), answered.clone(), PEER).await.unwrap();
    world.ingest.answer_pairing(&code.find(), answered.clone(), PEER).await.unwrap();
    let other = world.ingest.answer_pairing(&code.find(), answer(device, &[8; 32]), PEER).await;
    assert!(matches!(other, Err(PairingError::Conflict)), "{other:?}");
    assert!(matches!(world.ingest.authenticate(device, &shown, None).await, Err(AuthenticateError::Waiting)));

    let Answer { public_key, credential_hash, mac, agent, version, .. } = answered.clone();
    let row = PairingAnswerRow { public_key, credential_hash, mac, agent, version };
    household.accept(&world.registry, device, row).await;
    let identity = world.ingest.authenticate(device, &shown, None).await.unwrap();
    let first = world.ingest.configuration(&identity, 0, Duration::ZERO).await.unwrap().unwrap();
    assert_eq!((first.serial, first.latest, first.sealed.as_slice()), (1, 1, b"configuration 1".as_slice()));
    // Its first configuration ended the code.
    let again = world.ingest.find_pairing(&code.find(), PEER).await;
    assert!(matches!(again, Err(PairingError::Unknown)), "{again:?}");
    let again = world.ingest.answer_pairing(&code.find(), answered, PEER).await;
    assert!(matches!(again, Err(PairingError::Unknown)), "{again:?}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_right_is_refused() {
    let world = World::new().await;
    let household = world.household().await;
    let (device, code) = household.begin_pairing(&world.registry).await;
    let good = answer(device, &[7; 32]);
    for (what, answer) in [
        ("a key that is none", Answer { public_key: [0; 32], ..good.clone() }),
        ("another device", Answer { device: DeviceId::generate(), ..good.clone() }),
        ("a long version", Answer { version: "x".repeat(101), ..good.clone() }),
        ("a version of two lines", Answer { version: "a\nb".into(), ..good.clone() }),
    ] {
        let refused = world.ingest.answer_pairing(&code.find(), answer, PEER).await;
        assert!(matches!(refused, Err(PairingError::Malformed { .. })), "{what}: {refused:?}");
    }
    let unknown = world.ingest.answer_pairing(&PairingCode::generate().find(), good, PEER).await;
    assert!(matches!(unknown, Err(PairingError::Unknown)), "{unknown:?}");
}

#[tokio::test]
async fn pairing_requests_are_limited_by_address() {
    let config = IngestConfig { peer_pairings_burst: 3, ..IngestConfig::default() };
    let world = World::with(config).await;
    let find = PairingCode::generate().find();
    let ask = async |peer: &str| world.ingest.find_pairing(&find, peer.parse().unwrap()).await.unwrap_err();
    for _ in 0..3 {
        assert!(matches!(ask("2001:db8::1").await, PairingError::Unknown));
    }
    assert!(matches!(ask("2001:db8::2").await, PairingError::TooMany { .. }), "of one household");
    assert!(matches!(ask("2001:db8:0:1::1").await, PairingError::Unknown));
    assert!(matches!(ask("127.0.0.1").await, PairingError::Unknown));
}

#[tokio::test]
async fn configurations_come_one_by_one_and_a_new_one_wakes_who_waits() {
    let world = World::new().await;
    let (household, neighbour) = (world.household().await, world.household().await);
    let identity = household.identity(&world.ingest).await;
    let add = async |household: &Household, serial| {
        let new = vec![configuration(household.device, serial)];
        world.registry.add_configurations(&household.authority(), new).await.unwrap();
    };
    add(&household, 2).await;
    let ask = async |after, wait| {
        world.ingest.configuration(&identity, after, Duration::from_millis(wait)).await.unwrap()
    };
    for after in [0, 1] {
        let next = ask(after, 0).await.unwrap();
        assert_eq!((next.serial, next.latest), (after + 1, 2));
    }
    assert_eq!(ask(2, 50).await, None);
    assert_eq!(ask(0, 0).await, None, "what is in use was forgotten");

    let begun = Instant::now();
    let (next, ()) = tokio::join!(ask(2, 10_000), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        add(&neighbour, 2).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        add(&household, 3).await;
    });
    assert_eq!(next.unwrap().serial, 3);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_device_that_is_removed_while_it_waits_is_told() {
    let world = World::new().await;
    let household = world.household().await;
    let identity = household.identity(&world.ingest).await;
    let (waited, ()) =
        tokio::join!(world.ingest.configuration(&identity, 1, Duration::from_secs(10)), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world
                .registry
                .remove_device(
                    &household.authority(),
                    household.device,
                    ownsight_registry::LeftBehind::default(),
                )
                .await
                .unwrap();
        });
    assert!(matches!(waited, Err(DeviceCallError::Removed)), "{waited:?}");
}

#[tokio::test]
async fn reports_are_kept_as_they_came_if_they_are_the_devices_own() {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let identity = household.identity(&world.ingest).await;
    let body = camera_report(camera.id);
    let gap = GapReport {
        camera: camera.id,
        from: Timestamp::now(),
        to: None,
        reason: GapReason::Camera(CameraFault::Stalled),
    };
    let device = DeviceReport {
        device: household.device,
        at: Timestamp::now(),
        version: "v".into(),
        queued_events: 1,
        dropped_events: 0,
        clock_offset_ms: -3,
        configuration: 1,
    };
    let report = |kind, body: &[u8]| Report { kind, body: body.to_vec(), tag: vec![5; 32] };
    let reports = vec![
        report(ReportKind::Camera(camera.id), &body),
        report(ReportKind::Gap(camera.id), &serde_json::to_vec(&gap).unwrap()),
        report(ReportKind::Device, &serde_json::to_vec(&device).unwrap()),
    ];
    world.ingest.reports(&identity, reports, vec![]).await.unwrap();
    let authority = household.authority();
    let rows = world.registry.camera(authority.find, authority.now, camera.id).await.unwrap().unwrap();
    let kept = rows.data.unwrap().report.unwrap();
    assert_eq!((kept.body, kept.tag, kept.device), (body.clone(), vec![5; 32], household.device));
    let rows = world.registry.device(authority.find, authority.now, household.device).await.unwrap().unwrap();
    let row = rows.data.unwrap();
    assert!(row.report.is_some() && row.device.seen_at.is_some());

    // A neighbour's camera: the report is not kept, and the sender is told nothing.
    let neighbour = world.household().await;
    let theirs = neighbour.camera(&world.registry).await;
    let stray = report(ReportKind::Camera(theirs.id), &camera_report(theirs.id));
    world.ingest.reports(&identity, vec![stray], vec![]).await.unwrap();
    let authority = neighbour.authority();
    let rows = world.registry.camera(authority.find, authority.now, theirs.id).await.unwrap().unwrap();
    assert_eq!(rows.data.unwrap().report, None);
    // What an operator sees of both homes: one camera records, and the other one's device never called.
    let fleet = world.ingest.fleet(Timestamp::now()).await.unwrap();
    let one = |state: &'static str| ((state, String::new()), 1);
    assert_eq!(fleet.cameras, [one("not-heard-of"), one("records")].into());
    let later = world.ingest.fleet(Timestamp::now().plus(Duration::from_mins(2))).await.unwrap();
    assert_eq!(later.cameras, [(("not-heard-of", String::new()), 2)].into());

    for (what, bad) in [
        ("another camera in the body", report(ReportKind::Camera(camera.id), &camera_report(theirs.id))),
        ("no JSON", report(ReportKind::Camera(camera.id), b"{")),
        ("another form", report(ReportKind::Device, &body)),
        ("a short tag", Report { tag: vec![1], ..report(ReportKind::Camera(camera.id), &body) }),
    ] {
        let refused = world.ingest.reports(&identity, vec![bad], vec![]).await;
        assert!(matches!(refused, Err(DeviceCallError::Malformed { .. })), "{what}: {refused:?}");
    }
}

fn camera_report(camera: CameraId) -> Vec<u8> {
    let at = Timestamp::now();
    let report = CameraReport {
        camera,
        at,
        state: CameraState::Records,
        since: at,
        video: None,
        another: None,
        quieted_since: None,
    };
    serde_json::to_vec(&report).unwrap()
}

#[tokio::test]
async fn alarms_of_devices_are_counted_by_kind() {
    recorder();
    let world = World::new().await;
    let household = world.household().await;
    let identity = household.identity(&world.ingest).await;
    let alarm = |kind: &str, count| AlarmReport { kind: kind.to_owned(), count };
    let before = (alarms("device-configuration-not-mine"), alarms("device-other"));
    let home = household.home.to_string();
    let sent = vec![
        alarm("configuration-not-mine", 3),
        alarm(&home, 2),
        alarm("", 1),
        alarm("event-quarantined", 0),
    ];
    world.ingest.reports(&identity, vec![], sent).await.unwrap();
    assert_eq!(alarms("device-configuration-not-mine"), before.0 + 3);
    assert_eq!(alarms("device-other"), before.1 + 3);
    let rendered = recorder().render();
    for id in [home, household.device.to_string(), household.account().to_string()] {
        assert!(!rendered.contains(&id), "metrics name nobody");
    }
}

#[tokio::test]
async fn each_camera_is_counted_once_for_the_operator() {
    let world = World::new().await;
    let household = world.household().await;
    let before: u64 = world.ingest.fleet(Timestamp::now()).await.unwrap().cameras.values().sum();
    household.camera(&world.registry).await;
    let after: u64 = world.ingest.fleet(Timestamp::now()).await.unwrap().cameras.values().sum();
    assert_eq!(after, before + 1);
}
