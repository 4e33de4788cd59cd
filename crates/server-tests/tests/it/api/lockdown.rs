//! Lockdowns: what is closed is closed for those whom it concerns, says so, and is there again afterwards.

use ownsight_gate::{GateError, LockdownFor};
use ownsight_model::{Closable, Closed, LockdownId, LockdownScope, Timestamp};
use ownsight_registry::LockdownRow;
use serde_json::json;

use super::media::{LONG_BYTES, interrupted};
use crate::support::alarms::alarms;
use crate::support::person::{Person, half};
use crate::support::scene::Side;
use crate::support::system::System;

async fn close(system: &System, of: &LockdownFor, what: &[Closable]) {
    let closed = Closed::of(what.iter().copied()).unwrap();
    system.gate.lock_down(of, closed, "We look into wrong thumbnails.", "the operator").await.unwrap();
}

/// Status of each view of a home's things, by name.
async fn looks(person: &Person, side: &Side) -> Vec<(&'static str, u16)> {
    let (event, home) = (format!("events/{}", side.event), format!("homes/{}", side.home.id));
    let paths = [
        ("list", format!("events?home={}", side.home.id)),
        ("event", event.clone()),
        ("day", format!("{home}/days/2026-01-01")),
        ("days", format!("{home}/days?from=2026-01-01&to=2026-01-02")),
        ("thumbnail", format!("{event}/thumbnail")),
        ("still", format!("cameras/{}/still", side.camera())),
        ("test still", format!("camera-tests/{}/still", side.test)),
        ("video", format!("{event}/video")),
        ("download", format!("{event}/video?download=1")),
    ];
    let mut seen = Vec::new();
    for (name, path) in paths {
        let status = person.get(&path).await.status;
        let head = person.send(reqwest::Method::HEAD, &path, None).await.status;
        assert_eq!(head, status, "HEAD of {name}");
        seen.push((name, status));
    }
    seen
}

fn closed_of(looks: &[(&'static str, u16)]) -> Vec<&'static str> {
    assert!(looks.iter().all(|(_, status)| matches!(status, 200 | 423)), "{looks:?}");
    looks.iter().filter(|(_, status)| *status == 423).map(|(name, _)| *name).collect()
}

const EVERYTHING: [&str; 9] =
    ["list", "event", "day", "days", "thumbnail", "still", "test still", "video", "download"];

#[tokio::test]
async fn closed_for_everybody_everything_says_so_and_devices_go_on() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    assert_eq!(closed_of(&looks(&anna.browser, &anna).await), [""; 0]);
    close(&system, &LockdownFor::Installation, &[Closable::All]).await;
    for side in [&anna, &berta] {
        for person in [&side.browser, &side.program] {
            assert_eq!(closed_of(&looks(person, side).await), EVERYTHING);
        }
    }
    let answer = anna.browser.get("events").await;
    assert_eq!(answer.problem(), (423, "locked-down".into()));
    let lockdown = &answer.json()["lockdown"];
    assert_eq!(lockdown["reason"], "We look into wrong thumbnails.");
    assert_eq!(
        (&lockdown["by"], &lockdown["scope"], &lockdown["closes"]),
        (&json!("the operator"), &json!("installation"), &json!(["all"]))
    );
    assert!(lockdown["since"].as_i64().is_some());
    // What is no view of footage goes on; so do devices.
    for path in
        ["me", "cameras", &format!("homes/{}", anna.home.id), &format!("homes/{}/devices", anna.home.id)]
    {
        assert_eq!(anna.browser.get(path).await.status, 200, "{path}");
    }
    let meanwhile = anna.deliver().await;
    // Nobody signs in; who was not signed in still learns nothing else.
    let body = json!({"email": anna.email, "password": anna.password, "page_half": half(5)});
    let nobody = Person::nobody(&system.url);
    let refused = nobody.post("sessions", &body).await;
    assert_eq!(refused.problem(), (423, "locked-down".into()));
    assert_eq!(refused.header("set-cookie"), None);
    let wrong = json!({"email": anna.email, "password": "not the password"});
    assert_eq!(nobody.post("sessions", &wrong).await.status, 401);
    assert_eq!(nobody.get("events").await.status, 401);
    // What is locked down is kept.
    for path in [format!("events/{}", anna.event), format!("cameras/{}", anna.camera())] {
        assert_eq!(anna.browser.delete(&path).await.status, 423, "{path}");
    }

    assert!(system.gate.lift_lockdown(&LockdownFor::Installation, "the operator").await.unwrap());
    assert!(!system.gate.lift_lockdown(&LockdownFor::Installation, "the operator").await.unwrap());
    assert_eq!(closed_of(&looks(&anna.browser, &anna).await), [""; 0]);
    let listed = anna.browser.see("events").await;
    assert_eq!(listed["events"][0]["id"], meanwhile.to_string());
    assert_eq!(nobody.post("sessions", &body).await.status, 201);
}

#[tokio::test]
async fn closed_for_a_home_or_an_account_others_go_on() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    for of in [LockdownFor::Home(anna.home.id), LockdownFor::Account(" ANNA@example.org".into())] {
        close(&system, &of, &[Closable::All]).await;
        assert_eq!(closed_of(&looks(&anna.browser, &anna).await), EVERYTHING, "{of:?}");
        assert_eq!(closed_of(&looks(&berta.browser, &berta).await), [""; 0], "{of:?}");
        // To who may not see it anyway it is nothing, locked down or not.
        assert!(looks(&berta.browser, &anna).await.iter().all(|(_, status)| *status == 404), "{of:?}");
        system.gate.lift_lockdown(&of, "the operator").await.unwrap();
    }
    let body = json!({"email": anna.email, "password": anna.password});
    let nobody = Person::nobody(&system.url);
    close(&system, &LockdownFor::Account(anna.email.clone()), &[Closable::SignIn]).await;
    assert_eq!(nobody.post("sessions", &body).await.status, 423);
    assert_eq!(closed_of(&looks(&anna.browser, &anna).await), [""; 0], "who is signed in stays");
    assert_eq!(
        Person::by_token(&system.url, &berta.email, &berta.password).await.get("me").await.status,
        200
    );
}

#[tokio::test]
async fn a_closed_camera_is_left_out_of_lists_that_say_so() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let at = anna.browser.see(&format!("events/{}", anna.event)).await["started_at"].as_i64().unwrap();
    close(&system, &LockdownFor::Camera(anna.camera()), &[Closable::All]).await;
    let closed = closed_of(&looks(&anna.browser, &anna).await);
    assert_eq!(
        closed,
        ["event", "thumbnail", "still", "video", "download"],
        "the test's draft is another camera"
    );
    let list = anna.browser.see("events").await;
    assert_eq!(
        (&list["events"], &list["locked_down"], &list["unverified"]),
        (&json!([]), &json!(1), &json!(0))
    );
    let today = format!("homes/{}/days/{}", anna.home.id, super::homes::date(at));
    let day = anna.browser.see(&today).await;
    assert_eq!((&day["events"], &day["locked_down"]), (&json!([]), &json!(1)));
    // Of what is not closed the list goes on.
    let other = json!({"name": "Lawn", "address": "rtsp://camera.example/lawn"});
    let added = anna.browser.post(&format!("homes/{}/cameras", anna.home.id), &other).await;
    system.gate.lift_lockdown(&LockdownFor::Camera(anna.camera()), "the operator").await.unwrap();
    let other = added.json()["id"].as_str().unwrap().parse().unwrap();
    close(&system, &LockdownFor::Camera(other), &[Closable::All]).await;
    let day = anna.browser.see(&today).await;
    assert_eq!((day["events"].as_array().unwrap().len(), &day["locked_down"]), (1, &json!(0)));
}

