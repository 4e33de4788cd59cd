//! Everything that can be asked for, asked for by everybody who may not. The table is held against the API's own
//! description, so that an operation that is added must be added here.

mod credentials;
mod operations;
mod operator;
mod restored;
mod tokens;

use std::collections::BTreeSet;
use std::time::Duration;

use ownsight_model::{CameraId, EventId, HomeId, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use self::credentials::Denied;
use self::operations::{
    Asked, OF_A_RESTORED_HOME, OF_THE_OPERATOR, Own, PUBLIC, People, ids_of, ids_of_nothing, operation,
    operations,
};
use crate::support::member::Member;
use crate::support::person::{Answered, Person, Proof, half};
use crate::support::scene::Side;
use crate::support::share::holder;
use crate::support::system::System;

#[tokio::test]
async fn the_table_is_what_the_api_says_of_itself() {
    let system = System::start().await;
    let side = Side::build(&system, "anna").await;
    let people = People {
        member: String::new(),
        invitation: String::new(),
        session: String::new(),
        token: String::new(),
        code: String::new(),
        asked: Asked { code: String::new(), email: String::new() },
        ask: json!({}),
        share: String::new(),
        held: String::new(),
        accept: json!({}),
    };
    let description = Person::nobody(&system.url).see("openapi.json").await;
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        described.extend(item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let mut known: BTreeSet<_> = operations(&side, &people)
        .iter()
        .map(|operation| (operation.method.as_str().to_lowercase(), operation.template.to_owned()))
        .collect();
    let apart = PUBLIC.into_iter().chain(OF_A_RESTORED_HOME).chain(OF_THE_OPERATOR);
    known.extend(apart.map(|(method, path)| (method.to_owned(), path.to_owned())));
    assert_eq!(described, known, "left: the API's description; right: the table of this test");
}

#[tokio::test]
async fn nobody_gets_anything_that_is_not_theirs_and_the_owner_gets_all_of_it() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let people = People::of(&system, &anna, &berta, (&anna.program, &anna.email)).await;
    let (theirs, nothing) = (ids_of(&anna, &people), ids_of_nothing());
    let denied = Denied::of(&system, &anna, &berta).await;
    let mut marks: Vec<_> = theirs.iter().filter(|(name, _)| *name != "date").map(|(_, id)| id).collect();
    marks.push(&anna.email);

    for operation in operations(&anna, &people) {
        let name = format!("{} {}", operation.method, operation.template);
        let theirs = match &operation.special {
            Some((special, id)) => {
                let special = |name: &'static str, usual: &String| {
                    if name == *special { id.clone() } else { usual.clone() }
                };
                theirs.iter().map(|(name, usual)| (*name, special(name, usual))).collect()
            }
            None => theirs.clone(),
        };
        assert!(
            (200..300).contains(&operation.owner),
            "{name}: a denial means something only beside a grant"
        );
        let path = operation.path(&theirs);
        let body = operation.body.as_ref();
        denied.check(&operation, &path, &name).await;
        // A stranger who is signed in: what is Anna's is as what does not exist, to the byte.
        for stranger in [&berta.program, &berta.browser] {
            if operation.names_something() {
                let answer = stranger.send(operation.method.clone(), &path, body).await;
                assert_eq!(answer.problem(), (404, "not-found".into()), "{name}");
                let unknown = stranger.send(operation.method.clone(), &operation.path(&nothing), body).await;
                assert_eq!(answer, unknown, "{name}");
                let garbled = Some(&Value::Null);
                let answer = stranger.send(operation.method.clone(), &path, garbled).await;
                let unknown =
                    stranger.send(operation.method.clone(), &operation.path(&nothing), garbled).await;
                assert_eq!(answer.without_reference(), unknown.without_reference(), "{name}, garbled");
            } else if operation.method == Method::GET && !path.ends_with("/stream") {
                let answer = stranger.get(&path).await;
                assert_eq!(answer.status, 200, "{name}");
                let text = String::from_utf8_lossy(&answer.body);
                let leak = marks.iter().find(|mark| text.contains(mark.as_str()));
                assert_eq!(leak, None, "{name}");
            }
        }
        // The owner: what was denied above is there.
        let ends_what_asks = operation.method == Method::DELETE
            && ["/api/v1/sessions", "/api/v1/sessions/current", "/api/v1/me"].contains(&operation.template);
        let owner = if ends_what_asks {
            Person::by_browser(&system.url, &anna.email, "another password", &half(8)).await
        } else {
            anna.browser.clone()
        };
        let request = owner.request(operation.method.clone(), &path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        // Not read to its end: a stream has none.
        let status = request.send().await.unwrap().status().as_u16();
        assert_eq!(status, operation.owner, "{name}, as the owner");
    }
}

/// The owner's name, and what somebody else is to the home.
const ROLES: [(&str, &str); 8] = [
    ("anna", "adult"),
    ("berta", "viewer"),
    ("carla", "removed"),
    ("dora", "left"),
    ("emil", "shared"),
    ("fritz", "share not begun"),
    ("gerda", "share expired"),
    ("hanna", "share ended"),
];

/// Somebody who is that to the side's home.
async fn relate(system: &System, side: &Side, role: &str) -> Member {
    let name = format!("as-{}-{}", role.replace(' ', "-"), side.email.split('@').next().unwrap());
    let now = Timestamp::now();
    let terms = match role {
        "share not begun" => json!({"from": now.shifted(3_600_000_000).as_micros()}),
        "share expired" => json!({"until": now.shifted(6_000_000).as_micros()}),
        _ => json!({}),
    };
    let member = match role {
        "viewer" => Member::join(side, &system.url, &name, "viewer").await,
        "adult" | "removed" | "left" => Member::join(side, &system.url, &name, "adult").await,
        _ => holder(side, &system.url, &name, &terms).await,
    };
    let of_home = |kind: &str| format!("homes/{}/{kind}/{}", side.home.id, member.id);
    match role {
        "removed" => assert_eq!(side.program.delete(&of_home("members")).await.status, 200),
        "left" => assert_eq!(member.person.delete(&of_home("members")).await.status, 200),
        "share ended" => assert_eq!(side.program.delete(&of_home("shares")).await.status, 200),
        "share expired" => tokio::time::sleep(Duration::from_millis(6_010)).await,
        _ => {}
    }
    member
}

/// What every role is answered, and who has none any more. What a viewer is refused has changed nothing.
#[tokio::test]
async fn each_role_gets_what_its_key_opens() {
    let system = System::start().await;
    let other = Side::build(&system, "other").await;
    for (owner, role) in ROLES {
        let side = Side::build(&system, owner).await;
        let member = relate(&system, &side, role).await;
        let people = People::of(&system, &side, &other, (&member.person, &member.email)).await;
        let person = &member.person;
        let (ids, nothing) = (ids_of(&side, &people), ids_of_nothing());
        let state = async || {
            let mut state = Vec::new();
            for path in ["", "/devices", "/people"] {
                state.push(side.program.see(&format!("homes/{}{path}", side.home.id)).await);
            }
            state.push(side.program.see("events").await["events"].clone());
            state.push(side.program.see("cameras").await["cameras"].clone());
            state.iter_mut().for_each(without_what_moves);
            state
        };
        let before = if role == "viewer" { Some(state().await) } else { None };
        for operation in operations(&side, &people) {
            // Their own password is another; their sessions and tokens are, too, and ending a session ends what asks.
            let ends = ["sessions", "tokens"].map(|what| operation.template.contains(what));
            let of_the_account = operation.method == Method::DELETE
                && (operation.template == "/api/v1/me" || ends.contains(&true))
                || (operation.method == Method::POST && operation.template == "/api/v1/tokens");
            if of_the_account || operation.template.ends_with("/password") {
                continue;
            }
            let what = format!("{} {} as {role}", operation.method, operation.template);
            let path = match &operation.special {
                Some((special, id)) => {
                    let with = ids.iter().map(|(name, usual)| {
                        (*name, if name == special { id.clone() } else { usual.clone() })
                    });
                    operation.path(&with.collect::<Vec<_>>())
                }
                None => operation.path(&ids),
            };
            let request = person.request(operation.method.clone(), &path);
            let request = match &operation.body {
                Some(body) => request.json(body),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            match role {
                "adult" => assert_eq!(status, operation.adult, "{what}"),
                "viewer" => {
                    assert_eq!(status, operation.viewer, "{what}");
                    if status == 403 {
                        assert_eq!(Answered::read(answer).await.problem().1, "not-allowed", "{what}");
                    }
                }
                _ if operation.own == Own::Account => assert_eq!(status, operation.owner, "{what}"),
                "shared" if operation.shared.is_some() => {
                    assert_eq!(Some(status), operation.shared, "{what}");
                }
                _ if operation.names_something() => {
                    let answer = Answered::read(answer).await;
                    assert_eq!(answer.problem(), (404, "not-found".into()), "{what}");
                    let unknown = operation.path(&nothing);
                    let unknown =
                        person.send(operation.method.clone(), &unknown, operation.body.as_ref()).await;
                    assert_eq!(answer, unknown, "{what}");
                }
                _ if operation.template.ends_with("/stream") => assert_eq!(status, 200, "{what}"),
                _ => {
                    // Their own account, and lists of nothing.
                    let text = String::from_utf8(Answered::read(answer).await.body).unwrap();
                    let names_the_home = match role {
                        "shared" => ["/api/v1/events", "/api/v1/shares"].contains(&operation.template),
                        "share not begun" => operation.template == "/api/v1/shares",
                        _ => false,
                    };
                    let named = text.contains(&side.home.id.to_string());
                    assert_eq!(named, names_the_home, "{what}: {text}");
                }
            }
        }
        if let Some(before) = before {
            assert_eq!(before, state().await, "a viewer changed something");
        }
    }
}

/// Takes out what goes on by itself: whether something was opened, and figures of devices and pictures.
fn without_what_moves(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_what_moves),
        Value::Object(fields) => {
            fields
                .retain(|name, _| !matches!(name.as_str(), "opened" | "since" | "status" | "state" | "disk"));
            fields.values_mut().for_each(without_what_moves);
        }
        _ => {}
    }
}

