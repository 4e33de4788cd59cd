//! Retention and the list that a check walks.

use ownsight_model::EventId;

use super::fixture::{Household, NOW, at, still};
use crate::{Dropped, ObjectKey, ObjectRow, Registry};

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

/// What went because the space was used up is told to its own home, for some weeks.
pub async fn what_went_for_want_of_space_is_written_down(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let (row, foreign) = (anna.camera(&registry).await, other.camera(&registry).await);
    let theirs = other.event(&registry, &foreign, 5).await;
    for second in [10, 20, 30, 40] {
        anna.event(&registry, &row, second).await;
    }
    let told = async |household: &Household| {
        let rows = registry.home(household.find(), NOW, household.home).await.unwrap().unwrap();
        rows.data.unwrap().dropped
    };
    assert_eq!(told(&anna).await, None);
    let mut oldest = registry.oldest_events(anna.home, 2).await.unwrap();
    let stray = registry.oldest_events(other.home, 1).await.unwrap();
    assert_eq!(stray[0].id, theirs.id);
    oldest.extend(stray);
    let went = registry.forget_surplus(anna.home, oldest.clone(), at(100)).await.unwrap();
    assert_eq!(went.len(), 2, "another home's event is not of it");
    assert!(registry.forget_surplus(anna.home, oldest, at(101)).await.unwrap().is_empty(), "they are gone");
    let first = Dropped { events: 2, from: at(10), to: at(20), last_at: at(100) };
    assert_eq!((told(&anna).await, told(&other).await), (Some(first), None));
    let day = 24 * 60 * 60;
    for (count, when) in [(1, 200), (1, 100 + day)] {
        let oldest = registry.oldest_events(anna.home, count).await.unwrap();
        registry.forget_surplus(anna.home, oldest, at(when)).await.unwrap();
    }
    let all = Dropped { events: 4, from: at(10), to: at(40), last_at: at(100 + day) };
    assert_eq!(told(&anna).await, Some(all));
    registry.purge_tombstones(at(day)).await.unwrap();
    let rest = Dropped { events: 1, from: at(40), to: at(40), last_at: at(100 + day) };
    assert_eq!(told(&anna).await, Some(rest));
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
