//! Every operation of the API, and what each role is answered.

use ownsight_model::HomeId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::member::{Member, code, invite};
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::share::{holder, of, share};
use crate::support::system::System;
use crate::support::token;

/// What anybody may ask for; each has tests of its own.
pub(super) const PUBLIC: [(&str, &str); 9] = [
    ("post", "/api/v1/sessions"),
    ("post", "/api/v1/links/open"),
    ("post", "/api/v1/links/redeem"),
    ("post", "/api/v1/links/sheet"),
    ("post", "/api/v1/invitations/open"),
    ("post", "/api/v1/invitations/redeem"),
    ("post", "/api/v1/invitation-codes/open"),
    ("post", "/api/v1/invitation-codes/redeem"),
    ("post", "/api/v1/operator/visits"),
];

/// What takes a visit of the operator and nobody's session: `operator` has the test.
pub(super) const OF_THE_OPERATOR: [(&str, &str); 6] = [
    ("get", "/api/v1/operator/visit"),
    ("delete", "/api/v1/operator/visit"),
    ("get", "/api/v1/operator/lockdowns"),
    ("post", "/api/v1/operator/lockdowns"),
    ("post", "/api/v1/operator/lockdowns/lift"),
    ("get", "/api/v1/operator/record"),
];

/// What is there only while a home waits to be confirmed; who is answered what, the test of that has.
pub(super) const OF_A_RESTORED_HOME: [(&str, &str); 2] =
    [("get", "/api/v1/homes/{home}/restored"), ("post", "/api/v1/homes/{home}/restored")];

/// What else there is to name: of the home's people, and an invitation into another home.
pub(super) struct People {
    /// A viewer of the home.
    pub(super) member: String,
    /// An invitation of the home that waits.
    pub(super) invitation: String,
    /// Another session of the owner's.
    pub(super) session: String,
    /// A share of the home's camera, accepted.
    pub(super) share: String,
    /// A share of the other home's camera, which the person holds who asks.
    pub(super) held: String,
    /// Into another home, for who is to accept it.
    pub(super) accept: Value,
    /// A token of the owner's.
    pub(super) token: String,
    /// An invitation by code that nobody used.
    pub(super) code: String,
    /// Another, by which somebody asks to join.
    pub(super) asked: Asked,
    /// What asks to join another home.
    pub(super) ask: Value,
}

/// An invitation by code, and the address of who asks to join by it.
pub(super) struct Asked {
    pub(super) code: String,
    pub(super) email: String,
}

impl People {
    /// `asks` is who is invited into `other`, and holds a share of it.
    pub(super) async fn of(
        system: &System,
        side: &Side,
        other: &Side,
        (asks, address): (&Person, &str),
    ) -> Self {
        let member = Member::join(side, &system.url, &format!("viewer-of-{}", side.home.id), "viewer").await;
        let home = side.home.id.to_string();
        let invitation = invite(&side.program, &home, "tom@example.org", "adult").await;
        let into_other = invite(&other.program, &other.home.id.to_string(), address, "viewer").await;
        Self {
            member: member.id,
            invitation: invitation["id"].as_str().unwrap().to_owned(),
            session: {
                let spare = Person::by_token(&system.url, &side.email, &side.password).await;
                let sessions = spare.see("sessions").await;
                let this = sessions["sessions"].as_array().unwrap().iter().find(|row| row["this"] == true);
                this.unwrap()["id"].as_str().unwrap().to_owned()
            },
            share: {
                let name = format!("holder-of-{}", side.home.id);
                holder(side, &system.url, &name, &json!({})).await.id
            },
            held: share(other, asks, address, &json!({})).await,
            token: {
                let body = token::body(&side.password, &["footage"]);
                side.program.post("tokens", &body).await.json()["id"].as_str().unwrap().to_owned()
            },
            code: code(&side.program, &home, "viewer").await["id"].as_str().unwrap().to_owned(),
            asked: {
                let made = code(&side.program, &home, "viewer").await;
                let email = format!("asks-at-{home}@example.org");
                let body = json!({"secret": made["secret"], "email": email, "password": "a long password",
                    "name": "Asks"});
                let answer = Person::nobody(&system.url).post("invitation-codes/redeem", &body).await;
                assert_eq!(answer.status, 201, "{answer:?}");
                Asked { code: made["id"].as_str().unwrap().to_owned(), email }
            },
            ask: {
                let made = code(&other.program, &other.home.id.to_string(), "viewer").await;
                json!({"secret": made["secret"]})
            },
            accept: json!({"secret": into_other["secret"], "email": address}),
        }
    }
}

