//! Who sees and changes what: live sessions, live grants, and nobody else.

use ownsight_model::{CameraEpoch, HomeEpoch, Role, TestId};

use super::fixture::{
    Household, NOW, at, bytes32, camera, configuration, email, event, grant, home, redeem, sign_in, test,
    waiting,
};
use crate::{
    Authority, CameraUpdate, EventQuery, HomeDetail, HomeUpdate, LeftBehind, NewReport, Registry,
    RegistryError, ReportSubject,
};

/// What a session sees of a household, each of which must be nothing for strangers.
async fn seen(
    registry: &Registry,
    find: [u8; 32],
    of: &Household,
    event: ownsight_model::EventId,
) -> Vec<bool> {
    let query = EventQuery { homes: Some(vec![of.home]), limit: 10, ..EventQuery::default() };
    let camera =
        registry.camera_for_device(of.device, camera_of(registry, of).await).await.unwrap().unwrap().row.id;
    let by_camera = EventQuery { cameras: vec![camera], limit: 10, ..EventQuery::default() };
    macro_rules! data {
        ($answer:expr) => {
            $answer.await.unwrap().unwrap().data
        };
    }
    vec![
        data!(registry.home(find, NOW, of.home)).is_some(),
        data!(registry.home_plan(find, NOW, of.home)).is_some(),
        !data!(registry.cameras(find, NOW, Some(of.home))).is_empty(),
        data!(registry.cameras(find, NOW, None)).iter().any(|detail| detail.camera.home == of.home),
        data!(registry.camera(find, NOW, camera)).is_some(),
        !data!(registry.devices(find, NOW, of.home)).is_empty(),
        data!(registry.device(find, NOW, of.device)).is_some(),
        !data!(registry.events(find, NOW, query)).events.is_empty(),
        !data!(registry.events(find, NOW, by_camera)).events.is_empty(),
        data!(registry.event(find, NOW, event)).is_some(),
        data!(registry.event_position(find, NOW, of.home, event, NOW, at(1000))).is_some(),
        data!(registry.day(find, NOW, of.home, NOW, at(1000), 10)).is_some(),
        data!(registry.count_events(find, NOW, of.home, vec![NOW, at(1000)])).is_some(),
        data!(registry.test(find, NOW, test_of(registry, of).await)).is_some(),
    ]
}

async fn camera_of(registry: &Registry, of: &Household) -> ownsight_model::CameraId {
    registry
        .objects(None, 1000)
        .await
        .unwrap()
        .iter()
        .find(|object| object.0.home == of.home)
        .unwrap()
        .0
        .camera
}

async fn test_of(registry: &Registry, of: &Household) -> TestId {
    let expired = registry.expired_tests(at(1_000_000)).await.unwrap();
    for (id, draft, _) in expired {
        if registry.camera_for_device(of.device, draft).await.unwrap().is_some() {
            return id;
        }
    }
    panic!("the household has no test");
}

/// A household with one of everything.
async fn furnished(registry: &Registry) -> (Household, crate::CameraRow, ownsight_model::EventId, TestId) {
    let household = Household::settle(registry).await;
    let row = household.camera(registry).await;
    let event = household.event(registry, &row, 10).await;
    let draft = camera(household.home, Some(household.device));
    let test = test(&draft, household.device);
    registry.create_test(&household.authority(), test.clone(), draft, Vec::new()).await.unwrap();
    (household, row, event.id, test.id)
}

/// What belongs to others looks like what does not exist.
pub async fn a_stranger_sees_nothing(registry: Registry) {
    let (anna, _, of_anna, _) = furnished(&registry).await;
    let (other, _, of_other, _) = furnished(&registry).await;
    for (session, of, event, sees) in [
        (&anna, &anna, of_anna, true),
        (&other, &other, of_other, true),
        (&anna, &other, of_other, false),
        (&other, &anna, of_anna, false),
    ] {
        let seen = seen(&registry, session.find(), of, event).await;
        assert!(seen.iter().all(|saw| *saw == sees), "{seen:?}, expected {sees}");
    }
    assert_eq!(registry.events(bytes32(), NOW, EventQuery::default()).await.unwrap(), None);
    assert_eq!(registry.event(bytes32(), NOW, of_anna).await.unwrap(), None);
    assert_eq!(registry.event(anna.find(), anna.session.expires_at, of_anna).await.unwrap(), None);
    // No grant of the stranger's comes with an answer that has no data.
    assert_eq!(registry.event(other.find(), NOW, of_anna).await.unwrap().unwrap().grants, []);
}

