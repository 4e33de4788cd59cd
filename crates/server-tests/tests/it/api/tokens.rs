//! Tokens that people make for programs: made, seen, used, ended, and what a changed row of one opens.

use std::time::Duration;

use ownsight_ledger::{EventRef, Origin};
use ownsight_model::{EventId, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::media::LONG_BYTES;
use crate::support::alarms::alarms;
use crate::support::member::Member;
use crate::support::person::{Person, Proof, half};
use crate::support::scene::Side;
use crate::support::system::System;
use crate::support::token::{Token, body};

async fn listed(person: &Person) -> Vec<Value> {
    let list = person.see("tokens").await;
    assert_eq!(list["unverified"], 0, "{list}");
    list["tokens"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_with_its_name_rights_and_end() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    assert!(listed(&anna.browser).await.is_empty());
    let before = Timestamp::now().as_micros();
    let asked = body(&anna.password, &["export", "footage"]);
    let token = Token::of(&anna, &asked).await;
    assert!(token.text.starts_with("ownsight_") && token.text.len() == 9 + 43, "{}", token.text);
    let list = anna.program.get("tokens").await;
    assert!(!String::from_utf8(list.body).unwrap().contains(&token.text));
    let [shown] = listed(&anna.program).await.try_into().unwrap();
    assert_eq!(
        (&shown["id"], &shown["name"], &shown["rights"], &shown["expires_at"], &shown["used_at"]),
        (
            &json!(token.id),
            &json!("Home automation"),
            &json!(["footage", "export"]),
            &asked["expires_at"],
            &Value::Null
        )
    );
    assert!(shown["created_at"].as_i64().unwrap() >= before);
    assert!(listed(&berta.browser).await.is_empty());
    // It is no sign-in, and none is told of it as one.
    let me = token.person.see("me").await;
    assert_eq!(
        me["session"],
        json!({"kind": "token", "rights": ["footage", "export"], "expires_at": asked["expires_at"]})
    );
    assert_eq!(anna.browser.see("me").await["session"]["rights"], Value::Null);
    let sessions = anna.browser.see("sessions").await.to_string();
    assert!(!sessions.contains(&token.id), "{sessions}");
    let as_session = anna.browser.delete(&format!("sessions/{}", token.id)).await;
    assert_eq!(as_session.problem(), (404, "not-found".into()));

    // That it was used is written beside the answers.
    let used = async {
        loop {
            if let Some(used) = listed(&anna.browser).await[0]["used_at"].as_i64() {
                return used;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let used = tokio::time::timeout(Duration::from_secs(20), used).await.unwrap();
    let hour = 3_600_000_000;
    assert_eq!(used % hour, 0, "the hour, and no more");
    assert!((before - hour..=Timestamp::now().as_micros()).contains(&used));

    let path = format!("tokens/{}", token.id);
    assert_eq!(berta.browser.delete(&path).await.problem(), (404, "not-found".into()));
    assert_eq!(token.person.get("me").await.status, 200);
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    assert_eq!(token.person.get("me").await.problem(), (401, "signed-out".into()));
    assert_eq!(anna.browser.delete(&path).await.problem(), (404, "not-found".into()));
    assert!(listed(&anna.browser).await.is_empty());
}

#[tokio::test]
async fn a_token_is_made_with_the_password_rights_and_an_end_within_a_year() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let good = body(&anna.password, &["footage"]);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let now = Timestamp::now().as_micros();
    let year = 366 * 86_400_000_000_i64;
    for (field, value, expected) in [
        ("password", json!("not it"), (403, "wrong-password")),
        ("rights", json!([]), (422, "malformed")),
        ("rights", json!(["own"]), (422, "malformed")),
        ("name", json!(" "), (422, "invalid")),
        ("name", json!("x".repeat(81)), (422, "invalid")),
        ("expires_at", json!(now), (422, "invalid")),
        ("expires_at", json!(now + year + 2 * 86_400_000_000), (422, "invalid")),
        ("expires_at", Value::Null, (422, "malformed")),
    ] {
        let answer = anna.browser.post("tokens", &with(field, value.clone())).await;
        assert_eq!(answer.problem(), (expected.0, expected.1.to_owned()), "{field} {value}");
    }
    assert_eq!(anna.browser.post("tokens", &with("expires_at", json!(now + year))).await.status, 201);
    let raw = system.raw();
    let many = "INSERT INTO sessions SELECT randomblob(32), randomblob(16), account, kind, created_at, expires_at, wrap, text,
                  noticed, rights, used_at FROM sessions, generate_series(1, 49) WHERE rights IS NOT NULL";
    let many = many.replace(
        "generate_series(1, 49)",
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49) SELECT i FROM n)",
    );
    raw.execute(&many, []).unwrap();
    let full = anna.browser.post("tokens", &good).await;
    assert_eq!(full.problem(), (409, "too-many-tokens".into()));
}

/// Whatever the right to it is called: seeing is not keeping.
#[tokio::test]
async fn seeing_keeping_and_erasing_are_rights_of_their_own() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let path = format!("events/{}", anna.event);
    for (rights, sees, keeps, erases) in [
        (["footage"].as_slice(), true, false, false),
        (&["export"], false, true, false),
        (&["delete"], false, false, true),
        (&["manage"], false, false, false),
        (&["footage", "export"], true, true, false),
    ] {
        let token = Token::make(&anna, rights).await.person;
        let check = async |method: Method, path: String, may: bool, right: &str| {
            let answer = token.send(method.clone(), &path, None).await;
            if may {
                assert!((200..300).contains(&answer.status), "{rights:?} {method} {path}: {answer:?}");
            } else {
                assert_eq!(answer.status, 403, "{rights:?} {method} {path}");
                if method != Method::HEAD {
                    assert_eq!(answer.problem().1, "token-right");
                    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
                    assert!(detail.contains(&format!("`{right}`")), "{detail}");
                }
            }
        };
        for method in [Method::GET, Method::HEAD] {
            check(method.clone(), format!("{path}/video"), sees, "footage").await;
            check(method.clone(), format!("{path}/video?download=1"), keeps, "export").await;
            check(method, format!("{path}/thumbnail"), sees, "footage").await;
        }
        let event = anna.deliver().await;
        check(Method::DELETE, format!("events/{event}"), erases, "delete").await;
        assert_eq!(anna.browser.get(&format!("events/{event}")).await.status, if erases { 404 } else { 200 });
    }
    // What a program looks at, nobody has seen.
    let event = anna.deliver().await;
    let token = Token::make(&anna, &["footage"]).await;
    token.person.see(&format!("events/{event}")).await;
    let opened = async |event| anna.browser.see(&format!("events/{event}")).await["opened"].clone();
    assert_eq!(opened(event).await, false);
    assert_eq!(opened(event).await, true);
}

/// Also what is on its way.
#[tokio::test]
async fn a_token_that_is_ended_shows_nothing_more() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let token = Token::make(&anna, &["footage"]).await;
    let event = EventId::generate();
    assert_eq!(
        anna.serving.put(event, anna.serving.seal(event, LONG_BYTES)).send().await.unwrap().status(),
        201
    );
    let request = token.person.request(Method::GET, &format!("events/{event}/video"));
    let mut video = request.send().await.unwrap();
    let mut updates = token.person.request(Method::GET, "events/stream").send().await.unwrap();
    assert_eq!((video.status().as_u16(), updates.status().as_u16()), (200, 200));
    let mut bytes = video.chunk().await.unwrap().unwrap().len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(anna.browser.delete(&format!("tokens/{}", token.id)).await.status, 204);
    tokio::time::sleep(Duration::from_secs(1)).await;
    while let Ok(Some(chunk)) = video.chunk().await {
        bytes += chunk.len();
    }
    assert!(bytes < LONG_BYTES, "{bytes} bytes for a token that was ended");
    let ends = async { while let Ok(Some(_)) = updates.chunk().await {} };
    tokio::time::timeout(Duration::from_secs(20), ends).await.expect("the stream ends");
}

