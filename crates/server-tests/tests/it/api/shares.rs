//! Shares: what they open, for whom, since when and until when; and that all else of the home stays closed.

use std::time::Duration;

use ownsight_model::{CameraId, EventId, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::device::Serving;
use crate::support::member::{Member, invite};
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::share::{holder, of, offer, share};
use crate::support::system::System;

/// Ids of the events that a list has, all of them verified.
async fn events(person: &Person, query: &str) -> Vec<String> {
    let list = person.see(&format!("events{query}")).await;
    assert_eq!(list["unverified"], 0, "{list}");
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    list["events"].as_array().unwrap().iter().map(id).collect()
}

async fn shares(side: &Side) -> Vec<Value> {
    let people = side.program.see(&format!("homes/{}/people", side.home.id)).await;
    assert_eq!(people["unverified"], 0, "{people}");
    people["shares"].as_array().unwrap().clone()
}

/// Adds a camera to the side's home that its device serves, with an event.
async fn another_camera(side: &mut Side) -> (CameraId, EventId) {
    let body = json!({"name": "Lawn", "address": "rtsp://camera.example/lawn"});
    let added = side.program.post(&format!("homes/{}/cameras", side.home.id), &body).await;
    assert_eq!(added.status, 201, "{added:?}");
    let camera: CameraId = added.json()["id"].as_str().unwrap().parse().unwrap();
    let configuration = side.serving.device.configure().await;
    let assigned = configuration.cameras.iter().find(|assigned| assigned.camera == camera).unwrap();
    let sealer = configuration.sealer(assigned);
    let lent = Serving { camera, sealer, device: side.serving.device.lent() };
    let event = EventId::generate();
    let object = lent.seal(event, 90_000);
    assert_eq!(lent.put(event, object).send().await.unwrap().status(), 201);
    (camera, event)
}

async fn sees(person: &Person, event: &str) -> [u16; 3] {
    let mut seen = [0; 3];
    for (status, path) in seen.iter_mut().zip(["", "/thumbnail", "/video"]) {
        *status = person.get(&format!("events/{event}{path}")).await.status;
    }
    seen
}

#[tokio::test]
async fn a_share_opens_its_camera_and_no_other() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let (lawn, hidden) = another_camera(&mut anna).await;
    let (shown, hidden) = (anna.event.to_string(), hidden.to_string());
    let id = share(&anna, &berta.program, &berta.email, &json!({})).await;

    assert_eq!(events(&berta.program, "?shared=1").await, [shown.as_str()]);
    let all = events(&berta.program, "").await;
    assert!(all.len() == 2 && all.contains(&shown) && all.contains(&berta.event.to_string()));
    assert_eq!(events(&berta.program, &format!("?home={}", anna.home.id)).await, [shown.as_str()]);
    assert_eq!(events(&berta.program, &format!("?camera={lawn}")).await, Vec::<String>::new());
    for who in [&berta.program, &berta.browser] {
        assert_eq!(sees(who, &shown).await, [200; 3]);
        assert_eq!(sees(who, &hidden).await, [404; 3]);
        let path = format!("events/{shown}");
        assert_eq!(who.get(&format!("{path}/thumbnail")).await.body, anna.footage.thumbnail);
        assert_eq!(who.get(&format!("{path}/video")).await.body, anna.footage.clip);
        // Rules within what its key opens.
        let download = who.get(&format!("{path}/video?download=1")).await;
        assert_eq!(download.problem(), (403, "not-allowed".into()));
        assert_eq!(who.delete(&path).await.problem(), (403, "not-allowed".into()));
    }
    let detail = berta.program.see(&format!("events/{shown}")).await;
    assert_eq!((&detail["rights"], &detail["position"]), (&json!(["footage"]), &Value::Null));
    assert_eq!((&detail["camera_name"], &detail["found_by"]), (&json!("a camera"), &Value::Null));
    let own = anna.program.see(&format!("events/{shown}")).await;
    assert_eq!(own["rights"], json!(["footage", "export", "delete"]));

    // A share is no membership: of the home itself nothing opens.
    let cameras = berta.program.see("cameras").await;
    assert_eq!(cameras["cameras"].as_array().unwrap().len(), 1);
    for path in ["", "/people", "/devices", "/days/2026-01-01"] {
        let answer = berta.program.get(&format!("homes/{}{path}", anna.home.id)).await;
        assert_eq!(answer.problem(), (404, "not-found".into()), "{path}");
    }
    let held = berta.program.see("shares").await;
    assert_eq!((held["shares"].as_array().unwrap().len(), &held["unverified"]), (1, &json!(0)));
    let held = &held["shares"][0];
    assert_eq!((&held["id"], &held["home_name"]), (&json!(id), &json!("anna home")));
    assert_eq!(held["cameras"], json!([{"id": anna.camera(), "name": "a camera"}]));
    assert_eq!((&held["shared_by"], &held["state"]), (&json!("anna"), &json!("live")));
    assert_eq!(berta.program.see("me").await["shares"], 1);

    let of_anna = shares(&anna).await;
    assert_eq!(of_anna.len(), 1);
    let seen = &of_anna[0];
    assert_eq!((&seen["name"], &seen["email"]), (&json!("berta"), &json!(berta.email)));
    assert_eq!((&seen["made_by"], &seen["link_ends_at"]), (&json!("anna"), &Value::Null));
    let (made_at, accepted_at) = (seen["made_at"].as_i64().unwrap(), seen["accepted_at"].as_i64().unwrap());
    assert!(made_at <= accepted_at && accepted_at <= Timestamp::now().as_micros());
    assert_eq!(held["since"], made_at, "as both see it");
    assert_eq!((&seen["events"], &seen["opened"], &seen["state"]), (&json!(1), &json!(1), &json!("live")));
    assert_eq!(berta.program.see("me").await["homes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn from_now_on_closes_the_past_by_key() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let tom = holder(&anna, &system.url, "tom", &json!({"now_on": true})).await;
    assert_eq!(events(&tom.person, "").await, Vec::<String>::new());
    assert_eq!(sees(&tom.person, &anna.event.to_string()).await, [404; 3]);
    // What the device seals before it has its new configuration stays closed, too.
    let before = anna.deliver().await.to_string();
    assert_eq!(sees(&tom.person, &before).await, [404; 3]);
    anna.serving.renew().await;
    let later = anna.deliver_now().await.to_string();
    assert_eq!(sees(&tom.person, &later).await, [200; 3]);
    assert_eq!(events(&tom.person, "").await, [later.as_str()]);
    assert_eq!(events(&anna.program, "").await.len(), 3);
    let seen = &shares(&anna).await[0];
    assert_eq!((&seen["now_on"], &seen["events"]), (&json!(true), &json!(1)));
    // The epoch that began has a salt and a time of its own.
    let raw = system.raw();
    let sql = "SELECT count(*), count(DISTINCT salt), count(DISTINCT created_at) FROM camera_epochs
               WHERE camera IN (SELECT camera FROM share_epochs)";
    let epochs: (i64, i64, i64) =
        raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!(epochs, (2, 2, 2));

    // Whoever is given the same camera later gets all of it, and the first share goes on.
    let lea = holder(&anna, &system.url, "lea", &json!({})).await;
    assert_eq!(events(&lea.person, "").await.len(), 3);
    assert_eq!(events(&tom.person, "").await, [later.as_str()]);
}

#[tokio::test]
async fn a_share_ends_at_once_and_its_cameras_get_new_keys() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let (tom, lea) = (
        holder(&anna, &system.url, "tom", &json!({})).await,
        holder(&anna, &system.url, "lea", &json!({})).await,
    );
    let shown = anna.event.to_string();
    assert_eq!((sees(&tom.person, &shown).await, sees(&lea.person, &shown).await), ([200; 3], [200; 3]));
    let path = format!("homes/{}/shares/{}", anna.home.id, tom.id);
    let ended = anna.program.delete(&path).await;
    assert_eq!((ended.status, ended.json()), (200, json!({"cameras": 1, "devices": 1})));
    assert_eq!(sees(&tom.person, &shown).await, [404; 3]);
    assert_eq!(events(&tom.person, "").await, Vec::<String>::new());
    assert_eq!(tom.person.see("me").await["shares"], 0);
    assert_eq!(anna.program.delete(&path).await.problem(), (404, "not-found".into()));

    // Who stays sees what the device seals under its next configuration; the share's key came while she was away.
    anna.serving.renew().await;
    let later = anna.deliver().await.to_string();
    for _ in 0..2 {
        assert_eq!(sees(&lea.person, &later).await, [200; 3]);
        lea.person.see("me").await;
    }
    assert_eq!(sees(&tom.person, &later).await, [404; 3]);

    // Given up by its holder: closed at once, and new keys with the owner's next request.
    assert_eq!(lea.person.delete(&format!("shares/{}", tom.id)).await.problem().0, 404);
    assert_eq!(lea.person.delete(&format!("shares/{}", lea.id)).await.status, 204);
    assert_eq!(sees(&lea.person, &later).await, [404; 3]);
    assert_eq!(anna.serving.device.ask(0).await.status(), 204);
    anna.program.see("me").await;
    anna.serving.renew().await;
    assert_eq!(shares(&anna).await, Vec::<Value>::new());
    let own = anna.deliver().await.to_string();
    assert_eq!(sees(&anna.program, &own).await, [200; 3]);
}

#[tokio::test]
async fn a_share_has_its_time() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let shown = anna.event.to_string();
    let in_seconds = |seconds: i64| Timestamp::now().shifted(seconds * 1_000_000).as_micros();
    let later = json!({"from": in_seconds(3600), "until": in_seconds(7200)});
    let tom = holder(&anna, &system.url, "tom", &later).await;
    assert_eq!(sees(&tom.person, &shown).await, [404; 3]);
    assert_eq!(tom.person.see("shares").await["shares"][0]["state"], "not-begun");
    assert_eq!(shares(&anna).await[0]["state"], "not-begun");

    // Events are half a minute old: from before them, and from after.
    let lea = holder(&anna, &system.url, "lea", &json!({"from": in_seconds(-300)})).await;
    assert_eq!(sees(&lea.person, &shown).await, [200; 3]);
    let mia = holder(&anna, &system.url, "mia", &json!({"from": in_seconds(-5)})).await;
    assert_eq!(sees(&mia.person, &shown).await, [404; 3]);
    assert_eq!(events(&mia.person, "").await, Vec::<String>::new());

    let until = in_seconds(8);
    let zoe = holder(&anna, &system.url, "zoe", &json!({"until": until})).await;
    assert_eq!(sees(&zoe.person, &shown).await, [200; 3]);
    let of_zoe = |list: Vec<Value>| list.iter().any(|share| share["id"] == json!(zoe.id));
    assert!(of_zoe(shares(&anna).await));
    let left = Timestamp::from_micros(until).since(Timestamp::now());
    tokio::time::sleep(left + Duration::from_millis(10)).await;
    assert_eq!(sees(&zoe.person, &shown).await, [404; 3]);
    assert_eq!(zoe.person.see("shares").await["shares"], json!([]));
    // Its end by time is a rule until the owner's next request, which gives the camera a new key.
    assert_eq!(anna.serving.device.ask(0).await.status(), 204);
    assert!(!of_zoe(shares(&anna).await));
    anna.serving.renew().await;
    let own = anna.deliver().await.to_string();
    assert_eq!(sees(&lea.person, &own).await, [200; 3]);
}

