//! Members of a home: invited, with a role that is a key, removed, gone by themselves; and what they see of its past and future.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{Email, Timestamp};
use ownsight_seal::InvitationSecret;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::alarms::alarms;
use crate::support::member::{Member, invite};
use crate::support::person::{Person, half};
use crate::support::scene::Side;
use crate::support::system::System;

fn names(people: &Value) -> Vec<(&str, &str)> {
    let members = people["members"].as_array().unwrap().iter();
    members.map(|member| (member["name"].as_str().unwrap(), member["role"].as_str().unwrap())).collect()
}

async fn people(person: &Person, side: &Side) -> Value {
    person.see(&format!("homes/{}/people", side.home.id)).await
}

/// Ids of the events that a list has, all of them verified.
async fn events(person: &Person) -> Vec<String> {
    let list = person.see("events").await;
    assert_eq!(list["unverified"], 0, "{list}");
    let of = |event: &Value| event["id"].as_str().unwrap().to_owned();
    list["events"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn an_invitation_opens_for_the_address_that_was_typed_and_once() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let nobody = Person::nobody(&system.url);
    let invitation = invite(&anna.program, &anna.home.id.to_string(), " Lea@Example.org", "viewer").await;
    assert_eq!((&invitation["email"], &invitation["role"]), (&json!("lea@example.org"), &json!("viewer")));
    let seen = people(&anna.program, &anna).await["invitations"][0].clone();
    let lasts = seen["expires_at"].as_i64().unwrap() - seen["made_at"].as_i64().unwrap();
    assert_eq!(lasts, 7 * 86_400_000_000, "a week");
    let secret = invitation["secret"].clone();
    let with = |email: &str| json!({"secret": secret, "email": email});
    let opened = nobody.post("invitations/open", &with("lea@example.org ")).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    let opened = opened.json();
    assert_eq!(
        (&opened["home_name"], &opened["role"], &opened["invited_by"], &opened["has_account"]),
        (&json!("anna home"), &json!("viewer"), &json!("anna"), &json!(false))
    );

    // A row that was moved to another home says what it is not.
    let berta = Side::build(&system, "berta").await;
    let raw = system.raw();
    let moved = |to: &str| {
        let sql = "UPDATE invitations SET home = (SELECT id FROM homes WHERE lower(hex(id)) = ?1)";
        raw.execute(sql, [to.replace('-', "")]).unwrap();
    };
    moved(&berta.home.id.to_string());
    let strange = nobody.post("invitations/open", &with("lea@example.org")).await;
    assert_eq!(strange.problem(), (500, "not-verified".into()));
    moved(&anna.home.id.to_string());

    // Whoever has the link, and not the address.
    let wrong = nobody.post("invitations/open", &with("eve@example.org")).await;
    assert_eq!(wrong.problem(), (422, "invalid".into()));
    assert_eq!(wrong.json()["field"], "email");
    let mut redeem = with("eve@example.org");
    redeem["password"] = json!("a long password");
    redeem["name"] = json!("Eve");
    assert_eq!(nobody.post("invitations/redeem", &redeem).await.problem(), (422, "invalid".into()));
    let accepted = anna.program.post("invitations/accept", &with("lea@example.org")).await;
    assert_eq!(accepted.problem(), (403, "not-allowed".into()), "signed in with another address");
    for other in [half(7), "x".into(), String::new()] {
        let answer =
            nobody.post("invitations/open", &json!({"secret": other, "email": "lea@example.org"})).await;
        assert_eq!(answer.problem(), (404, "link-used".into()));
    }

    let lea = Member::redeem(&system.url, &invitation, "lea").await;
    for path in ["invitations/open", "invitations/redeem"] {
        let mut body = with("lea@example.org");
        if path.ends_with("redeem") {
            body["password"] = json!("a long password");
            body["name"] = json!("Lea");
        }
        assert_eq!(nobody.post(path, &body).await.problem(), (404, "link-used".into()), "{path}");
    }
    // At once, before the owner is there again; then she is in the roster.
    assert_eq!(events(&lea.person).await, [anna.event.to_string()]);
    let early = people(&lea.person, &anna).await;
    assert_eq!(names(&early), [("anna", "owner"), ("lea", "viewer")]);
    let since = |number: usize| early["members"][number]["since"].as_i64().unwrap();
    assert!(since(1) > since(0), "each since they came");
    assert_eq!(names(&people(&anna.program, &anna).await), [("anna", "owner"), ("lea", "viewer")]);
    let seen = people(&lea.person, &anna).await;
    assert_eq!(names(&seen), [("anna", "owner"), ("lea", "viewer")]);
    assert_eq!((&seen["members"][0]["email"], &seen["members"][1]["you"]), (&Value::Null, &json!(true)));
    assert_eq!(seen["members"][1]["invited_by"], "anna");
}

#[tokio::test]
async fn who_has_an_account_accepts_with_it_and_then_has_two_homes() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let home = anna.home.id.to_string();
    let invitation = invite(&anna.program, &home, &berta.email, "adult").await;
    let body = json!({"secret": invitation["secret"], "email": berta.email});
    let opened = Person::nobody(&system.url).post("invitations/open", &body).await.json();
    assert_eq!(opened["has_account"], true);
    let joined = berta.browser.post("invitations/accept", &body).await;
    assert_eq!((joined.status, joined.json()), (201, json!({"home_id": home, "share_id": null})));
    let seen = events(&berta.program).await;
    assert_eq!(seen.len(), 2);
    assert!(seen.contains(&anna.event.to_string()) && seen.contains(&berta.event.to_string()));
    assert_eq!(events(&anna.program).await, [anna.event.to_string()], "and not the other way round");
    // Each home's cameras with its own addresses, because an adult has the control key.
    let cameras = berta.program.see("cameras").await;
    assert_eq!((cameras["cameras"].as_array().unwrap().len(), &cameras["unverified"]), (2, &json!(0)));
    assert!(cameras["cameras"].as_array().unwrap().iter().all(|camera| camera["address"].is_string()));

    let again = json!({"email": berta.email, "role": "viewer"});
    let again = anna.program.post(&format!("homes/{home}/invitations"), &again).await;
    assert_eq!(again.problem(), (409, "already-member".into()));
}

