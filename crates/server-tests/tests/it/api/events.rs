//! Lists of events, and erasing one.

use std::collections::BTreeSet;

use ownsight_ledger::Action;
use ownsight_model::EventId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::alarms::alarms;
use crate::support::device::problem;
use crate::support::member::invite;
use crate::support::scene::Side;
use crate::support::system::System;

fn ids(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_hold_each_event_once_newest_first() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let mut delivered = BTreeSet::from([anna.event.to_string()]);
    for _ in 0..6 {
        delivered.insert(anna.deliver().await.to_string());
    }
    let (mut seen, mut times) = (Vec::new(), Vec::new());
    let mut path = "events?limit=3".to_owned();
    let mut late = None;
    loop {
        let page = anna.browser.see(&path).await;
        assert_eq!(page["unverified"], 0);
        assert!(ids(&page).len() <= 3);
        seen.extend(ids(&page));
        times.extend(
            page["events"].as_array().unwrap().iter().map(|event| event["started_at"].as_i64().unwrap()),
        );
        // What comes while somebody turns the pages is on none of the later ones.
        if late.is_none() {
            late = Some(anna.deliver().await.to_string());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("events?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), delivered);
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let all = anna.browser.see("events").await;
    assert_eq!(ids(&all).first(), late.as_ref());
    assert!(all["next_cursor"].is_null(), "there is no other page");
}

/// It leaves the list and the day of everybody in the home, is found by its filter, and comes back.
#[tokio::test]
async fn what_is_no_event_leaves_the_list_and_comes_back() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let (kept, camera) = (anna.deliver().await.to_string(), format!("cameras/{}", anna.camera()));
    let first = format!("events/{}", anna.event);
    let list = async |query: &str| {
        let mut found = ids(&anna.browser.see(&format!("events{query}")).await);
        found.sort();
        found
    };
    let both = {
        let mut both = vec![anna.event.to_string(), kept.clone()];
        both.sort();
        both
    };
    assert_eq!(anna.browser.patch(&first, &json!({"not_an_event": true})).await.status, 204);
    assert_eq!(list("?not_an_event=0").await, std::slice::from_ref(&kept));
    assert_eq!(list("?not_an_event=1").await, [anna.event.to_string()]);
    assert_eq!(list("").await, both, "programs that keep all see all");
    let event = anna.browser.see(&first).await;
    assert_eq!((&event["not_an_event"], &event["position"]), (&json!(true), &Value::Null));
    let other = anna.browser.see(&format!("events/{kept}")).await;
    assert_eq!((&other["not_an_event"], &other["position"]["of_day"]), (&json!(false), &json!(1)));
    assert!(!anna.browser.get(&format!("{first}/video")).await.body.is_empty(), "it is kept");
    let of_camera = anna.browser.see(&camera).await;
    assert_eq!((&of_camera["events"], &of_camera["not_events"]), (&json!(2), &json!(1)));

    assert_eq!(anna.browser.patch(&first, &json!({"not_an_event": false})).await.status, 204);
    assert_eq!(list("?not_an_event=0").await, both);
    assert_eq!(anna.browser.see(&camera).await["not_events"], 0);
    assert_eq!(anna.browser.patch(&first, &json!({})).await.problem(), (422, "malformed".into()));
    assert_eq!(anna.browser.get("events?not_an_event=2").await.json()["field"], "not_an_event");
}

/// Of two homes in one list each has its own events in its record, and an event of each opens by its own home's keys.
#[tokio::test]
async fn a_list_of_two_homes_is_on_record_in_each() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let invited = invite(&berta.program, &berta.home.id.to_string(), &anna.email, "viewer").await;
    let accept = serde_json::json!({"secret": invited["secret"], "email": anna.email});
    assert_eq!(anna.program.post("invitations/accept", &accept).await.status, 201);
    berta.program.see("me").await;
    let listed = anna.program.see("events").await;
    assert_eq!((ids(&listed).len(), &listed["unverified"]), (2, &0.into()));
    for side in [&anna, &berta] {
        let lines = system.ledger.entries_for_home(side.home.id, None, 100).await.unwrap();
        let lists: Vec<_> = lines
            .iter()
            .filter_map(|line| match &line.entry.opening.action {
                Action::List { events, .. } => {
                    Some(events.iter().map(|event| event.event).collect::<Vec<_>>())
                }
                _ => None,
            })
            .collect();
        assert_eq!(lists, [[side.event]]);
    }
    let cameras = anna.program.see("cameras").await;
    assert_eq!((cameras["cameras"].as_array().unwrap().len(), &cameras["unverified"]), (2, &0.into()));
    for side in [&anna, &berta] {
        let of_home = anna.program.see(&format!("cameras?home={}", side.home.id)).await;
        assert_eq!(of_home["cameras"].as_array().unwrap().len(), 1);
        assert_eq!(of_home["cameras"][0]["device_name"], "an agent");
    }
}

#[tokio::test]
async fn filters_narrow_and_a_misspelt_one_is_refused() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let event = anna.program.see(&format!("events/{}", anna.event)).await;
    let at = event["started_at"].as_i64().unwrap();
    let camera = anna.camera();
    for (query, expected) in [
        (format!("camera={camera}"), 1),
        (format!("home={}", anna.home.id), 1),
        ("label=motion".to_owned(), 1),
        ("label=person".to_owned(), 0),
        (format!("before={at}"), 0),
        (format!("before={}", at + 1), 1),
        (format!("after={at}"), 0),
        (format!("after={}", at - 1), 1),
    ] {
        let page = anna.program.see(&format!("events?{query}")).await;
        assert_eq!(ids(&page).len(), expected, "{query}");
    }
    for query in [
        "cameras=x",
        "camera=x",
        "home=x",
        "label=cat",
        "limit=0",
        "limit=101",
        "limit=-1",
        "before=now",
        "cursor=x",
        "day=2026-01-01",
        "home=&limit=1",
    ] {
        let answer = anna.program.get(&format!("events?{query}")).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{query}");
    }
}