#[tokio::test]
async fn rights_are_given_and_taken() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let before = holder(&anna, &system.url, "lea", &json!({})).await;
    let tom = holder(&anna, &system.url, "tom", &json!({})).await;
    let after = holder(&anna, &system.url, "zoe", &json!({})).await;
    let path = format!("homes/{}/shares/{}", anna.home.id, tom.id);
    let event = format!("events/{}", anna.event);
    let change = async |body: Value| anna.program.patch(&path, &body).await;
    assert_eq!(change(json!({"rights": ["footage", "export", "delete"]})).await.status, 204);
    let download = tom.person.get(&format!("{event}/video?download=1")).await;
    assert_eq!((download.status, &download.body), (200, &anna.footage.clip));
    assert!(download.header("content-disposition").unwrap().contains("a-camera.mp4"));
    assert_eq!(tom.person.see(&event).await["rights"], json!(["footage", "export", "delete"]));
    for other in [&before, &after] {
        assert_eq!(other.person.see(&event).await["rights"], json!(["footage"]), "of the one share only");
    }
    let until = Timestamp::now().shifted(60_000_000).as_micros();
    assert_eq!(change(json!({"until": until})).await.status, 204);
    let held = tom.person.see("shares").await["shares"][0].clone();
    assert_eq!((&held["until"], &held["rights"]), (&json!(until), &json!(["footage", "export", "delete"])));
    assert_eq!(change(json!({"until": null})).await.status, 204);
    let ends: Vec<Value> = shares(&anna).await.iter().map(|share| share["until"].clone()).collect();
    assert_eq!(ends, vec![Value::Null; 3]);
    assert_eq!(tom.person.delete(&event).await.status, 204);
    assert_eq!(anna.program.get(&event).await.status, 404, "erased for everybody");
    let kept = anna.deliver().await;
    assert_eq!(change(json!({"rights": ["footage"]})).await.status, 204);
    assert_eq!(tom.person.delete(&format!("events/{kept}")).await.problem().0, 403);
}