#[tokio::test]
async fn a_role_is_a_key() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let camera = lea.person.see(&format!("cameras/{}", anna.camera())).await;
    assert_eq!((&camera["address"], &camera["has_password"]), (&Value::Null, &json!(false)));
    assert_eq!(
        lea.person.get(&format!("events/{}/thumbnail", anna.event)).await.body,
        anna.footage.thumbnail
    );
    assert_eq!(lea.person.get(&format!("events/{}/video", anna.event)).await.body, anna.footage.clip);
    let erase = lea.person.delete(&format!("events/{}", anna.event)).await;
    assert_eq!(erase.problem(), (403, "not-allowed".into()));

    // Made an adult while away: the grant is sealed to her, opens at her next request, and is then her own.
    let member = format!("homes/{}/members/{}", anna.home.id, lea.id);
    assert_eq!(anna.program.patch(&member, &json!({"role": "adult"})).await.status, 204);
    assert_eq!(anna.serving.device.ask(0).await.status(), 204, "that takes no new keys");
    for _ in 0..2 {
        let camera = lea.person.see(&format!("cameras/{}", anna.camera())).await;
        assert!(camera["address"].is_string());
        assert_eq!(lea.person.see("me").await["homes"][0]["role"], "adult");
    }
    assert_eq!(
        lea.person.patch(&format!("cameras/{}", anna.camera()), &json!({"name": "Hers"})).await.status,
        200
    );

    // And a viewer again: that takes new keys, because she knew the old ones.
    assert_eq!(anna.serving.device.newest().await.cameras[0].home_epoch.number(), 1, "renamed");
    assert_eq!(anna.program.patch(&member, &json!({"role": "viewer"})).await.status, 204);
    assert_eq!(anna.serving.device.newest().await.cameras[0].home_epoch.number(), 2);
    assert_eq!(lea.person.see("me").await["homes"][0]["role"], "viewer");
    let camera = lea.person.see(&format!("cameras/{}", anna.camera())).await;
    assert_eq!((&camera["address"], &camera["name"]), (&Value::Null, &json!("Hers")));
    assert_eq!(
        lea.person.patch(&format!("cameras/{}", anna.camera()), &json!({"name": "x"})).await.status,
        403
    );
    assert_eq!(events(&lea.person).await, [anna.event.to_string()], "the past is still hers");
    assert_eq!(events(&anna.program).await, [anna.event.to_string()]);
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_and_all_others_see_past_and_future() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let before = anna.event.to_string();
    assert_eq!(events(&tom.person).await, std::slice::from_ref(&before));

    let member = format!("homes/{}/members/{}", anna.home.id, tom.id);
    let removed = anna.program.delete(&member).await;
    // Two cameras are drafts of tests.
    assert_eq!((removed.status, removed.json()), (200, json!({"cameras": 3, "devices": 1})));
    assert_eq!(anna.program.delete(&member).await.problem(), (404, "not-found".into()));
    assert_eq!(events(&tom.person).await, Vec::<String>::new());
    for path in
        [format!("homes/{}", anna.home.id), format!("events/{before}"), format!("events/{before}/thumbnail")]
    {
        assert_eq!(tom.person.get(&path).await.problem(), (404, "not-found".into()), "{path}");
    }
    let seen = people(&anna.program, &anna).await;
    assert_eq!(names(&seen), [("anna", "owner"), ("lea", "viewer")]);
    assert_eq!(seen["waiting_devices"], json!(["an agent"]));

    // What the device recorded under its former configuration, and what it records under the new one.
    let queued = anna.deliver().await.to_string();
    let configuration = anna.serving.device.configure().await;
    let assigned = &configuration.cameras[0];
    assert_eq!(assigned.home_epoch.number(), 2);
    anna.serving.sealer = configuration.sealer(assigned);
    anna.serving.device.ask(0).await;
    let fresh = anna.deliver().await.to_string();
    for person in [&anna.program, &anna.browser, &lea.person, &lea.person] {
        let mut seen = events(person).await;
        seen.sort();
        let mut expected = vec![before.clone(), queued.clone(), fresh.clone()];
        expected.sort();
        assert_eq!(seen, expected);
        for event in [&before, &queued, &fresh] {
            let video = person.get(&format!("events/{event}/video")).await;
            assert_eq!((video.status, video.body == anna.footage.clip), (200, true));
            assert_eq!(person.get(&format!("events/{event}")).await.status, 200);
        }
        let cameras = person.see("cameras").await;
        assert_eq!((&cameras["unverified"], &cameras["cameras"][0]["name"]), (&json!(0), &json!("a camera")));
        assert!(cameras["cameras"][0]["still_at"].is_number(), "a still from before");
    }
    assert_eq!(people(&anna.program, &anna).await["waiting_devices"], json!([]));
    // A home can go on through epochs.
    let mia = Member::join(&anna, &system.url, "mia", "adult").await;
    assert_eq!(events(&mia.person).await.len(), 3);
    assert_eq!(anna.program.delete(&format!("homes/{}/members/{}", anna.home.id, mia.id)).await.status, 200);
    assert_eq!(events(&lea.person).await.len(), 3);
}