/// Ids of others in queries and bodies are ids of nothing, too.
#[tokio::test]
async fn an_id_in_a_query_or_a_body_opens_no_second_door() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let device = |side: &Side| side.serving.device.scope.device;
    let same = async |method: Method, path: [String; 2], body: [Option<Value>; 2]| -> Answered {
        let [theirs, nothing] = path;
        let [body, body_of_nothing] = body;
        let answer = berta.program.send(method.clone(), &theirs, body.as_ref()).await;
        let unknown = berta.program.send(method.clone(), &nothing, body_of_nothing.as_ref()).await;
        let answer = answer.without_reference();
        assert_eq!(answer, unknown.without_reference(), "{method} {theirs}");
        answer
    };
    for query in ["events?home=", "cameras?home="] {
        let paths = [format!("{query}{}", anna.home.id), format!("{query}{}", HomeId::generate())];
        let answer = same(Method::GET, paths, [None, None]).await;
        assert_eq!(answer.status, 404);
    }
    let paths =
        [format!("events?camera={}", anna.camera()), format!("events?camera={}", CameraId::generate())];
    let answer = same(Method::GET, paths, [None, None]).await;
    assert_eq!(answer.json()["events"], json!([]));
    assert_eq!(answer.json()["unverified"], 0);

    let of_berta = |path: &str| [path.to_owned(), path.to_owned()];
    let nothing = HomeId::generate();
    let tests = format!("homes/{}/camera-tests", berta.home.id);
    let bodies = |id: String| Some(json!({"camera_id": id}));
    let bodies = [bodies(anna.camera().to_string()), bodies(nothing.to_string())];
    assert_eq!(same(Method::POST, of_berta(&tests), bodies).await.status, 404);
    let bodies = |id: String| Some(json!({"address": "rtsp://camera.example/2", "device_id": id}));
    let bodies = [bodies(device(&anna).to_string()), bodies(nothing.to_string())];
    let answer = same(Method::POST, of_berta(&tests), bodies).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let camera = format!("cameras/{}", berta.camera());
    let bodies = |id: String| Some(json!({"device_id": id}));
    let bodies = [bodies(device(&anna).to_string()), bodies(nothing.to_string())];
    let answer = same(Method::PATCH, of_berta(&camera), bodies).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let cameras = format!("homes/{}/cameras", berta.home.id);
    let bodies =
        |id: String| Some(json!({"name": "x", "address": "rtsp://camera.example/3", "device_id": id}));
    let bodies = [bodies(device(&anna).to_string()), bodies(nothing.to_string())];
    let answer = same(Method::POST, of_berta(&cameras), bodies).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");

    // A cursor is of the home that it was made for, or of nothing.
    anna.deliver().await;
    let page = anna.program.see(&format!("events?home={}&limit=1", anna.home.id)).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let answer = berta.program.get(&format!("events?cursor={cursor}")).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert!(!text.contains(&anna.event.to_string()), "{text}");
}