#[tokio::test]
async fn one_event_has_its_motion_and_its_place_and_is_then_an_opened_one() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let listed = anna.browser.see("events").await["events"][0].clone();
    assert_eq!(listed["opened"], false);
    let event = anna.browser.see(&format!("events/{}", anna.event)).await;
    for field in ["id", "camera_id", "camera_name", "started_at", "ended_at", "thumbnail_url", "clip_bytes"] {
        assert_eq!(event[field], listed[field], "{field}");
    }
    assert_eq!(event["clip_bytes"], anna.footage.clip.len());
    assert_eq!((&event["camera_name"], &event["found_by"]), (&"a camera".into(), &"an agent".into()));
    assert_eq!((&event["home_id"], &event["label"]), (&serde_json::json!(anna.home.id), &"motion".into()));
    let kept = event["expires_at"].as_i64().unwrap() - event["started_at"].as_i64().unwrap();
    assert_eq!(kept, 30 * 86_400_000_000, "as long as its home keeps it");
    for part in ["thumbnail", "video"] {
        let url = listed[format!("{part}_url")].as_str().unwrap();
        assert!(url.starts_with(&format!("/api/v1/events/{}/{part}?s=", anna.event)), "{url}");
    }
    assert_eq!(
        (&event["width"], &event["height"], &event["frames"]),
        (&640.into(), &360.into(), &120.into())
    );
    assert_eq!(event["motion"], serde_json::json!([[0, 1], [100, 200]]));
    assert_eq!(event["position"], serde_json::json!({"of_day": 1, "in_day": 1}));
    let started_at = event["started_at"].as_i64().unwrap();
    assert_eq!(event["motion_started_at"], started_at + 3_000_000);
    assert_eq!(anna.browser.see("events").await["events"][0]["opened"], true);
    // The addresses of media are this session's own, ready to use.
    let s = format!("?s={}", anna.browser.s());
    assert!(listed["thumbnail_url"].as_str().unwrap().ends_with(&s));
    let by_program = anna.program.see("events").await;
    assert!(!by_program["events"][0]["thumbnail_url"].as_str().unwrap().contains('?'));
}

#[tokio::test]
async fn an_erased_event_is_gone_everywhere_and_is_not_taken_again() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let other = anna.deliver().await;
    let path = format!("events/{}", anna.event);
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    assert_eq!(ids(&anna.browser.see("events").await), [other.to_string()]);
    for path in [path.clone(), format!("{path}/thumbnail"), format!("{path}/video")] {
        let answer = anna.browser.get(&path).await;
        let unknown =
            anna.browser.get(&path.replace(&anna.event.to_string(), &EventId::generate().to_string())).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer, unknown, "{path}");
    }
    assert_eq!(anna.browser.delete(&path).await.status, 404);
    let retried = anna.serving.put(anna.event, anna.object.clone()).send().await.unwrap();
    assert_eq!(problem(retried).await, (410, "erased".into()));
    assert_eq!(anna.browser.request(Method::GET, &path).send().await.unwrap().status(), 404);
}

/// Nobody can open it any more, and that its bytes are still there is an alarm.
#[tokio::test]
async fn an_erased_event_that_stays_on_the_disk_is_an_alarm() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let object = object_of(&system.events_folder(), &anna.event.to_string()).expect("its file");
    std::fs::remove_file(&object).unwrap();
    std::fs::create_dir(&object).unwrap();
    let before = alarms("erasure-failed");
    assert_eq!(anna.browser.delete(&format!("events/{}", anna.event)).await.status, 204);
    assert!(alarms("erasure-failed") > before);
    assert_eq!(anna.browser.get(&format!("events/{}", anna.event)).await.status, 404);
}

fn object_of(folder: &std::path::Path, event: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path()).find_map(|path| {
        if path.is_dir() {
            return object_of(&path, event);
        }
        path.to_string_lossy().contains(event).then_some(path)
    })
}