#[tokio::test]
async fn a_video_on_its_way_ends_when_its_viewer_is_removed() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "viewer").await;
    let mut video =
        tom.person.request(Method::GET, &format!("events/{}/video", anna.event)).send().await.unwrap();
    let mut read = video.chunk().await.unwrap().unwrap().len();
    let removed = anna.program.delete(&format!("homes/{}/members/{}", anna.home.id, tom.id)).await;
    assert_eq!(removed.status, 200);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    // What lies in buffers already comes; nothing opens any more, and the body ends short.
    while let Ok(Some(chunk)) = video.chunk().await {
        read += chunk.len();
    }
    let again = tom.person.get(&format!("events/{}/video", anna.event)).await;
    assert_eq!(again.problem(), (404, "not-found".into()));
    assert!(read <= anna.footage.clip.len());
}

#[tokio::test]
async fn who_leaves_is_out_and_the_next_who_may_makes_new_keys() {
    let system = System::start().await;
    let mut anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let left = tom.person.delete(&format!("homes/{}/members/{}", anna.home.id, tom.id)).await;
    assert_eq!((left.status, left.json()), (200, json!({"cameras": 0, "devices": 0})));
    assert_eq!(tom.person.see("me").await["homes"], json!([]));
    // A viewer's request makes no keys: she has not the control key. No configuration is there.
    events(&lea.person).await;
    lea.person.see("me").await;
    assert_eq!(anna.serving.device.ask(0).await.status(), 204);
    anna.program.see("me").await;
    let configuration = anna.serving.device.configure().await;
    assert_eq!(configuration.cameras[0].home_epoch.number(), 2);
    assert_eq!(events(&lea.person).await, [anna.event.to_string()]);
    assert_eq!(names(&people(&lea.person, &anna).await), [("anna", "owner"), ("lea", "viewer")]);
}