/// Who is not signed in is told that, whatever else is wrong with what they ask.
#[tokio::test]
async fn nobody_is_told_what_is_wrong_with_a_query() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let stranger = Person::nobody(&system.url).with(Proof::Bearer { token: half(9), half: None });
    let home = anna.home.id;
    for path in [
        "events?limit=0".to_owned(),
        "events?limit=x".to_owned(),
        "events?cursor=x".to_owned(),
        "events?camera=x".to_owned(),
        format!("events?home={home}&day=never"),
        "events?day=2026-01-01".to_owned(),
        format!("events/{}/video?download=2", anna.event),
        format!("events/{}/video?download=x", anna.event),
        format!("homes/{home}/days?from=x&to=y"),
        format!("homes/{home}/days/never"),
        "cameras?home=x".to_owned(),
        "export?shared=2".to_owned(),
        "export?label=person".to_owned(),
        "export?camera=x".to_owned(),
    ] {
        assert_eq!(anna.program.get(&path).await.problem(), (422, "invalid".into()), "{path}");
        assert_eq!(stranger.get(&path).await.problem(), (401, "signed-out".into()), "{path}");
    }
}

/// What is no id is the id of nothing.
#[tokio::test]
async fn a_text_that_is_no_id_names_nothing() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let unknown = anna.program.get(&format!("events/{}", EventId::generate())).await;
    assert_eq!(unknown.problem(), (404, "not-found".into()));
    for text in ["x", "%00", "..%2F..%2Fetc", "1", "%FF", "00000000-0000-0000-0000-000000000000"] {
        for path in ["events", "homes", "cameras", "devices", "camera-tests"] {
            let answer = anna.program.get(&format!("{path}/{text}")).await;
            assert_eq!(answer, unknown, "{path}/{text}");
        }
    }
}