/// Rows of another home cannot be named, with one's own grant or with the other's.
pub async fn a_stranger_changes_nothing(registry: Registry) {
    let (anna, row, event_id, test_id) = furnished(&registry).await;
    let other = Household::settle(&registry).await;
    let mine = other.authority();
    let stolen = Authority { grant: Some((anna.grant, HomeEpoch::FIRST)), ..mine };
    let before = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap();
    let update = || CameraUpdate {
        camera: row.id,
        text: Some((CameraEpoch::FIRST, vec![0])),
        address: Some(None),
        device: Some(None),
    };
    for (authority, not_live) in [(mine, false), (stolen, true)] {
        let (device, pairing) = waiting(anna.home);
        let home = HomeUpdate { home: anna.home, text: None, retention_days: Some(0), retention_bytes: None };
        let draft = camera(anna.home, None);
        let results = [
            registry.update_home(&authority, home).await.unwrap_err(),
            registry.create_camera(&authority, camera(anna.home, None), vec![]).await.unwrap_err(),
            registry.update_camera(&authority, update(), vec![]).await.unwrap_err(),
            registry.erase_camera(&authority, row.id, Vec::new(), vec![]).await.unwrap_err(),
            registry.create_test(&authority, test(&draft, anna.device), draft, vec![]).await.unwrap_err(),
            registry.confirm_test(&authority, test_id, vec![], None, vec![]).await.unwrap_err(),
            registry.cancel_test(&authority, test_id, vec![]).await.unwrap_err(),
            registry.create_pairing(&authority, device, pairing).await.unwrap_err(),
            registry.update_device_text(&authority, anna.device, vec![], HomeEpoch::FIRST).await.unwrap_err(),
            registry.reject_pairing(&authority, anna.device).await.unwrap_err(),
            registry.remove_device(&authority, anna.device, LeftBehind::default()).await.unwrap_err(),
            registry.add_configurations(&authority, vec![configuration(anna.device, 2)]).await.unwrap_err(),
            registry
                .add_grant(&authority, grant(other.account.id, anna.home, Role::Owner))
                .await
                .unwrap_err(),
        ];
        for (i, error) in results.iter().enumerate() {
            let as_expected = match error {
                RegistryError::NotLive => not_live,
                RegistryError::NotFound => !not_live,
                _ => false,
            };
            assert!(as_expected, "{i}: {error:?}");
        }
    }
    assert_eq!(registry.erase_event(&mine, event_id).await.unwrap(), None);
    // A device of another home cannot be given one's camera, nor one's configuration.
    let crossed = camera(other.home, Some(anna.device));
    let error = registry.create_camera(&mine, crossed, vec![]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    registry.mark_opened(other.account.id, event_id).await.unwrap();
    assert_eq!(registry.home_plan(anna.find(), NOW, anna.home).await.unwrap(), before);
    assert!(registry.event(anna.find(), NOW, event_id).await.unwrap().unwrap().data.is_some());
}

/// At once, while the session goes on.
pub async fn a_revoked_grant_opens_nothing(registry: Registry) {
    let (anna, row, event_id, _) = furnished(&registry).await;
    assert!(registry.revoke_grant(anna.grant, NOW).await.unwrap());
    assert!(!registry.revoke_grant(anna.grant, NOW).await.unwrap());
    let seen = seen(&registry, anna.find(), &anna, event_id).await;
    assert!(seen.iter().all(|saw| !saw), "{seen:?}");
    assert_eq!(registry.session(anna.find(), NOW).await.unwrap().unwrap().grants, []);
    let error = registry.erase_camera(&anna.authority(), row.id, Vec::new(), vec![]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotLive), "{error:?}");
}

/// It sees all the same.
pub async fn a_grant_without_the_control_key_writes_nothing(registry: Registry) {
    let (anna, row, event_id, _) = furnished(&registry).await;
    let guest = Household::settle(&registry).await;
    let viewer = grant(guest.account.id, anna.home, Role::Viewer);
    registry.add_grant(&anna.authority(), viewer.clone()).await.unwrap();
    let seen = seen(&registry, guest.find(), &anna, event_id).await;
    assert!(seen.iter().all(|saw| *saw), "{seen:?}");
    let authority = Authority { grant: Some((viewer.id, HomeEpoch::FIRST)), ..guest.authority() };
    for error in [
        registry.erase_camera(&authority, row.id, Vec::new(), vec![]).await.unwrap_err(),
        registry.erase_event(&authority, event_id).await.unwrap_err(),
    ] {
        assert!(matches!(error, RegistryError::NotLive), "{error:?}");
    }
    let error = registry
        .update_account_text(&Authority { grant: Some((anna.grant, HomeEpoch::FIRST)), ..authority }, vec![])
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::NotLive), "{error:?}");
    // What needs a grant is refused without one.
    let error =
        registry.erase_event(&Authority { grant: None, ..anna.authority() }, event_id).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotLive), "{error:?}");
}