#[tokio::test]
async fn a_home_keeps_an_owner_and_an_adult_is_not_above_one() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let home = format!("homes/{}", anna.home.id);
    let owner = people(&anna.program, &anna).await["members"][0]["id"].as_str().unwrap().to_owned();
    let member = |id: &str| format!("{home}/members/{id}");
    let role = |role: &str| json!({"role": role});

    assert_eq!(anna.program.delete(&member(&owner)).await.problem(), (409, "last-owner".into()));
    let answer = anna.program.patch(&member(&owner), &role("adult")).await;
    assert_eq!(answer.problem(), (409, "last-owner".into()));
    let refused = (403, "not-allowed".to_owned());
    assert_eq!(tom.person.delete(&member(&owner)).await.problem(), refused);
    assert_eq!(tom.person.patch(&member(&owner), &role("viewer")).await.problem(), refused);
    assert_eq!(tom.person.patch(&member(&tom.id), &role("owner")).await.problem(), refused);
    assert_eq!(tom.person.patch(&member(&lea.id), &role("owner")).await.problem(), refused);
    let invitation = json!({"email": "mia@example.org", "role": "owner"});
    assert_eq!(tom.person.post(&format!("{home}/invitations"), &invitation).await.problem(), refused);
    assert_eq!(anna.program.patch(&member(&lea.id), &json!({"role": "king"})).await.problem().0, 422);
    assert_eq!(tom.person.patch(&member(&lea.id), &role("adult")).await.status, 204);

    // Handing over: then she may go.
    assert_eq!(anna.program.patch(&member(&tom.id), &role("owner")).await.status, 204);
    assert_eq!(tom.person.see("me").await["homes"][0]["role"], "owner");
    assert_eq!(
        anna.program.patch(&member(&owner), &role("viewer")).await.problem(),
        refused,
        "not by herself"
    );
    assert_eq!(anna.program.patch(&member(&owner), &role("adult")).await.status, 204);
    assert_eq!(anna.program.patch(&member(&tom.id), &role("viewer")).await.problem(), refused);
    assert_eq!(anna.program.delete(&member(&owner)).await.status, 200);
    assert_eq!(events(&tom.person).await, [anna.event.to_string()]);
    assert_eq!(names(&people(&tom.person, &anna).await), [("tom", "owner"), ("lea", "adult")]);
    assert_eq!(tom.person.delete(&member(&tom.id)).await.problem(), (409, "last-owner".into()));
}

