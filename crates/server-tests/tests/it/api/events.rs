//! Lists of events, and erasing one.

use std::collections::BTreeSet;

use ownsight_model::EventId;
use reqwest::Method;
use serde_json::Value;

use crate::support::device::problem;
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
    assert_eq!(ids(&anna.browser.see("events").await).first(), late.as_ref());
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