/// Whose an operation's object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// The home's, or nobody's.
    Home,
    /// Of the account that asks, whatever it is to the home.
    Account,
}

pub(super) struct Operation {
    pub(super) method: Method,
    /// The address as the description has it.
    pub(super) template: &'static str,
    /// Behind the address.
    pub(super) query: String,
    pub(super) body: Option<Value>,
    /// An id that is another than the scene's usual one.
    pub(super) special: Option<(&'static str, String)>,
    /// What the owner is answered.
    pub(super) owner: u16,
    /// What an adult is answered: the same, but for what only owners may do.
    pub(super) adult: u16,
    /// What a viewer is answered: what their key opens, and what concerns their own account.
    pub(super) viewer: u16,
    /// What the holder of a share of the camera is answered, if not as if it did not exist.
    pub(super) shared: Option<u16>,
    pub(super) own: Own,
}

/// By default a viewer sees what there is to see, and changes their own account only.
pub(super) fn operation(method: Method, template: &'static str, owner: u16) -> Operation {
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
        shared: None,
        own: Own::Home,
    }
}

impl Operation {
    pub(super) fn sends(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn of(mut self, special: (&'static str, String)) -> Self {
        self.special = Some(special);
        self
    }

    pub(super) fn for_adult(mut self, adult: u16) -> Self {
        self.adult = adult;
        self
    }

    pub(super) fn for_viewer(mut self, viewer: u16) -> Self {
        self.viewer = viewer;
        self
    }

    pub(super) fn for_holder(mut self, shared: u16) -> Self {
        self.shared = Some(shared);
        self
    }

    pub(super) fn of_the_account(mut self) -> Self {
        self.own = Own::Account;
        self.for_viewer_as_owner()
    }

    fn for_viewer_as_owner(mut self) -> Self {
        self.viewer = self.owner;
        self
    }

    pub(super) fn asks(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    pub(super) fn names_something(&self) -> bool {
        self.template.contains('{')
    }

    pub(super) fn path(&self, ids: &[(&str, String)]) -> String {
        let mut path = self.template.to_owned();
        for (name, id) in ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        assert!(!path.contains('{'), "{path}");
        path + &self.query
    }
}

/// In an order in which the owner can do all of it.
pub(super) fn operations(side: &Side, people: &People) -> Vec<Operation> {
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
        operation(get.clone(), "/api/v1/export", 200),
        operation(get.clone(), "/api/v1/events/{event}", 200).for_holder(200),
        operation(get.clone(), "/api/v1/events/{event}/thumbnail", 200).for_holder(200),
        operation(get.clone(), "/api/v1/events/{event}/video", 200).for_holder(200),
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
        operation(post.clone(), "/api/v1/homes/{home}/devices", 201).sends(json!({"name": "shed"})),
        operation(post.clone(), "/api/v1/homes/{home}/uploads", 201).sends(json!({"name": "gate cam"})),
        operation(get.clone(), "/api/v1/devices/{device}", 200),
        operation(patch, "/api/v1/devices/{device}", 200).sends(json!({"name": "attic"})),
        operation(post, "/api/v1/devices/{device}/settle", 204),
        operation(get.clone(), "/api/v1/homes/{home}/people", 200),
        operation(Method::POST, "/api/v1/homes/{home}/invitations", 201)
            .sends(json!({"email": "mia@example.org", "role": "viewer"})),
        operation(delete.clone(), "/api/v1/homes/{home}/invitations/{invitation}", 204),
        operation(Method::POST, "/api/v1/homes/{home}/invitation-codes", 201)
            .sends(json!({"role": "viewer"})),
        operation(delete.clone(), "/api/v1/homes/{home}/invitation-codes/{code}", 204),
        operation(Method::POST, "/api/v1/homes/{home}/invitation-codes/{code}/confirm", 204)
            .of(("code", people.asked.code.clone()))
            .sends(json!({"email": people.asked.email})),
        operation(Method::POST, "/api/v1/invitation-codes/ask", 200)
            .sends(people.ask.clone())
            .of_the_account(),
        operation(Method::PATCH, "/api/v1/homes/{home}/members/{member}", 204)
            .sends(json!({"role": "adult"})),
        operation(delete.clone(), "/api/v1/homes/{home}/members/{member}", 200),
        // Before they are a member of that home, which ends it.
        operation(delete.clone(), "/api/v1/shares/{share}", 204)
            .of(("share", people.held.clone()))
            .of_the_account(),
        operation(Method::POST, "/api/v1/invitations/accept", 201)
            .sends(people.accept.clone())
            .for_viewer(201),
        operation(get.clone(), "/api/v1/shares", 200),
        operation(Method::POST, "/api/v1/homes/{home}/shares", 201).sends(of(
            &[side.camera()],
            "zoe@example.org",
            &json!({}),
        )),
        operation(Method::PATCH, "/api/v1/homes/{home}/shares/{share}", 204)
            .sends(json!({"rights": ["footage", "export"]})),
        operation(delete.clone(), "/api/v1/homes/{home}/shares/{share}", 200),
        operation(Method::PATCH, "/api/v1/events/{event}", 204)
            .sends(json!({"not_an_event": true}))
            .for_holder(403),
        operation(delete.clone(), "/api/v1/events/{event}", 204).for_holder(403),
        operation(delete.clone(), "/api/v1/cameras/{camera}", 200),
        operation(delete.clone(), "/api/v1/camera-tests/{test}", 204)
            .of(("test", side.spare_test.to_string())),
        operation(delete.clone(), "/api/v1/devices/{device}", 204),
        operation(delete.clone(), "/api/v1/homes/{home}", 200)
            .sends(json!({"name": side.home_name()}))
            .for_adult(403),
        operation(delete.clone(), "/api/v1/sessions/{session}", 204),
        operation(get.clone(), "/api/v1/tokens", 200),
        operation(Method::POST, "/api/v1/tokens", 201).sends(token::body(&side.password, &["footage"])),
        operation(delete.clone(), "/api/v1/tokens/{token}", 204),
        operation(Method::PUT, "/api/v1/me/password", 204)
            .sends(json!({"current": side.password, "new": "another password"})),
        operation(get, "/api/v1/events/stream", 200),
        operation(delete.clone(), "/api/v1/sessions/current", 204),
        operation(delete.clone(), "/api/v1/sessions", 204),
        operation(delete, "/api/v1/me", 204).sends(json!({"password": "another password"})),
    ]
}

pub(super) fn ids_of(side: &Side, people: &People) -> Vec<(&'static str, String)> {
    vec![
        ("home", side.home.id.to_string()),
        ("camera", side.camera().to_string()),
        ("event", side.event.to_string()),
        ("device", side.serving.device.scope.device.to_string()),
        ("test", side.test.to_string()),
        ("member", people.member.clone()),
        ("invitation", people.invitation.clone()),
        ("session", people.session.clone()),
        ("token", people.token.clone()),
        ("code", people.code.clone()),
        ("share", people.share.clone()),
        ("date", "2026-01-01".to_owned()),
    ]
}

/// Ids of nothing.
pub(super) fn ids_of_nothing() -> Vec<(&'static str, String)> {
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
        ("token", fresh()),
        ("code", fresh()),
        ("share", fresh()),
        ("date", "2026-01-01".to_owned()),
    ]
}