#[tokio::test]
async fn what_a_removed_member_began_leads_nowhere() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let home = anna.home.id.to_string();
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    // A way back in for himself, and a device of his own.
    let for_himself = invite(&tom.person, &home, "tom2@example.org", "adult").await;
    let pairing = tom.person.post(&format!("homes/{home}/devices"), &json!({"name": "a box"})).await.json();
    let code = pairing["code"].as_str().unwrap();
    assert_eq!(anna.program.delete(&format!("homes/{home}/members/{}", tom.id)).await.status, 200);
    let body = json!({"secret": for_himself["secret"], "email": "tom2@example.org"});
    let answer = Person::nobody(&system.url).post("invitations/open", &body).await;
    assert_eq!(answer.problem(), (404, "link-used".into()));
    assert_eq!(people(&anna.program, &anna).await["invitations"], json!([]));
    let find =
        data_encoding::BASE64URL_NOPAD.encode(&code.parse::<ownsight_seal::PairingCode>().unwrap().find());
    let client = crate::support::device::client();
    let asked = crate::support::device::call(&client, &system.url, Method::POST, "pairings/find");
    assert_eq!(asked.json(&json!({"find": find})).send().await.unwrap().status(), 404);
    let devices = anna.program.see(&format!("homes/{home}/devices")).await;
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_invitation_can_be_withdrawn_by_who_may_make_it() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let home = anna.home.id.to_string();
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let for_an_owner = invite(&anna.program, &home, "ida@example.org", "owner").await;
    let for_mia = invite(&tom.person, &home, "mia@example.org", "viewer").await;
    let seen = people(&anna.program, &anna).await;
    let open = seen["invitations"].as_array().unwrap();
    let open: Vec<_> = open.iter().map(|row| (&row["email"], &row["made_by"])).collect();
    assert_eq!(
        open,
        [(&json!("ida@example.org"), &json!("anna")), (&json!("mia@example.org"), &json!("tom"))]
    );
    let path =
        |invitation: &Value| format!("homes/{home}/invitations/{}", invitation["id"].as_str().unwrap());
    assert_eq!(tom.person.delete(&path(&for_an_owner)).await.problem(), (403, "not-allowed".into()));
    assert_eq!(anna.program.delete(&path(&for_mia)).await.status, 204);
    assert_eq!(anna.program.delete(&path(&for_mia)).await.problem(), (404, "not-found".into()));
    let body = json!({"secret": for_mia["secret"], "email": "mia@example.org"});
    let answer = Person::nobody(&system.url).post("invitations/open", &body).await;
    assert_eq!(answer.problem(), (404, "link-used".into()));
}

#[tokio::test]
async fn what_a_removed_device_recorded_is_shown_after_an_epoch_too() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let device = anna.serving.device.scope.device;
    assert_eq!(anna.program.delete(&format!("devices/{device}")).await.status, 204);
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    assert_eq!(anna.program.delete(&format!("homes/{}/members/{}", anna.home.id, tom.id)).await.status, 200);
    assert_eq!(events(&anna.program).await, [anna.event.to_string()]);
    let event = anna.program.see(&format!("events/{}", anna.event)).await;
    assert_eq!(event["found_by"], "an agent");
}

#[tokio::test]
async fn guessing_the_address_of_an_invitation_is_slowed_down() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let invitation = invite(&anna.program, &anna.home.id.to_string(), "lea@example.org", "viewer").await;
    let nobody = Person::nobody(&system.url);
    let mut statuses = Vec::new();
    for guess in 0..40 {
        let body = json!({"secret": invitation["secret"], "email": format!("guess-{guess}@example.org")});
        statuses.push(nobody.post("invitations/open", &body).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 30, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
}

#[tokio::test]
async fn a_home_that_was_deleted_is_gone_for_everybody_and_its_device_is_turned_away() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let path = format!("homes/{}", anna.home.id);
    let named = |name: &str| json!({"name": name});
    let erase = async |who: &Person, name: &str| who.send(Method::DELETE, &path, Some(&named(name))).await;
    assert_eq!(erase(&tom.person, "anna home").await.problem(), (403, "not-allowed".into()));
    let wrong = erase(&anna.program, "Anna home").await;
    assert_eq!((wrong.problem(), &wrong.json()["field"]), ((422, "invalid".into()), &json!("name")));
    assert_eq!(events(&tom.person).await, [anna.event.to_string()]);

    let erased = erase(&anna.program, "anna home").await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let erased = erased.json();
    assert_eq!((&erased["cameras"], &erased["events"]), (&json!(1), &json!(1)));
    for person in [&anna.program, &tom.person] {
        assert_eq!(person.see("me").await["homes"], json!([]));
        assert_eq!(events(person).await, Vec::<String>::new());
        let event = person.get(&format!("events/{}", anna.event)).await;
        assert_eq!(event.problem(), (404, "not-found".into()));
    }
    let refused = anna.serving.put(anna.event, anna.object.clone()).send().await.unwrap();
    assert!([401, 403].contains(&refused.status().as_u16()), "{}", refused.status());
    // Its footage is forgotten by the next round of retention.
    let left = system.registry.expired_events(anna.home.id, Timestamp::now(), 10).await.unwrap();
    assert!(!left.is_empty());
}

