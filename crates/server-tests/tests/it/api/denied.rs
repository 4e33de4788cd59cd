//! Everything that can be asked for, asked for by everybody who may not. The table is held against the API's own
//! description, so that an operation that is added must be added here.

use std::collections::BTreeSet;

use ownsight_model::{CameraId, EventId, HomeId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::member::{Member, invite};
use crate::support::person::{Answered, Cookies, Person, Proof, half};
use crate::support::scene::Side;
use crate::support::system::System;

/// What anybody may ask for; each has tests of its own.
const PUBLIC: [(&str, &str); 5] = [
    ("post", "/api/v1/sessions"),
    ("post", "/api/v1/links/open"),
    ("post", "/api/v1/links/redeem"),
    ("post", "/api/v1/invitations/open"),
    ("post", "/api/v1/invitations/redeem"),
];

/// What else there is to name: of the home's people, and an invitation into another home.
struct People {
    /// A viewer of the home.
    member: String,
    /// An invitation of the home that waits.
    invitation: String,
    /// Another session of the owner's.
    session: String,
    /// Into another home, for who is to accept it.
    accept: Value,
}

impl People {
    /// `accepts` is whose address the invitation into `other` is for.
    async fn of(system: &System, side: &Side, other: &Side, accepts: &str) -> Self {
        let member = Member::join(side, &system.url, &format!("viewer-of-{}", side.home.id), "viewer").await;
        let home = side.home.id.to_string();
        let invitation = invite(&side.program, &home, "tom@example.org", "adult").await;
        let into_other = invite(&other.program, &other.home.id.to_string(), accepts, "viewer").await;
        Self {
            member: member.id,
            invitation: invitation["id"].as_str().unwrap().to_owned(),
            session: {
                let spare = Person::by_token(&system.url, &side.email, &side.password).await;
                let sessions = spare.see("sessions").await;
                let this = sessions["sessions"].as_array().unwrap().iter().find(|row| row["this"] == true);
                this.unwrap()["id"].as_str().unwrap().to_owned()
            },
            accept: json!({"secret": into_other["secret"], "email": accepts}),
        }
    }
}

struct Operation {
    method: Method,
    /// The address as the description has it.
    template: &'static str,
    /// Behind the address.
    query: String,
    body: Option<Value>,
    /// An id that is another than the scene's usual one.
    special: Option<(&'static str, String)>,
    /// What the owner is answered.
    owner: u16,
    /// What an adult is answered: the same, but for what only owners may do.
    adult: u16,
    /// What a viewer is answered: what their key opens, and what concerns their own account.
    viewer: u16,
}

/// By default a viewer sees what there is to see, and changes their own account only.
fn operation(method: Method, template: &'static str, owner: u16) -> Operation {
    let own = ["/api/v1/me", "/api/v1/me/password", "/api/v1/sessions", "/api/v1/sessions/current"];
    let viewer = if method == Method::GET || own.contains(&template) { owner } else { 403 };
    Operation {
        method,
        template,
        query: String::new(),
        body: None,
        special: None,
        owner,
        adult: owner,
        viewer,
    }
}

impl Operation {
    fn sends(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn of(mut self, special: (&'static str, String)) -> Self {
        self.special = Some(special);
        self
    }

    fn for_adult(mut self, adult: u16) -> Self {
        self.adult = adult;
        self
    }

    fn for_viewer(mut self, viewer: u16) -> Self {
        self.viewer = viewer;
        self
    }

    fn asks(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    fn names_something(&self) -> bool {
        self.template.contains('{')
    }

    fn path(&self, ids: &[(&str, String)]) -> String {
        let mut path = self.template.to_owned();
        for (name, id) in ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        assert!(!path.contains('{'), "{path}");
        path + &self.query
    }
}

/// In an order in which the owner can do all of it.
fn operations(side: &Side, people: &People) -> Vec<Operation> {
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        operation(get.clone(), "/api/v1/me", 200),
        operation(patch.clone(), "/api/v1/me", 200).sends(json!({"name": "Another name"})),
        operation(get.clone(), "/api/v1/homes/{home}", 200),
        operation(get.clone(), "/api/v1/sessions", 200),
        operation(Method::POST, "/api/v1/sessions/noticed", 204).for_viewer(204),
        operation(patch.clone(), "/api/v1/homes/{home}", 200).sends(json!({"retention_days": 7})),
        operation(get.clone(), "/api/v1/homes/{home}/days", 200).asks("?from=2026-01-01&to=2026-01-02"),
        operation(get.clone(), "/api/v1/homes/{home}/days/{date}", 200),
        operation(get.clone(), "/api/v1/events", 200),
        operation(get.clone(), "/api/v1/events/{event}", 200),
        operation(get.clone(), "/api/v1/events/{event}/thumbnail", 200),
        operation(get.clone(), "/api/v1/events/{event}/video", 200),
        operation(get.clone(), "/api/v1/cameras", 200),
        operation(post.clone(), "/api/v1/homes/{home}/cameras", 201)
            .sends(json!({"name": "Yard", "address": "rtsp://camera.example/yard"})),
        operation(get.clone(), "/api/v1/cameras/{camera}", 200),
        operation(patch.clone(), "/api/v1/cameras/{camera}", 200).sends(json!({"name": "Main path"})),
        operation(get.clone(), "/api/v1/cameras/{camera}/still", 200),
        operation(post.clone(), "/api/v1/homes/{home}/camera-tests", 202)
            .sends(json!({"camera_id": side.camera()})),
        operation(get.clone(), "/api/v1/camera-tests/{test}", 200).for_viewer(403),
        operation(get.clone(), "/api/v1/camera-tests/{test}/still", 200).for_viewer(403),
        operation(post.clone(), "/api/v1/camera-tests/{test}/confirm", 201).sends(json!({"name": "Gate"})),
        operation(get.clone(), "/api/v1/homes/{home}/devices", 200),
        operation(post, "/api/v1/homes/{home}/devices", 201).sends(json!({"name": "shed"})),
        operation(get.clone(), "/api/v1/devices/{device}", 200),
        operation(patch, "/api/v1/devices/{device}", 200).sends(json!({"name": "attic"})),
        operation(get.clone(), "/api/v1/homes/{home}/people", 200),
        operation(Method::POST, "/api/v1/homes/{home}/invitations", 201)
            .sends(json!({"email": "mia@example.org", "role": "viewer"})),
        operation(delete.clone(), "/api/v1/homes/{home}/invitations/{invitation}", 204),
        operation(Method::PATCH, "/api/v1/homes/{home}/members/{member}", 204)
            .sends(json!({"role": "adult"})),
        operation(delete.clone(), "/api/v1/homes/{home}/members/{member}", 200),
        operation(Method::POST, "/api/v1/invitations/accept", 201)
            .sends(people.accept.clone())
            .for_viewer(201),
        operation(delete.clone(), "/api/v1/events/{event}", 204),
        operation(delete.clone(), "/api/v1/cameras/{camera}", 200),
        operation(delete.clone(), "/api/v1/camera-tests/{test}", 204)
            .of(("test", side.spare_test.to_string())),
        operation(delete.clone(), "/api/v1/devices/{device}", 204),
        operation(delete.clone(), "/api/v1/homes/{home}", 200)
            .sends(json!({"name": side.home_name()}))
            .for_adult(403),
        operation(delete.clone(), "/api/v1/sessions/{session}", 204),
        operation(Method::PUT, "/api/v1/me/password", 204)
            .sends(json!({"current": side.password, "new": "another password"})),
        operation(get, "/api/v1/events/stream", 200),
        operation(delete.clone(), "/api/v1/sessions/current", 204),
        operation(delete.clone(), "/api/v1/sessions", 204),
        operation(delete, "/api/v1/me", 204).sends(json!({"password": "another password"})),
    ]
}

fn ids_of(side: &Side, people: &People) -> Vec<(&'static str, String)> {
    vec![
        ("home", side.home.id.to_string()),
        ("camera", side.camera().to_string()),
        ("event", side.event.to_string()),
        ("device", side.serving.device.scope.device.to_string()),
        ("test", side.test.to_string()),
        ("member", people.member.clone()),
        ("invitation", people.invitation.clone()),
        ("session", people.session.clone()),
        ("date", "2026-01-01".to_owned()),
    ]
}

/// Ids of nothing.
fn ids_of_nothing() -> Vec<(&'static str, String)> {
    let fresh = || HomeId::generate().to_string();
    vec![
        ("home", fresh()),
        ("camera", fresh()),
        ("event", fresh()),
        ("device", fresh()),
        ("test", fresh()),
        ("member", fresh()),
        ("invitation", fresh()),
        ("session", fresh()),
        ("date", "2026-01-01".to_owned()),
    ]
}

#[tokio::test]
async fn the_table_is_what_the_api_says_of_itself() {
    let system = System::start().await;
    let side = Side::build(&system, "anna").await;
    let people = People {
        member: String::new(),
        invitation: String::new(),
        session: String::new(),
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
    known.extend(PUBLIC.map(|(method, path)| (method.to_owned(), path.to_owned())));
    assert_eq!(described, known, "left: the API's description; right: the table of this test");
}

#[tokio::test]
async fn nobody_gets_anything_that_is_not_theirs_and_the_owner_gets_all_of_it() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let people = People::of(&system, &anna, &berta, &anna.email).await;
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
                let text = String::from_utf8(answer.body).unwrap();
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

/// What every role is answered, and who has none any more. What a viewer is refused has changed nothing.
#[tokio::test]
async fn each_role_gets_what_its_key_opens() {
    let system = System::start().await;
    let other = Side::build(&system, "other").await;
    for (owner, role) in [("anna", "adult"), ("berta", "viewer"), ("carla", "removed"), ("dora", "left")] {
        let side = Side::build(&system, owner).await;
        let name = format!("{role}-of-{owner}");
        let starts_as = if role == "viewer" { "viewer" } else { "adult" };
        let member = Member::join(&side, &system.url, &name, starts_as).await;
        let people = People::of(&system, &side, &other, &member.email).await;
        let person = &member.person;
        let path = format!("homes/{}/members/{}", side.home.id, member.id);
        match role {
            "removed" => assert_eq!(side.program.delete(&path).await.status, 200),
            "left" => assert_eq!(person.delete(&path).await.status, 200),
            _ => {}
        }
        let (ids, nothing) = (ids_of(&side, &people), ids_of_nothing());
        let state = async || {
            let mut state = Vec::new();
            for path in ["", "/devices", "/people"] {
                state.push(side.program.see(&format!("homes/{}{path}", side.home.id)).await);
            }
            state.push(side.program.see("events").await["events"].clone());
            state.push(side.program.see("cameras").await["cameras"].clone());
            for at in [1, 2, 3, 4] {
                without_what_moves(&mut state[at]);
            }
            state
        };
        let before = if role == "viewer" { Some(state().await) } else { None };
        for operation in operations(&side, &people) {
            // Their own password is another; and ending a session ends what asks.
            let of_the_account = operation.method == Method::DELETE
                && (operation.template == "/api/v1/me" || operation.template.contains("sessions"));
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
                    assert!(!text.contains(&side.home.id.to_string()), "{what}: {text}");
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
            fields.retain(|name, _| !matches!(name.as_str(), "opened" | "since" | "status" | "state"));
            fields.values_mut().for_each(without_what_moves);
        }
        _ => {}
    }
}

/// Those who are turned away whatever they ask for.
struct Denied(Vec<(&'static str, Person, &'static [u16])>);

impl Denied {
    async fn of(system: &System, anna: &Side, berta: &Side) -> Self {
        let nobody = Person::nobody(&system.url);
        let ended = Person::by_token(&system.url, &anna.email, &anna.password).await;
        assert_eq!(ended.delete("sessions/current").await.status, 204);
        let Proof::Bearer { token, .. } = anna.program.proof.clone() else { panic!("no token") };
        let browser = |server: &Person, page: &Person, s: Option<&str>| {
            let cookies =
                Cookies { server: server.cookies().server.clone(), page: page.cookies().page.clone() };
            nobody.with(Proof::Browser { cookies, s: s.map(str::to_owned) })
        };
        let bearer = |token: String, half: Option<String>| nobody.with(Proof::Bearer { token, half });
        let (a, b) = (&anna.browser, &berta.browser);
        Self(vec![
            ("signed out", nobody.clone(), &[401]),
            ("by a token whose session ended", ended, &[401]),
            ("by a token of nobody's", bearer(half(9), None), &[401]),
            ("by something that is no token", bearer("x".into(), None), &[401]),
            ("by the owner's token with a half of the client's", bearer(token, Some(half(1))), &[401]),
            (
                "by the server's half of the owner's cookie as a token",
                bearer(a.cookies().server.1.clone(), None),
                &[401],
            ),
            (
                "by both halves as a token's",
                bearer(a.cookies().server.1.clone(), Some(a.cookies().page.1.clone())),
                &[401],
            ),
            ("as the owner's browser without `s`", browser(a, a, None), &[404]),
            ("as the owner's browser with the stranger's `s`", browser(a, a, Some(b.s())), &[404]),
            ("as the stranger's browser with the owner's `s`", browser(b, b, Some(a.s())), &[404]),
            (
                "with the owner's cookie from the server, in the stranger's page",
                browser(a, b, Some(a.s())),
                &[404],
            ),
            ("the same with the stranger's `s`", browser(a, b, Some(b.s())), &[404]),
            (
                "with the stranger's cookie from the server, in the owner's page",
                browser(b, a, Some(a.s())),
                &[404],
            ),
        ])
    }

    async fn check(&self, operation: &Operation, path: &str, name: &str) {
        for (how, person, expected) in &self.0 {
            // With its body and without: who is not let in is not told what is wrong with it.
            for body in [operation.body.as_ref(), None] {
                let answer = person.send(operation.method.clone(), path, body).await;
                let (status, code) = answer.problem();
                assert!(expected.contains(&status), "{name}, {how}: {status} {code}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}, {how}");
                assert_eq!(answer.header("set-cookie"), None, "{name}, {how}");
                assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{name}, {how}");
            }
        }
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
    let text = String::from_utf8(answer.body).unwrap();
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
