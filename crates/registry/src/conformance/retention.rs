//! Retention and the list that a check walks.

use ownsight_model::EventId;

use super::fixture::{Household, NOW, at, still};
use crate::{ObjectKey, ObjectRow, Registry};

/// Of one home, oldest first; stills only by age.
pub async fn old_events_and_oldest_events(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let (row, second) = (anna.camera(&registry).await, anna.camera(&registry).await);
    let foreign = other.camera(&registry).await;
    other.event(&registry, &foreign, 1).await;
    let picture = still(&row, anna.device, at(5));
    registry.insert_event(picture.clone()).await.unwrap();
    let mut events = Vec::new();
    for (camera, second) in [(&row, 40), (&second, 10), (&row, 30), (&second, 20)] {
        events.push(anna.event(&registry, camera, second).await);
    }
    let ids = |keys: &[crate::EventKey]| keys.iter().map(|key| key.id).collect::<Vec<EventId>>();
    let expired = registry.expired_events(anna.home, at(30), 10).await.unwrap();
    assert_eq!(ids(&expired), [picture.id, events[1].id, events[3].id]);
    assert_eq!(registry.expired_events(anna.home, at(30), 2).await.unwrap(), expired[..2]);
    let oldest = registry.oldest_events(anna.home, 2).await.unwrap();
    assert_eq!(ids(&oldest), [events[1].id, events[3].id]);
    assert_eq!((oldest[0].home, oldest[0].camera, oldest[0].bytes), (anna.home, second.id, 1_000));

    let mut forget: Vec<_> = expired.iter().map(|key| (key.camera, key.id)).collect();
    forget.push((row.id, EventId::generate()));
    let objects = registry.forget_events(forget.clone(), at(60)).await.unwrap();
    let expected: Vec<_> =
        expired.iter().map(|key| ObjectKey { home: key.home, camera: key.camera, event: key.id }).collect();
    assert_eq!(objects, expected);
    assert_eq!(registry.forget_events(forget, at(61)).await.unwrap(), []);
    assert_eq!(registry.expired_events(anna.home, at(30), 10).await.unwrap(), []);
    assert_eq!(ids(&registry.oldest_events(anna.home, 9).await.unwrap()), [events[2].id, events[0].id]);
    assert!(registry.stored_event(second.id, events[1].id).await.unwrap().unwrap().erased);
    let camera = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((camera.still, camera.events), (None, 2));
    assert_eq!(registry.purge_tombstones(at(61)).await.unwrap(), 3);
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}

/// In pages of any size, without tombstones.
pub async fn objects_are_listed_in_order(registry: Registry) {
    let mut expected = Vec::new();
    for _ in 0..2 {
        let household = Household::settle(&registry).await;
        for _ in 0..2 {
            let row = household.camera(&registry).await;
            household.camera(&registry).await;
            for second in 0..3 {
                let event = household.event(&registry, &row, second).await;
                let key = ObjectKey { home: event.home, camera: event.camera, event: event.id };
                expected.push((key, event.bytes, event.digest, event.header));
            }
            let erased = household.event(&registry, &row, 9).await;
            registry.erase_event(&household.authority(), erased.id).await.unwrap();
        }
    }
    expected.sort_unstable();
    for limit in [1, 2, 5, 12, 100] {
        let mut got: Vec<ObjectRow> = Vec::new();
        loop {
            let page = registry.objects(got.last().map(|(key, ..)| *key), limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            assert!(got.len() <= expected.len(), "the list does not get on");
            if page.is_empty() {
                break;
            }
            got.extend(page);
        }
        assert_eq!(got, expected, "pages of {limit}");
    }
}