/// A test of a camera whose pictures are closed would take a new one.
#[tokio::test]
async fn a_closed_camera_is_not_seen_through_a_test_of_it() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let test = anna.test_again().await;
    let still = format!("camera-tests/{test}/still");
    assert_eq!(anna.browser.get(&still).await.status, 200);
    close(&system, &LockdownFor::Camera(anna.camera()), &[Closable::Thumbnails]).await;
    for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
        assert_eq!(anna.browser.send(method.clone(), &still, None).await.status, 423, "{method}");
    }
    let begin = json!({"camera_id": anna.camera()});
    let tests = format!("homes/{}/camera-tests", anna.home.id);
    assert_eq!(anna.browser.post(&tests, &begin).await.problem(), (423, "locked-down".into()));
}

/// What is looked into stays, whatever of it is closed.
#[tokio::test]
async fn closed_footage_can_be_erased_by_nobody() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let home = format!("homes/{}", anna.home.id);
    for (of, what) in [
        (LockdownFor::Installation, Closable::Thumbnails),
        (LockdownFor::Home(anna.home.id), Closable::Videos),
        (LockdownFor::Camera(anna.camera()), Closable::Videos),
        (LockdownFor::Account(anna.email.clone()), Closable::All),
    ] {
        close(&system, &of, &[what]).await;
        for path in [format!("events/{}", anna.event), format!("cameras/{}", anna.camera())] {
            assert_eq!(anna.browser.delete(&path).await.status, 423, "{of:?} {path}");
        }
        for less in [json!({"retention_days": 1}), json!({"retention_bytes": 100_000_000})] {
            assert_eq!(anna.browser.patch(&home, &less).await.status, 423, "{of:?} {less}");
        }
        assert_eq!(anna.browser.patch(&home, &json!({"retention_days": 3_000})).await.status, 200, "{of:?}");
        system.gate.lift_lockdown(&of, "the operator").await.unwrap();
    }
    close(&system, &LockdownFor::Home(anna.home.id), &[Closable::Videos]).await;
    assert_eq!(berta.browser.delete(&format!("events/{}", berta.event)).await.status, 204);
    system.gate.lift_lockdown(&LockdownFor::Home(anna.home.id), "the operator").await.unwrap();
    assert_eq!(anna.browser.delete(&format!("events/{}", anna.event)).await.status, 204);
}

