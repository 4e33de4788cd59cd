//! Events as people see them.

use ownsight_model::{EventId, Role, TenureId};

use super::fixture::{Household, NOW, announced, at, grant, still};
use crate::{
    Authority, Change, ChangeKind, EventMarks, EventPosition, EventQuery, EventRow, InsertOutcome, NewReport,
    ObjectKey, Registry, ReportSubject,
};

/// In one answer: the row, its epoch, camera and device, and the asker's grant of that home.
pub async fn an_event_is_found_with_all_that_opens_it(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let event = anna.event(&registry, &row, 10).await;
    let picture = still(&row, anna.device, at(20));
    registry.insert_event(picture.clone()).await.unwrap();
    // A second home of the same account, whose grant must not come along.
    let home = super::fixture::home();
    let second = grant(anna.account.id, home.id, Role::Owner);
    let roster = super::fixture::roster(home.id, home.epoch, 1);
    registry.create_home(&Authority { grant: None, ..anna.authority() }, home, second, roster).await.unwrap();
    registry.add_grant(&other.authority(), grant(anna.account.id, other.home, Role::Viewer)).await.unwrap();

    for expected in [event, picture] {
        let found = registry.event(anna.find(), NOW, expected.id).await.unwrap().unwrap();
        assert_eq!((found.session, found.account), (anna.session.clone(), anna.account.clone()));
        let grants: Vec<_> = found.grants.iter().map(|(grant, home)| (grant.id, home.id)).collect();
        assert_eq!(grants, [(anna.grant, anna.home)]);
        let detail = found.data.unwrap();
        assert_eq!((detail.event, detail.epoch, detail.camera), (expected, row.epoch.clone(), row.clone()));
        assert_eq!((detail.device.unwrap().id, detail.marks), (anna.device, EventMarks::default()));
    }
    let unknown = registry.event(anna.find(), NOW, EventId::generate()).await.unwrap().unwrap();
    assert_eq!((unknown.grants, unknown.data), (vec![], None));
}

/// Another member's list does not change by it.
pub async fn opened_is_each_accounts_own(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let guest = Household::settle(&registry).await;
    let viewer = grant(guest.account.id, anna.home, Role::Viewer);
    registry.add_grant(&anna.authority(), viewer.clone()).await.unwrap();
    let row = anna.camera(&registry).await;
    let event = anna.event(&registry, &row, 10).await;
    registry.mark_opened(anna.account.id, event.id).await.unwrap();
    registry.mark_opened(anna.account.id, event.id).await.unwrap();
    registry.mark_opened(anna.account.id, EventId::generate()).await.unwrap();
    let query = EventQuery { limit: 1, ..EventQuery::default() };
    for (household, opened) in [(&anna, true), (&guest, false)] {
        let detail = registry.event(household.find(), NOW, event.id).await.unwrap().unwrap().data.unwrap();
        assert_eq!(detail.marks.opened, opened);
        let page = registry.events(household.find(), NOW, query.clone()).await.unwrap().unwrap().data;
        assert_eq!(page.events, [(event.clone(), EventMarks { opened, not_event: false })]);
    }
    registry.revoke_grant(viewer.id, NOW).await.unwrap();
    registry.mark_opened(guest.account.id, event.id).await.unwrap();
    registry.add_grant(&anna.authority(), grant(guest.account.id, anna.home, Role::Viewer)).await.unwrap();
    let detail = registry.event(guest.find(), NOW, event.id).await.unwrap().unwrap().data.unwrap();
    assert!(!detail.marks.opened, "opened without a grant");
}

