//! Lists against a model: whatever is asked, pages put together are what filtering and sorting gives.

use std::cmp::Reverse;

use ownsight_model::{EventId, Role, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::fixture::{Household, NOW, at, camera, event, grant, home};
use crate::{Authority, EventQuery, EventRow, Registry};

/// A query in terms of the events that were made: indices instead of ids.
#[derive(Debug, Clone)]
struct Asked {
    homes: Option<Vec<usize>>,
    cameras: Vec<usize>,
    label: Option<u8>,
    from: Option<i64>,
    to: Option<i64>,
    after: Option<usize>,
    limit: u32,
}

fn asked() -> impl Strategy<Value = Asked> {
    (
        prop::option::weighted(0.5, prop::collection::vec(0..4_usize, 0..3)),
        prop::collection::vec(0..5_usize, 0..4),
        prop::option::weighted(0.3, 1..4_u8),
        prop::option::weighted(0.4, -1..7_i64),
        prop::option::weighted(0.4, -1..8_i64),
        prop::option::weighted(0.3, 0..60_usize),
        1..8_u32,
    )
        .prop_map(|(homes, cameras, label, from, to, after, limit)| Asked {
            homes,
            cameras,
            label,
            from,
            to,
            after,
            limit,
        })
}

/// Three homes, of which one is a stranger's, with many events that begin at equal times.
pub async fn pages_are_those_of_the_model(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let stranger = Household::settle(&registry).await;
    let member = Household::settle(&registry).await;
    registry.add_grant(&member.authority(), grant(anna.account.id, member.home, Role::Viewer)).await.unwrap();
    let empty = home();
    let of_empty = grant(anna.account.id, empty.id, Role::Owner);
    let authority = Authority { grant: None, ..anna.authority() };
    let roster = super::fixture::roster(empty.id, empty.epoch, 1);
    registry.create_home(&authority, empty.clone(), of_empty, roster).await.unwrap();
    let homes = [anna.home, member.home, empty.id, stranger.home];
    let mut cameras = Vec::new();
    for household in [&anna, &anna, &member, &member, &stranger] {
        let row = camera(household.home, Some(household.device));
        registry.create_camera(&household.authority(), row.clone(), vec![]).await.unwrap();
        cameras.push((row, household.device));
    }
    let mut made = Vec::new();
    for i in 0..60_usize {
        let (row, device) = &cameras[i % 5];
        let mut event = event(row, *device, at(i as i64 * 7 % 6));
        event.label = 1 + (i % 3) as u8;
        registry.insert_event(event.clone()).await.unwrap();
        made.push(event);
    }
    let mut visible: Vec<EventRow> =
        made.iter().filter(|event| event.home != stranger.home).cloned().collect();
    visible.sort_by_key(|event| Reverse((event.started_at, event.id)));

    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let find = anna.find();
    runner
        .run(&asked(), |asked| {
            let query = EventQuery {
                shared_only: false,
                homes: asked.homes.as_ref().map(|indices| indices.iter().map(|i| homes[*i]).collect()),
                cameras: asked.cameras.iter().map(|i| cameras[*i].0.id).collect(),
                label: asked.label,
                not_event: None,
                from: asked.from.map(at),
                to: asked.to.map(at),
                before: None,
                after: asked.after.map(|i| (made[i].started_at, made[i].id)),
                limit: asked.limit,
            };
            let expected: Vec<EventRow> =
                visible.iter().filter(|event| wanted(event, &query)).cloned().collect();
            let got = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(all_pages(&registry, find, query))
            });
            prop_assert_eq!(got, expected);
            Ok(())
        })
        .unwrap();
}

fn wanted(event: &EventRow, query: &EventQuery) -> bool {
    query.homes.as_ref().is_none_or(|homes| homes.contains(&event.home))
        && (query.cameras.is_empty() || query.cameras.contains(&event.camera))
        && query.label.is_none_or(|label| event.label == label)
        && query.from.is_none_or(|from| event.started_at >= from)
        && query.to.is_none_or(|to| event.started_at < to)
        && query.after.is_none_or(|after| place(event) > after)
}

fn place(event: &EventRow) -> (Timestamp, EventId) {
    (event.started_at, event.id)
}

/// Asks for page after page, and checks what each says of itself.
async fn all_pages(registry: &Registry, find: [u8; 32], mut query: EventQuery) -> Vec<EventRow> {
    let mut all = Vec::new();
    // A list that did not get on would never end.
    for number in 0..100 {
        let page = registry.events(find, NOW, query.clone()).await.unwrap().unwrap().data;
        assert!(page.events.len() <= query.limit as usize);
        assert!(!page.more || page.events.len() == query.limit as usize);
        assert!(number == 0 || !page.events.is_empty(), "the page before promised more: {query:?}");
        for (event, _) in &page.events {
            let key = (event.camera, event.tenure, event.home_epoch, event.camera_epoch);
            let epochs = page.epochs.iter();
            let named = epochs.filter(|e| (e.camera, e.tenure, e.home_epoch, e.camera_epoch) == key).count();
            assert_eq!(named, 1);
            assert_eq!(page.cameras.iter().filter(|camera| camera.id == event.camera).count(), 1);
            assert_eq!(page.devices.iter().filter(|device| device.id == event.device).count(), 1);
        }
        assert!(page.epochs.len() <= page.events.len() && page.cameras.len() <= page.events.len());
        query.before = page.events.last().map(|(event, _)| place(event));
        all.extend(page.events.into_iter().map(|(event, _)| event));
        if !page.more {
            return all;
        }
    }
    panic!("more pages than events: {query:?}");
}