#[tokio::test]
async fn an_account_is_deleted_by_its_password_and_leaves_its_homes() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let erase = async |who: &Person, password: &str| {
        who.send(Method::DELETE, "me", Some(&json!({"password": password}))).await
    };
    assert_eq!(erase(&anna.program, &anna.password).await.problem(), (409, "last-owner".into()));
    assert_eq!(erase(&tom.person, "a wrong password").await.problem(), (403, "wrong-password".into()));
    assert_eq!(erase(&tom.person, "tom password").await.status, 204);
    assert_eq!(tom.person.get("me").await.problem(), (401, "signed-out".into()));
    let body = json!({"email": tom.email, "password": "tom password"});
    let again = Person::nobody(&system.url).post("sessions", &body).await;
    assert_eq!(again.problem(), (401, "wrong-credentials".into()));
    assert_eq!(names(&people(&anna.program, &anna).await), [("anna", "owner")]);
    assert_eq!(events(&anna.program).await, [anna.event.to_string()]);
    // The address is free: it can be invited anew.
    let back = Member::join(&anna, &system.url, "tom", "viewer").await;
    assert_eq!(events(&back.person).await, [anna.event.to_string()]);
}

/// Who is to have less does not make the keys of which they are to have less, and a home keeps an owner.
#[tokio::test]
async fn nobody_takes_a_role_from_themselves_that_others_must_take() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let ada = Member::join(&anna, &system.url, "ada", "adult").await;
    let of = |member: &str| format!("homes/{}/members/{member}", anna.home.id);
    let seen = people(&anna.program, &anna).await;
    let own = seen["members"].as_array().unwrap().iter().find(|member| member["you"] == true).unwrap()["id"]
        .clone();
    let own = own.as_str().unwrap();
    let role = async |person: &Person, member: &str, role: &str| {
        let answer = person.patch(&of(member), &json!({"role": role})).await;
        if answer.status == 204 { (204, String::new()) } else { answer.problem() }
    };
    assert_eq!(role(&anna.program, own, "viewer").await, (403, "not-allowed".into()));
    assert_eq!(role(&ada.person, &ada.id, "viewer").await, (403, "not-allowed".into()));
    assert_eq!(role(&anna.program, own, "adult").await, (409, "last-owner".into()));
    assert_eq!(role(&anna.program, own, "owner").await.0, 204, "nothing changes");
    assert_eq!(role(&anna.program, &ada.id, "owner").await.0, 204);
    ada.person.see("me").await;
    assert_eq!(role(&anna.program, own, "adult").await.0, 204);
    anna.program.see("me").await;
    let seen = people(&ada.person, &anna).await;
    assert_eq!(names(&seen), [("anna", "adult"), ("ada", "owner")]);
}

/// To a viewer who left is not shown any more, though nobody with the home's keys was there since.
#[tokio::test]
async fn who_has_left_is_shown_to_nobody() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "viewer").await;
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let all = [("anna", "owner"), ("tom", "viewer"), ("lea", "viewer")];
    assert_eq!(names(&people(&lea.person, &anna).await), all);
    let left = tom.person.delete(&format!("homes/{}/members/{}", anna.home.id, tom.id)).await;
    assert_eq!(left.status, 200);
    for person in [&lea.person, &anna.program, &lea.person] {
        let seen = people(person, &anna).await;
        assert_eq!((names(&seen), &seen["unverified"]), (vec![all[0], all[2]], &json!(0)));
    }
}