#[tokio::test]
async fn a_share_is_offered_by_a_link_that_says_what_it_is() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let (lawn, _) = another_camera(&mut anna).await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let adult = Member::join(&anna, &system.url, "ada", "adult").await;
    let path = format!("homes/{}/shares", anna.home.id);
    let cameras = [anna.camera(), lawn];
    let body = of(&cameras, "tom@example.org", &json!({"rights": ["footage", "export"]}));
    assert_eq!(lea.person.post(&path, &body).await.problem(), (403, "not-allowed".into()));
    let offered = offer(&adult.person, &anna, &body).await;
    let waiting = &shares(&anna).await[0];
    assert_eq!((&waiting["state"], &waiting["made_by"]), (&json!("waiting"), &json!("ada")));
    assert_eq!((&waiting["email"], &waiting["accepted_at"]), (&json!("tom@example.org"), &Value::Null));
    assert_eq!(waiting["link_ends_at"], offered["expires_at"]);
    assert_eq!(waiting["cameras"].as_array().unwrap().len(), 2);
    let opens = json!({"secret": offered["secret"], "email": "tom@example.org"});
    let nobody = Person::nobody(&system.url);
    let opened = nobody.post("invitations/open", &opens).await.json();
    assert_eq!((&opened["role"], &opened["invited_by"]), (&Value::Null, &json!("ada")));
    assert_eq!(opened["share"]["cameras"], json!(["a camera", "Lawn"]));
    assert_eq!(opened["share"]["rights"], json!(["footage", "export"]));

    // Sealed anew before it is accepted, because a camera of it begins an epoch.
    let other = holder(&anna, &system.url, "mia", &json!({})).await;
    let end = format!("{path}/{}", other.id);
    assert_eq!(anna.program.delete(&end).await.status, 200);
    let tom = Member::redeem(&system.url, &offered, "tom").await;
    let me = tom.person.see("me").await;
    assert_eq!((&me["homes"], &me["shares"]), (&json!([]), &json!(1)));
    assert_eq!(events(&tom.person, "?shared=1").await.len(), 2);
    assert_eq!(shares(&anna).await[0]["state"], "live");
    assert_eq!(nobody.post("invitations/open", &opens).await.problem(), (404, "link-used".into()));

    // What cannot be offered.
    let wrong = |change: Value| {
        let path = path.clone();
        let body = of(&cameras, "zoe@example.org", &change);
        let anna = &anna;
        async move { anna.program.send(Method::POST, &path, Some(&body)).await.problem() }
    };
    let past = Timestamp::now().as_micros() - 1;
    for (change, problem) in [
        (json!({"email": "lea@example.org"}), (409, "already-member")),
        (json!({"cameras": []}), (422, "invalid")),
        (json!({"cameras": [CameraId::generate()]}), (404, "not-found")),
        (json!({"rights": ["export"]}), (422, "malformed")),
        (json!({"rights": []}), (422, "malformed")),
        (json!({"from": past, "now_on": true}), (422, "invalid")),
        (json!({"until": past}), (422, "invalid")),
        (json!({"email": "nobody"}), (422, "invalid")),
    ] {
        assert_eq!(wrong(change.clone()).await, (problem.0, problem.1.to_owned()), "{change}");
    }
}