#[tokio::test]
async fn tokens_end_with_the_password_and_with_all_sessions() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let token = Token::make(&anna, &["manage"]).await;
    assert_eq!(anna.program.delete("sessions").await.status, 204);
    assert_eq!(token.person.get("me").await.problem(), (401, "signed-out".into()));

    let browser = Person::by_browser(&system.url, &anna.email, &anna.password, &half(3)).await;
    let anna = Side { browser, ..anna };
    let token = Token::make(&anna, &["manage"]).await;
    let new = json!({"current": anna.password, "new": "another password"});
    assert_eq!(anna.browser.send(Method::PUT, "me/password", Some(&new)).await.status, 204);
    assert_eq!(token.person.get("me").await.problem(), (401, "signed-out".into()));
    assert_eq!(anna.browser.get("me").await.status, 200);
}

#[tokio::test]
async fn what_a_token_opened_is_on_record_as_its_own() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let token = Token::make(&anna, &["footage"]).await;
    token.person.get(&format!("events/{}/thumbnail", anna.event)).await;
    let found = system
        .ledger
        .entries_for_event(EventRef { camera: anna.camera(), event: anna.event }, None, 100)
        .await
        .unwrap();
    let [entry] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(entry.entry.opening.session.to_string(), token.id);
    assert_eq!(entry.entry.origin, Origin::ApiClient);
}