/// It leaves list, day and counts, and comes back; what it is kept as does not change.
pub async fn what_is_no_event_leaves_the_list(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let (first, second) = (anna.event(&registry, &row, 10).await, anna.event(&registry, &row, 20).await);
    let picture = still(&row, anna.device, at(30));
    registry.insert_event(picture.clone()).await.unwrap();
    let listed = async |not_event: Option<bool>| {
        let query = EventQuery { limit: 9, not_event, ..EventQuery::default() };
        let page = registry.events(anna.find(), NOW, query).await.unwrap().unwrap().data;
        page.events.into_iter().map(|(event, marks)| (event.id, marks.not_event)).collect::<Vec<_>>()
    };
    let of_day = async || {
        let day = registry.day(anna.find(), NOW, anna.home, at(0), at(100), 9).await.unwrap().unwrap();
        let counts = registry.count_events(anna.find(), NOW, anna.home, vec![at(0), at(100)]).await;
        (day.data.unwrap().events.len() as u64, counts.unwrap().unwrap().data.unwrap()[0])
    };
    let of_camera = async || {
        let cameras = registry.cameras(anna.find(), NOW, None).await.unwrap().unwrap().data;
        (cameras[0].events, cameras[0].not_events, cameras[0].not_events_week)
    };
    assert_eq!((of_day().await, of_camera().await), ((2, 2), (2, 0, 0)));
    assert!(registry.mark_not_event(&anna.authority(), first.id, true).await.unwrap());
    assert!(registry.mark_not_event(&anna.authority(), first.id, true).await.unwrap(), "said twice");
    assert_eq!(listed(Some(false)).await, [(second.id, false)]);
    assert_eq!(listed(Some(true)).await, [(first.id, true)]);
    assert_eq!(listed(None).await, [(second.id, false), (first.id, true)]);
    assert_eq!((of_day().await, of_camera().await), ((1, 1), (2, 1, 1)));
    let position = registry.event_position(anna.find(), NOW, anna.home, second.id, at(0), at(100)).await;
    assert_eq!(position.unwrap().unwrap().data, Some(EventPosition { of_day: 1, in_day: 1 }));
    let detail = registry.event(anna.find(), NOW, first.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((detail.event, detail.marks), (first.clone(), EventMarks { opened: false, not_event: true }));

    assert!(!registry.mark_not_event(&other.authority(), second.id, true).await.unwrap(), "another home's");
    assert!(!registry.mark_not_event(&anna.authority(), picture.id, true).await.unwrap(), "a still");
    assert_eq!(listed(Some(true)).await.len(), 1);
    assert!(registry.mark_not_event(&anna.authority(), first.id, false).await.unwrap());
    assert_eq!((listed(Some(true)).await.len(), of_day().await), (0, (2, 2)));
    let before = Authority { now: NOW.minus(std::time::Duration::from_hours(8 * 24)), ..anna.authority() };
    assert!(registry.mark_not_event(&before, first.id, true).await.unwrap());
    assert_eq!(of_camera().await, (2, 1, 0), "longer ago than a week");
    // What is erased is nothing of either kind.
    registry.mark_not_event(&anna.authority(), first.id, true).await.unwrap();
    registry.erase_event(&anna.authority(), first.id).await.unwrap().unwrap();
    assert!(!registry.mark_not_event(&anna.authority(), first.id, true).await.unwrap());
    assert_eq!((listed(None).await.len(), of_camera().await), (1, (1, 0, 0)));
}

/// And figures that agree with it.
pub async fn a_day_has_its_events_and_gaps(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let mut events = Vec::new();
    for second in [-1, 0, 50, 99, 100] {
        events.push(anna.event(&registry, &row, second).await);
    }
    registry.insert_event(still(&row, anna.device, at(60))).await.unwrap();
    let gap = |from: i64, to: Option<i64>| NewReport {
        subject: ReportSubject::Gap { camera: row.id, from: at(from), to: to.map(at) },
        body: format!("{from}").into_bytes(),
        tag: vec![3; 32],
    };
    let gaps = vec![
        gap(-20, Some(-10)),
        gap(-9, Some(0)),
        gap(-5, Some(1)),
        gap(40, Some(41)),
        gap(90, None),
        gap(100, None),
    ];
    assert_eq!(registry.put_reports(anna.device, NOW, gaps).await.unwrap().stored, 6);
    let day = async |limit| {
        registry.day(anna.find(), NOW, anna.home, at(0), at(100), limit).await.unwrap().unwrap().data.unwrap()
    };
    let whole = day(3).await;
    assert_eq!((&whole.events[..], whole.truncated), (&events[1..4], false));
    assert_eq!((whole.cameras, whole.epochs), (vec![row.clone()], vec![row.epoch.clone()]));
    let bodies: Vec<_> =
        whole.gaps.iter().map(|gap| String::from_utf8_lossy(&gap.report.body).into_owned()).collect();
    assert_eq!(bodies, ["-5", "40", "90"]);
    assert!(whole.gaps.iter().all(|gap| gap.camera == row.id && gap.report.device == anna.device));
    let cut = day(2).await;
    assert_eq!((&cut.events[..], cut.truncated), (&events[1..3], true));

    let bounds = vec![at(-10), at(0), at(50), at(100), at(1000)];
    let counts = registry.count_events(anna.find(), NOW, anna.home, bounds).await.unwrap().unwrap().data;
    assert_eq!(counts, Some(vec![1, 1, 2, 1]));
    for (event, expected) in events.iter().zip([None, Some(1), Some(2), Some(3), None]) {
        let position =
            registry.event_position(anna.find(), NOW, anna.home, event.id, at(0), at(100)).await.unwrap();
        let expected = expected.map(|in_day| EventPosition { of_day: 3, in_day });
        assert_eq!(position.unwrap().data, expected);
    }
}

/// A day shows a thousand gaps of a camera, and says so if there are more.
pub async fn a_day_of_many_gaps_says_so(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let gap = |second: i64| NewReport {
        subject: ReportSubject::Gap { camera: row.id, from: at(2 * second), to: Some(at(2 * second + 1)) },
        body: Vec::new(),
        tag: vec![3; 32],
    };
    for (gaps, expected) in
        [(0..1_000, (1_000, false)), (1_000..1_001, (1_000, true)), (1_001..1_100, (1_000, true))]
    {
        registry.put_reports(anna.device, NOW, gaps.map(gap).collect()).await.unwrap();
        let day = registry.day(anna.find(), NOW, anna.home, at(0), at(86_400), 10).await;
        let day = day.unwrap().unwrap().data.unwrap();
        assert_eq!((day.gaps.len(), day.truncated), expected);
    }
}

/// In no list, and known to its device for a while.
pub async fn an_erased_event_is_a_tombstone(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let kept = anna.event(&registry, &row, 10).await;
    let event = anna.event(&registry, &row, 20).await;
    registry.mark_opened(anna.account.id, event.id).await.unwrap();
    let authority = Authority { now: at(50), ..anna.authority() };
    let object = ObjectKey { home: anna.home, camera: row.id, event: event.id };
    assert_eq!(registry.erase_event(&authority, event.id).await.unwrap(), Some(object));
    assert_eq!(registry.erase_event(&authority, event.id).await.unwrap(), None);
    assert_eq!(registry.erase_event(&authority, EventId::generate()).await.unwrap(), None);
    assert_eq!(registry.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data, None);
    let query = EventQuery { limit: 9, ..EventQuery::default() };
    let page = registry.events(anna.find(), NOW, query).await.unwrap().unwrap().data;
    assert_eq!(page.events, [(kept, EventMarks::default())]);
    let stored = registry.stored_event(row.id, event.id).await.unwrap().unwrap();
    assert!(stored.erased && stored.digest == event.digest);
    assert_eq!(registry.insert_event(event.clone()).await.unwrap(), InsertOutcome::Gone);

    assert_eq!(registry.purge_tombstones(at(50)).await.unwrap(), 0);
    assert_eq!(registry.purge_tombstones(at(51)).await.unwrap(), 1);
    assert_eq!(registry.stored_event(row.id, event.id).await.unwrap(), None);
    let again = registry.insert_event(EventRow { started_at: at(21), ..event.clone() }).await.unwrap();
    assert_eq!(again, InsertOutcome::Inserted { replaced_still: None });
    let detail = registry.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.unwrap();
    assert!(!detail.marks.opened, "nobody has opened the new one");
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}

/// To whom it concerns, and not for what was refused.
pub async fn changes_are_announced_after_the_commit(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let mut changes = registry.changes();
    let mut told = |what: &[ChangeKind]| {
        let expected: Vec<_> = what.iter().map(|what| Change { home: anna.home, what: *what }).collect();
        assert_eq!(announced(&mut changes), expected);
    };
    let event = anna.event(&registry, &row, 10).await;
    told(&[ChangeKind::Events]);
    registry.insert_event(event.clone()).await.unwrap();
    told(&[]);
    let elsewhere = EventRow { tenure: TenureId::generate(), id: EventId::generate(), ..event.clone() };
    registry.insert_event(elsewhere).await.unwrap_err();
    told(&[]);
    registry.insert_event(still(&row, anna.device, at(1))).await.unwrap();
    told(&[ChangeKind::Cameras]);
    registry
        .add_configurations(&anna.authority(), vec![super::fixture::configuration(anna.device, 2)])
        .await
        .unwrap();
    told(&[ChangeKind::Devices]);
    let configurations = vec![super::fixture::configuration(anna.device, 2)];
    registry.erase_camera(&anna.authority(), row.id, Vec::new(), configurations).await.unwrap_err();
    told(&[]);
    let half =
        vec![super::fixture::configuration(anna.device, 3), super::fixture::configuration(anna.device, 3)];
    registry.add_configurations(&anna.authority(), half).await.unwrap_err();
    told(&[]);
    registry.erase_event(&anna.authority(), event.id).await.unwrap();
    told(&[ChangeKind::Events]);
    registry.end_session(anna.find()).await.unwrap();
    told(&[ChangeKind::Sessions]);
    registry.end_sessions(anna.account.id, None).await.unwrap();
    told(&[]);
    super::fixture::sign_in(&registry, anna.account.id).await;
    registry.end_sessions(anna.account.id, None).await.unwrap();
    told(&[ChangeKind::Sessions]);
}