#[tokio::test]
async fn a_share_outlives_the_removal_of_a_member_and_an_open_offer_does_not() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let ada = Member::join(&anna, &system.url, "ada", "adult").await;
    let tom = holder(&anna, &system.url, "tom", &json!({})).await;
    let open = offer(&ada.person, &anna, &of(&[anna.camera()], "eve@example.org", &json!({}))).await;
    let removed = anna.program.delete(&format!("homes/{}/members/{}", anna.home.id, ada.id)).await;
    assert_eq!(removed.status, 200);
    let opens = json!({"secret": open["secret"], "email": "eve@example.org"});
    let answer = Person::nobody(&system.url).post("invitations/open", &opens).await;
    assert_eq!(answer.problem(), (404, "link-used".into()));
    anna.serving.renew().await;
    let later = anna.deliver().await.to_string();
    let both = events(&tom.person, "").await;
    assert!(both.len() == 2 && both.contains(&later));
    assert_eq!(sees(&tom.person, &later).await, [200; 3]);
    assert_eq!(shares(&anna).await.len(), 1);

    // And the removal of the device that serves its camera.
    let device = anna.serving.device.scope.device;
    assert_eq!(anna.program.delete(&format!("devices/{device}")).await.status, 204);
    assert_eq!(sees(&tom.person, &later).await, [200; 3]);
    assert_eq!(tom.person.see("shares").await["unverified"], 0);
    assert_eq!(tom.person.see("shares").await["shares"][0]["cameras"][0]["name"], "a camera");
}