/// A row that says more than it was made with opens nothing, and alarms. That the same edit is seen to work with the barriers
/// off shows `crates/seal/tests/barriers.rs`.
#[tokio::test]
async fn a_changed_row_opens_nothing() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let raw = system.raw();
    for change in [
        "rights = 15",
        "rights = 3",
        "rights = 0",
        "rights = 255",
        "rights = NULL",
        "kind = 200",
        "expires_at = expires_at + 86400000000",
        "id = randomblob(16)",
        "account = (SELECT id FROM accounts WHERE email = 'berta@example.org')",
    ] {
        let token = Token::make(&anna, &["footage"]).await;
        assert_eq!(token.person.get("me").await.status, 200, "{change}");
        let before = alarms("mix-up") + alarms("not-authentic") + alarms("malformed");
        let last =
            "find = (SELECT find FROM sessions WHERE rights IS NOT NULL ORDER BY created_at DESC LIMIT 1)";
        assert_eq!(raw.execute(&format!("UPDATE sessions SET {change} WHERE {last}"), []).unwrap(), 1);
        for path in ["me", "events", "cameras"] {
            assert_ne!(token.person.get(path).await.status, 200, "{change}: {path}");
        }
        let after = alarms("mix-up") + alarms("not-authentic") + alarms("malformed");
        assert!(after >= before + 3, "{change}: no alarm");
        raw.execute("DELETE FROM sessions WHERE kind IN (3, 200)", []).unwrap();
    }

    // Two tokens' rows exchanged: of one account, and of two.
    let one = Token::make(&anna, &["footage"]).await;
    for other in [Token::make(&anna, &["manage"]).await, Token::make(&berta, &["manage"]).await] {
        let find = |id: &str| {
            let id = id.replace('-', "");
            let sql = format!("SELECT find FROM sessions WHERE hex(id) = upper('{id}')");
            raw.query_row(&sql, [], |row| row.get::<_, Vec<u8>>(0)).unwrap()
        };
        let (a, b) = (find(&one.id), find(&other.id));
        let put = |from: &[u8], to: &[u8]| {
            raw.execute("UPDATE sessions SET find = ?2 WHERE find = ?1", [from, to]).unwrap();
        };
        put(&a, &[0; 32]);
        put(&b, &a);
        put(&[0; 32], &b);
        let before = alarms("mix-up");
        for token in [&one, &other] {
            assert_eq!(token.person.get("me").await.problem(), (401, "signed-out".into()));
        }
        assert!(alarms("mix-up") >= before + 2);
        put(&a, &[0; 32]);
        put(&b, &a);
        put(&[0; 32], &b);
        for token in [&one, &other] {
            assert_eq!(token.person.get("me").await.status, 200);
        }
    }
}

/// One kind never opens as another, nor with something added.
#[tokio::test]
async fn a_token_is_no_session_and_a_session_no_token() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let token = Token::make(&anna, &["footage", "export", "delete", "manage"]).await;
    let Proof::Bearer { token: session, .. } = anna.program.proof.clone() else { panic!("no token") };
    let secret = token.text.strip_prefix("ownsight_").unwrap().to_owned();
    for (token, half) in [
        (secret, None),
        (format!("ownsight_{session}"), None),
        (format!("ownsight_{}", anna.browser.cookies().server.1), None),
        (token.text.clone(), Some(half(1))),
        (token.text.replace("ownsight_", "Ownsight_"), None),
        (format!("{}x", token.text), None),
    ] {
        let person = anna.program.with(Proof::Bearer { token: token.clone(), half });
        assert_eq!(person.get("me").await.problem(), (401, "signed-out".into()), "{token}");
    }
    assert_eq!(token.person.get("me").await.status, 200);
}

/// What waits for a request of an owner or adult is not done by a program that may only see.
#[tokio::test]
async fn a_token_that_may_not_manage_makes_no_keys() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let tom = Member::join(&anna, &system.url, "tom", "viewer").await;
    let (sees, manages) = (Token::make(&anna, &["footage"]).await, Token::make(&anna, &["manage"]).await);
    let left = tom.person.delete(&format!("homes/{}/members/{}", anna.home.id, tom.id)).await;
    assert_eq!(left.status, 200);
    for path in ["me", "cameras", "events"] {
        assert_eq!(sees.person.get(path).await.status, 200, "{path}");
    }
    assert_eq!(anna.serving.device.ask(0).await.status(), 204);
    manages.person.see("cameras").await;
    assert_eq!(anna.serving.device.ask(0).await.status(), 200, "new keys");
}