#[tokio::test]
async fn only_what_is_named_is_closed_and_it_adds_up() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let of = LockdownFor::Home(anna.home.id);
    for (what, expected) in [
        (&[Closable::Videos][..], &["video", "download"][..]),
        (&[Closable::Thumbnails], &["thumbnail", "still", "test still"]),
        (
            &[Closable::Thumbnails, Closable::Videos],
            &["thumbnail", "still", "test still", "video", "download"],
        ),
        (&[Closable::Live, Closable::SignIn], &[]),
    ] {
        close(&system, &of, what).await;
        assert_eq!(closed_of(&looks(&anna.browser, &anna).await), expected, "{what:?}");
        system.gate.lift_lockdown(&of, "the operator").await.unwrap();
    }
    for what in [Closable::Videos, Closable::Live] {
        close(&system, &of, &[what]).await;
    }
    let closed = system.gate.lockdowns().await.unwrap();
    assert_eq!(closed.len(), 1, "one takes the place of the one before");
    assert_eq!(closed[0].1.closes, ["videos", "live"], "and opens nothing by closing");
}

#[tokio::test]
async fn a_video_on_its_way_stops() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let (bytes, whole) = interrupted(&anna, async |side, _| {
        close(&system, &LockdownFor::Home(side.home.id), &[Closable::Videos]).await;
    })
    .await;
    assert!(!whole && bytes < LONG_BYTES, "{bytes} bytes of a video that is locked down");
}

#[tokio::test]
async fn what_cannot_be_locked_down_is_told() {
    let system = System::start().await;
    let nobody = ownsight_model::HomeId::generate();
    let all = Closed::of([Closable::All]).unwrap();
    let lock =
        async |of: &LockdownFor, reason: &str| system.gate.lock_down(of, all, reason, "operator").await;
    assert!(lock(&LockdownFor::Home(nobody), "why").await.is_err());
    assert!(lock(&LockdownFor::Account("nobody@example.org".into()), "why").await.is_err());
    for reason in ["", "   ", "two\nlines", &"x".repeat(501)] {
        assert!(lock(&LockdownFor::Installation, reason).await.is_err(), "{reason:?}");
    }
    assert!(system.gate.lockdowns().await.unwrap().is_empty());
}

/// Who closed or opened what, the newest first.
async fn on_record(system: &System) -> Vec<(String, Option<Vec<&'static str>>)> {
    let record = system.gate.lockdown_record(None, 100).await.unwrap();
    record.into_iter().map(|notice| (notice.by, notice.closes)).collect()
}

#[tokio::test]
async fn what_is_closed_and_opened_again_is_on_record() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let home = LockdownFor::Home(anna.home.id);
    close(&system, &home, &[Closable::Videos]).await;
    close(&system, &home, &[Closable::Thumbnails]).await;
    close(&system, &LockdownFor::Installation, &[Closable::All]).await;
    assert!(system.gate.lift_lockdown(&home, "somebody else").await.unwrap());
    assert!(!system.gate.lift_lockdown(&home, "somebody else").await.unwrap());
    let by = |name: &str| name.to_owned();
    assert_eq!(
        on_record(&system).await,
        [
            (by("somebody else"), None),
            (by("the operator"), Some(vec!["all"])),
            (by("the operator"), Some(vec!["thumbnails", "videos"])),
            (by("the operator"), Some(vec!["videos"])),
        ]
    );
    let record = system.gate.lockdown_record(None, 100).await.unwrap();
    assert_eq!(record[3].reason.as_deref(), Some("We look into wrong thumbnails."));
    assert_eq!(record[3].of, LockdownScope::Home(anna.home.id));
    assert_eq!(system.ledger.verify().await.unwrap().broken, None);

    // One that a crash left off the record, and no other one twice.
    let row = LockdownRow {
        id: LockdownId::generate(),
        scope: LockdownScope::Home(anna.home.id),
        closes: Closed::of([Closable::Live]).unwrap(),
        reason: "before the crash".into(),
        begun_by: "a third one".into(),
        begun_at: Timestamp::now(),
    };
    system.registry.begin_lockdown(row).await.unwrap();
    for _ in 0..2 {
        system.gate.record_lockdowns().await;
        let record = on_record(&system).await;
        assert_eq!((record.len(), &record[0]), (5, &(by("a third one"), Some(vec!["live"]))));
    }
}

#[tokio::test]
async fn without_a_record_it_closes_and_does_not_open_again() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let home = LockdownFor::Home(anna.home.id);
    close(&system, &LockdownFor::Installation, &[Closable::Videos]).await;
    system.ledger.close().await;
    let before = alarms("lockdown-not-recorded");
    close(&system, &home, &[Closable::All]).await;
    assert!(alarms("lockdown-not-recorded") > before);
    for of in [home, LockdownFor::Installation] {
        let refused = system.gate.lift_lockdown(&of, "the operator").await;
        assert!(matches!(refused, Err(GateError::Busy)), "{refused:?}");
    }
    assert_eq!(system.registry.lockdowns().await.unwrap().len(), 2);
    let closed = anna.browser.get(&format!("events?home={}", anna.home.id)).await;
    assert_eq!(closed.problem(), (423, "locked-down".into()));
}