/// What is left out stays.
pub async fn settings_change_and_figures_count(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let update =
        HomeUpdate { home: anna.home, text: Some(vec![77]), retention_days: None, retention_bytes: Some(9) };
    registry.update_home(&anna.authority(), update).await.unwrap();
    let figures = |answer: Option<crate::Authorised<Option<HomeDetail>>>| answer.unwrap().data.unwrap();
    let empty = HomeDetail { used_bytes: 0, events: 0, oldest_event_at: None, members: 1, dropped: None };
    assert_eq!(figures(registry.home(anna.find(), NOW, anna.home).await.unwrap()), empty);

    anna.event(&registry, &row, 30).await;
    anna.event(&registry, &row, 20).await;
    registry.insert_event(super::fixture::still(&row, anna.device, at(5))).await.unwrap();
    let guest = Household::settle(&registry).await;
    let viewer = grant(guest.account.id, anna.home, Role::Viewer);
    registry.add_grant(&anna.authority(), viewer).await.unwrap();
    let seen = registry.home(anna.find(), NOW, anna.home).await.unwrap();
    let settings = &seen.as_ref().unwrap().grants[0].1;
    assert_eq!((&settings.text[..], settings.retention_days, settings.retention_bytes), (&[77][..], 30, 9));
    let expected =
        HomeDetail { used_bytes: 2_050, events: 2, oldest_event_at: Some(at(20)), members: 2, dropped: None };
    assert_eq!(figures(seen), expected);
    let homes = registry.homes().await.unwrap();
    assert_eq!(homes.iter().find(|(row, _)| row.id == anna.home).unwrap().1, 2_050);
    assert_eq!(homes.iter().find(|(row, _)| row.id == guest.home).unwrap().1, 0);
    // A new home's grant is the asker's, and grant and roster are the home's.
    let new = home();
    let own = |of: &Household, home| grant(of.account.id, home, Role::Owner);
    let first = |home| super::fixture::roster(home, HomeEpoch::FIRST, 1);
    for (grant, roster) in [
        (own(&anna, guest.home), first(new.id)),
        (own(&guest, new.id), first(new.id)),
        (own(&anna, new.id), first(guest.home)),
    ] {
        let error = registry.create_home(&anna.authority(), new.clone(), grant, roster).await;
        assert!(matches!(error, Err(RegistryError::NotFound)), "{error:?}");
    }
    registry.create_home(&anna.authority(), new.clone(), own(&anna, new.id), first(new.id)).await.unwrap();
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
    let _ = event(&row, anna.device, NOW);
}

/// The paired one first; other homes have none.
pub async fn local_homes_have_their_agent(registry: Registry) {
    let mut with_agent = redeem(&registry, email()).await;
    with_agent.home.local_agent = true;
    registry.redeem_account(with_agent.clone()).await.unwrap();
    let session = sign_in(&registry, with_agent.account.id).await;
    Household::settle(&registry).await;
    let local = registry.local_homes().await.unwrap();
    assert_eq!(local, [with_agent.home.clone()]);
    assert_eq!(registry.local_device(with_agent.home.id).await.unwrap(), None);
    let authority =
        Authority { find: session.find, now: NOW, grant: Some((with_agent.grant.id, HomeEpoch::FIRST)) };
    let mut made = Vec::new();
    for local in [true, true, false] {
        let (mut device, pairing) = waiting(with_agent.home.id);
        device.local = local;
        registry.create_pairing(&authority, device.clone(), pairing.clone()).await.unwrap();
        made.push((device.id, pairing.find));
    }
    assert_eq!(registry.local_device(with_agent.home.id).await.unwrap().unwrap().id, made[1].0);
    let answer = super::fixture::answer();
    registry.answer_pairing(made[0].1, NOW, answer.clone()).await.unwrap();
    registry.accept_pairing(&authority, made[0].0, answer, configuration(made[0].0, 1)).await.unwrap();
    assert_eq!(registry.local_device(with_agent.home.id).await.unwrap().unwrap().id, made[0].0);
    let report = NewReport { subject: ReportSubject::Device, body: b"{}".to_vec(), tag: vec![1; 32] };
    assert_eq!(registry.put_reports(made[2].0, NOW, vec![report]).await.unwrap().refused, 1);
    for (device, _) in &made[..2] {
        registry.remove_device(&authority, *device, LeftBehind::default()).await.unwrap();
    }
    assert_eq!(registry.local_device(with_agent.home.id).await.unwrap(), None);
}