#[tokio::test]
async fn an_erased_camera_leaves_its_shares() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let (lawn, hidden) = another_camera(&mut anna).await;
    let body = of(&[anna.camera(), lawn], "tom@example.org", &json!({}));
    let tom = Member::redeem(&system.url, &offer(&anna.program, &anna, &body).await, "tom").await;
    assert_eq!(events(&tom.person, "").await.len(), 2);
    assert_eq!(anna.program.delete(&format!("cameras/{lawn}")).await.status, 200);
    assert_eq!(events(&tom.person, "").await, [anna.event.to_string()]);
    assert_eq!(sees(&tom.person, &hidden.to_string()).await, [404; 3]);
    let held = tom.person.see("shares").await;
    assert_eq!((held["shares"][0]["cameras"].as_array().unwrap().len(), &held["unverified"]), (1, &json!(0)));
    assert_eq!(shares(&anna).await[0]["cameras"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_becomes_a_member_holds_no_share_any_more() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let tom = holder(&anna, &system.url, "tom", &json!({})).await;
    let shown = anna.event.to_string();
    let invitation = invite(&anna.program, &anna.home.id.to_string(), &tom.email, "viewer").await;
    let accept = json!({"secret": invitation["secret"], "email": tom.email});
    assert_eq!(tom.person.post("invitations/accept", &accept).await.status, 201);
    assert_eq!(sees(&tom.person, &shown).await, [200; 3]);
    // The owner looks at what is theirs, and the camera gets its new key by the way.
    anna.program.see("me").await;
    assert_eq!(shares(&anna).await, Vec::<Value>::new());
    let people = anna.program.see(&format!("homes/{}/people", anna.home.id)).await;
    assert_eq!(people["waiting_devices"], json!(["an agent"]));
    anna.serving.renew().await;
    let member = invitation["id"].as_str().unwrap();
    let removed = anna.program.delete(&format!("homes/{}/members/{member}", anna.home.id)).await;
    assert_eq!(removed.status, 200);
    assert_eq!(sees(&tom.person, &shown).await, [404; 3]);
    assert_eq!(tom.person.see("shares").await["shares"], json!([]));
}

/// What the database says of a share's time is not what opens: its contents were sealed with it.
#[tokio::test]
async fn a_share_has_the_time_that_was_sealed_whatever_its_row_says() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let shown = anna.event.to_string();
    let in_seconds = |seconds: i64| Timestamp::now().shifted(seconds * 1_000_000).as_micros();
    let until = in_seconds(8);
    let past = holder(&anna, &system.url, "past", &json!({"from": in_seconds(-5)})).await;
    let later = holder(&anna, &system.url, "later", &json!({"from": in_seconds(3600)})).await;
    let over = holder(&anna, &system.url, "over", &json!({"until": until})).await;
    let raw = system.raw();
    raw.execute("UPDATE shares SET from_at = NULL, until_at = NULL", []).unwrap();
    // That a row finds more than what is opened is no picture: nothing, or an alarm.
    let nothing = async |person: &Person| {
        assert_eq!(person.see("events").await["events"], json!([]));
        assert!(sees(person, &shown).await.iter().all(|status| matches!(status, 404 | 500)));
    };
    nothing(&past.person).await;
    nothing(&later.person).await;
    assert_eq!(sees(&over.person, &shown).await, [200; 3]);
    assert_eq!(events(&over.person, "").await, [shown.as_str()]);
    let left = Timestamp::from_micros(until).since(Timestamp::now());
    tokio::time::sleep(left + Duration::from_millis(10)).await;
    nothing(&over.person).await;
}

