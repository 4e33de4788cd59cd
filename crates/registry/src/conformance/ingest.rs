//! Deliveries: each once, and only of a device's own cameras.

use ownsight_model::{CameraEpoch, CameraId, DeviceId, EventId, TenureId};

use super::fixture::{Household, NOW, at, bytes32, event, still};
use crate::{
    EventMarks, EventQuery, EventRow, InsertOutcome, ObjectKey, Registry, RegistryError, StoredEvent,
};

const NEW: InsertOutcome = InsertOutcome::Inserted { replaced_still: None };

fn stored(event: &EventRow) -> StoredEvent {
    StoredEvent {
        digest: event.digest,
        received_at: event.received_at,
        bytes: event.bytes,
        erased: false,
        upload_mac: None,
    }
}

/// A retry is answered with what was kept then, whatever it brings.
pub async fn an_event_is_kept_once(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let first = event(&row, anna.device, at(1));
    assert_eq!(registry.stored_event(row.id, first.id).await.unwrap(), None);
    assert_eq!(registry.insert_event(first.clone()).await.unwrap(), NEW);
    let retry = EventRow { received_at: at(200_000), ..first.clone() };
    let other = EventRow { digest: bytes32(), bytes: 7, ..first.clone() };
    for again in [first.clone(), retry, other] {
        assert_eq!(registry.insert_event(again).await.unwrap(), InsertOutcome::Exists(stored(&first)));
    }
    assert_eq!(registry.stored_event(row.id, first.id).await.unwrap(), Some(stored(&first)));
    let page =
        registry.events(anna.find(), NOW, EventQuery { limit: 9, ..EventQuery::default() }).await.unwrap();
    assert_eq!(page.unwrap().data.events, [(first, EventMarks::default())]);
    assert_eq!(registry.homes().await.unwrap()[0].1, 1_000);
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}

/// Other homes may have the same.
pub async fn an_id_is_unique_in_its_home(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let (row, second) = (anna.camera(&registry).await, anna.camera(&registry).await);
    let elsewhere = other.camera(&registry).await;
    let first = anna.event(&registry, &row, 1).await;
    let same_home = EventRow { id: first.id, ..event(&second, anna.device, at(2)) };
    assert_eq!(registry.stored_event(second.id, first.id).await.unwrap(), Some(stored(&first)));
    assert_eq!(registry.insert_event(same_home).await.unwrap(), InsertOutcome::Exists(stored(&first)));
    let other_home = EventRow { id: first.id, ..event(&elsewhere, other.device, at(3)) };
    assert_eq!(registry.stored_event(elsewhere.id, first.id).await.unwrap(), None);
    assert_eq!(registry.insert_event(other_home.clone()).await.unwrap(), NEW);
    for (household, event) in [(&anna, first), (&other, other_home)] {
        let detail = registry.event(household.find(), NOW, event.id).await.unwrap().unwrap().data.unwrap();
        assert_eq!(detail.event, event);
    }
}

/// Home, tenure, epochs and device must be the camera's.
pub async fn events_of_others_are_refused(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let foreign = other.camera(&registry).await;
    let good = event(&row, anna.device, at(1));
    let next = CameraEpoch::FIRST.next().unwrap();
    for wrong in [
        EventRow { camera: CameraId::generate(), ..good.clone() },
        EventRow { camera: foreign.id, ..good.clone() },
        EventRow { home: other.home, ..good.clone() },
        EventRow { home: other.home, device: other.device, ..good.clone() },
        EventRow { tenure: TenureId::generate(), ..good.clone() },
        EventRow { tenure: foreign.epoch.tenure, ..good.clone() },
        EventRow { camera_epoch: next, ..good.clone() },
        EventRow { device: other.device, ..good.clone() },
        EventRow { device: DeviceId::generate(), ..good.clone() },
    ] {
        let error = registry.insert_event(wrong).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    }
    assert_eq!(registry.objects(None, 10).await.unwrap(), []);
    assert_eq!(registry.insert_event(good).await.unwrap(), NEW);
}

/// The latest by its own time stays, unless it claims a time still to come.
pub async fn a_still_replaces_the_one_before(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    anna.event(&registry, &row, 5).await;
    let last = async || registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap().still;
    let key = |event: EventId| Some(ObjectKey { home: anna.home, camera: row.id, event });
    let at_second = |seconds| still(&row, anna.device, at(seconds));
    let insert = async |still: &EventRow| match registry.insert_event(still.clone()).await.unwrap() {
        InsertOutcome::Inserted { replaced_still } => replaced_still,
        outcome => panic!("{outcome:?}"),
    };
    let (first, second, older) = (at_second(10), at_second(20), at_second(15));
    assert_eq!(insert(&first).await, None);
    assert_eq!(insert(&second).await, key(first.id));
    assert_eq!(insert(&older).await, key(older.id), "devices send their newest first");
    assert_eq!(last().await, Some(second.clone()));
    assert_eq!(registry.stored_event(row.id, first.id).await.unwrap(), None);

    let ahead = at_second(1_000_000);
    assert_eq!(insert(&ahead).await, key(second.id));
    let corrected = at_second(30);
    assert_eq!(insert(&corrected).await, key(ahead.id));
    assert_eq!(last().await, Some(corrected.clone()));
    let retry = registry.insert_event(corrected.clone()).await.unwrap();
    assert_eq!(retry, InsertOutcome::Exists(stored(&corrected)));
    assert_eq!(registry.homes().await.unwrap()[0].1, 1_050);
    let page =
        registry.events(anna.find(), NOW, EventQuery { limit: 9, ..EventQuery::default() }).await.unwrap();
    assert_eq!(page.unwrap().data.events.len(), 1, "stills are not in lists");
    assert!(registry.event(anna.find(), NOW, corrected.id).await.unwrap().unwrap().data.is_some());
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}

/// With the epochs that its deliveries may name.
pub async fn a_device_finds_cameras_of_its_home_only(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let (second, _) = anna.pair(&registry).await;
    let own = registry.camera_for_device(anna.device, row.id).await.unwrap().unwrap();
    assert_eq!((&own.row, own.assigned, own.test), (&row, true, None));
    assert_eq!(own.epochs, vec![row.epoch.clone()]);
    assert!(!registry.camera_for_device(second, row.id).await.unwrap().unwrap().assigned);
    assert_eq!(registry.camera_for_device(other.device, row.id).await.unwrap(), None);
    assert_eq!(registry.camera_for_device(anna.device, CameraId::generate()).await.unwrap(), None);
}