/// A camera whose name was damaged keeps nobody in: who is removed is out, and what could be sealed anew is for another day.
#[tokio::test]
async fn what_does_not_open_does_not_keep_anybody_in() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "adult").await;
    let holder = crate::support::share::holder(&anna, &system.url, "zoe", &json!({})).await;
    let lawn = json!({"name": "Lawn", "address": "rtsp://camera.example/lawn"});
    let lawn = anna.program.post(&format!("homes/{}/cameras", anna.home.id), &lawn).await.json();
    let raw = system.raw();
    let id = lawn["id"].as_str().unwrap().replace('-', "");
    raw.execute("UPDATE cameras SET text = zeroblob(60) WHERE lower(hex(id)) = ?1", [id]).unwrap();
    let event = format!("events/{}", anna.event);
    for person in [&tom.person, &holder.person] {
        assert_eq!(person.get(&event).await.status, 200);
    }
    let nothing_new = json!({"cameras": 0, "devices": 0});
    for path in [format!("members/{}", tom.id), format!("shares/{}", holder.id)] {
        let removed = anna.program.delete(&format!("homes/{}/{path}", anna.home.id)).await;
        assert_eq!((removed.status, removed.json()), (200, nothing_new.clone()), "{path}");
    }
    for person in [&tom.person, &holder.person] {
        assert_eq!(person.get(&event).await.problem(), (404, "not-found".into()));
    }
    let seen = people(&anna.program, &anna).await;
    assert_eq!((names(&seen), &seen["shares"]), (vec![("anna", "owner")], &json!([])));
    // The next one is removed as well: the roster goes on.
    let lea = Member::join(&anna, &system.url, "lea", "viewer").await;
    let removed = anna.program.delete(&format!("homes/{}/members/{}", anna.home.id, lea.id)).await;
    assert_eq!(removed.status, 200);
    assert_eq!(names(&people(&anna.program, &anna).await), [("anna", "owner")]);
}

/// A home that was made before there were rosters gets one with its owner's next request; one with more people does not.
#[tokio::test]
async fn a_home_from_before_rosters_gets_its_first() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    Member::join(&berta, &system.url, "tom", "viewer").await;
    let raw = system.raw();
    raw.execute_batch("DELETE FROM rosters; UPDATE grants SET member_key = x''").unwrap();
    let path = |side: &Side| format!("homes/{}/people", side.home.id);
    assert_eq!(names(&people(&anna.program, &anna).await), [("anna", "owner")]);
    assert_eq!(berta.program.get(&path(&berta)).await.problem(), (500, "not-verified".into()));
    let rosters: i64 = raw.query_row("SELECT count(*) FROM rosters", [], |row| row.get(0)).unwrap();
    assert_eq!(rosters, 1);
    // It is a whole one: somebody is taken in, and new keys are made.
    let lea = Member::join(&anna, &system.url, "lea", "adult").await;
    let removed = anna.program.delete(&format!("homes/{}/members/{}", anna.home.id, lea.id)).await;
    assert_eq!(removed.status, 200);
    assert_eq!(names(&people(&anna.program, &anna).await), [("anna", "owner")]);
}

/// Who was invited has the key of the note by which the home learns who they are; it must say who was invited, and who came.
#[tokio::test]
async fn a_note_of_somebody_else_than_who_was_invited_ends_the_grant() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let me = berta.program.see("me").await;
    let raw = system.raw();
    for (name, field, value) in
        [("tom", "email", json!("berta@example.org")), ("lea", "account", me["account"]["id"].clone())]
    {
        let home = anna.home.id.to_string();
        let invitation = invite(&anna.program, &home, &format!("{name}@example.org"), "viewer").await;
        let member = Member::redeem(&system.url, &invitation, name).await;
        assert_eq!(events(&member.person).await.len(), 1);
        let secret = BASE64URL_NOPAD.decode(invitation["secret"].as_str().unwrap().as_bytes()).unwrap();
        let email = Email::parse(&member.email).unwrap();
        let installation = system.gate.installation();
        let key = InvitationSecret::from_bytes(secret.try_into().unwrap()).key(installation, &email);
        let sql = "SELECT CAST(note AS TEXT) FROM invitations WHERE note IS NOT NULL";
        let note: String = raw.query_row(sql, [], |row| row.get(0)).unwrap();
        let mut note: Value = serde_json::from_str(&note).unwrap();
        note[field] = value;
        let note = serde_json::to_vec(&note).unwrap();
        let tag = key.tag_join_note(installation, member.id.parse().unwrap(), &note);
        raw.execute("UPDATE invitations SET note = ?1, tag = ?2 WHERE note IS NOT NULL", (note, tag))
            .unwrap();
        let before = alarms("mix-up");
        assert_eq!(names(&people(&anna.program, &anna).await), [("anna", "owner")], "{field}");
        assert!(alarms("mix-up") > before);
        assert_eq!(events(&member.person).await, Vec::<String>::new());
    }
}