/// A share that came while its holder was away is put under the holder's own key at their first request.
#[tokio::test]
async fn what_came_while_somebody_was_away_is_put_under_their_own_key() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = holder(&anna, &system.url, "tom", &json!({})).await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let member = format!("homes/{}/members/{}", anna.home.id, lea.id);
    assert_eq!(anna.program.patch(&member, &json!({"role": "adult"})).await.status, 204);
    let terms = json!({"rights": ["footage", "export"]});
    let share = format!("homes/{}/shares/{}", anna.home.id, tom.id);
    assert_eq!(anna.program.patch(&share, &terms).await.status, 204);
    let raw = system.raw();
    let away = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table} WHERE away = 1");
        raw.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((away("grants"), away("shares")), (1, 1));
    lea.person.see("me").await;
    assert_eq!((away("grants"), away("shares")), (0, 1));
    tom.person.see("shares").await;
    assert_eq!((away("grants"), away("shares")), (0, 0));
    assert_eq!(
        tom.person.see(&format!("events/{}", anna.event)).await["rights"],
        json!(["footage", "export"])
    );
}

/// Of several shares each names its own cameras; a share of the same camera that begins now leaves none behind.
#[tokio::test]
async fn shares_of_one_holder_and_of_one_camera_do_not_mix() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let (lawn, _) = another_camera(&mut anna).await;
    let raw = system.raw();
    let home = anna.home.id.to_string().replace('-', "");
    let serial = || {
        let sql = "SELECT serial FROM rosters WHERE lower(hex(home)) = ?1";
        raw.query_row(sql, [&home], |row| row.get::<_, i64>(0)).unwrap()
    };
    let first = share(&anna, &berta.program, &berta.email, &json!({})).await;
    let offered = offer(&anna.program, &anna, &of(&[lawn], &berta.email, &json!({}))).await;
    let accept = json!({"secret": offered["secret"], "email": berta.email});
    assert_eq!(berta.program.post("invitations/accept", &accept).await.status, 201);
    anna.program.see("me").await;
    let held = berta.program.see("shares").await;
    assert_eq!(held["unverified"], 0);
    let mut named: Vec<_> =
        held["shares"].as_array().unwrap().iter().map(|share| share["cameras"].clone()).collect();
    named.sort_by_key(ToString::to_string);
    let mut expected =
        vec![json!([{"id": anna.camera(), "name": "a camera"}]), json!([{"id": lawn, "name": "Lawn"}])];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(named, expected);
    // A viewer of the home sees its people, and not its shares.
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let seen = lea.person.see(&format!("homes/{}/people", anna.home.id)).await;
    assert_eq!((seen["members"].as_array().unwrap().len(), &seen["shares"]), (2, &json!([])));

    // One that begins now gives the camera new keys, and to who had it them too.
    let now_on = json!({"now_on": true});
    let tom = holder(&anna, &system.url, "tom", &now_on).await;
    anna.serving.renew().await;
    let later = anna.deliver_now().await.to_string();
    for person in [&berta.program, &tom.person, &lea.person] {
        assert_eq!(sees(person, &later).await, [200; 3]);
    }
    // A row that says another home than what was sealed is no share of it.
    raw.execute("UPDATE shares SET home = (SELECT id FROM homes WHERE lower(hex(id)) <> ?1)", [&home])
        .unwrap();
    let strange = tom.person.see("shares").await;
    assert_eq!((&strange["shares"], &strange["unverified"]), (&json!([]), &json!(1)));
    raw.execute("UPDATE shares SET home = (SELECT id FROM homes WHERE lower(hex(id)) = ?1)", [&home])
        .unwrap();

    // The roster is written anew when somebody who was in it goes, and only then.
    let open = offer(&anna.program, &anna, &of(&[lawn], "eve@example.org", &json!({}))).await;
    let path = |share: &str| format!("homes/{}/shares/{share}", anna.home.id);
    let before = serial();
    assert_eq!(anna.program.delete(&path(open["id"].as_str().unwrap())).await.status, 200);
    assert_eq!(serial(), before);
    assert_eq!(anna.program.delete(&path(&first)).await.status, 200);
    assert_eq!(serial(), before + 1);
}
