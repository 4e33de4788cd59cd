//! Rows that do not open: each is an alarm and counted in the answer, and costs nothing else.

use ownsight_model::Timestamp;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;

use crate::support::alarms::unopened_alarms;
use crate::support::member::{code, invite};
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::share::{of, offer, share};
use crate::support::system::System;
use crate::support::token::Token;

/// Sealed columns of a table's rows, as a condition names them.
struct Sealed(&'static str, &'static str, &'static str);

impl Sealed {
    /// Something else than what was sealed; that is kept beside it.
    fn damage(&self, raw: &Connection) {
        let Self(table, column, condition) = self;
        raw.execute(&format!("CREATE TEMP TABLE kept_{table} AS SELECT id, {column} FROM {table}"), [])
            .unwrap();
        let sql = format!("UPDATE {table} SET {column} = zeroblob(length({column}) + 1) WHERE {condition}");
        assert_ne!(raw.execute(&sql, []).unwrap(), 0, "{table}.{column}");
    }

    fn repair(&self, raw: &Connection) {
        let Self(table, column, _) = self;
        let kept = format!("SELECT k.{column} FROM kept_{table} k WHERE k.id = {table}.id");
        raw.execute_batch(&format!("UPDATE {table} SET {column} = ({kept}); DROP TABLE kept_{table}"))
            .unwrap();
    }
}

/// How many of a list there are, and how many of it do not open.
async fn counted(person: &Person, path: &str, list: &str) -> (u64, u64) {
    let seen = person.see(path).await;
    let listed = seen[list].as_array().map_or_else(|| seen[list].as_u64().unwrap(), |list| list.len() as u64);
    (listed, seen["unverified"].as_u64().unwrap())
}

const ALL: &str = "true";

#[tokio::test]
async fn what_does_not_open_is_counted_and_costs_nothing_else() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let carl = Side::build(&system, "carl").await;
    let home = anna.home.id.to_string();
    Token::make(&anna, &["footage"]).await;
    share(&anna, &carl.program, &carl.email, &json!({})).await;
    offer(&anna.program, &anna, &of(&[anna.camera()], "late@example.org", &json!({}))).await;
    invite(&anna.program, &home, "new@example.org", "viewer").await;
    code(&anna.program, &home, "viewer").await;
    let sign_in = json!({"email": anna.email, "password": anna.password});
    let request =
        Person::nobody(&system.url).request(Method::POST, "sessions").header("User-Agent", "a program");
    assert_eq!(request.json(&sign_in).send().await.unwrap().status(), 201);
    let raw = system.raw();
    raw.pragma_update(None, "ignore_check_constraints", true).unwrap();

    let (people, devices) = (format!("homes/{home}/people"), format!("homes/{home}/devices"));
    for (sealed, person, path, list, gone, unopened) in [
        (Sealed("grants", "wrap", ALL), &anna.program, "me", "homes", 1, 1),
        (Sealed("cameras", "text", ALL), &anna.program, "cameras", "cameras", 1, 1),
        (Sealed("devices", "text", ALL), &anna.program, devices.as_str(), "devices", 1, 1),
        (Sealed("events", "header", "still = 0"), &anna.program, "events", "events", 1, 1),
        (Sealed("events", "trailer", "still = 0"), &carl.program, "events", "events", 2, 2),
        // Of a share that nobody accepted the invitation says what it is, and so its share is not shown either.
        (Sealed("invitations", "kept", ALL), &anna.program, people.as_str(), "invitations", 1, 3),
        (Sealed("invitations", "kept", ALL), &anna.program, people.as_str(), "shares", 1, 3),
        (Sealed("invitation_codes", "kept", ALL), &anna.program, people.as_str(), "codes", 1, 1),
        (Sealed("sessions", "text", "rights IS NOT NULL"), &anna.program, "tokens", "tokens", 1, 1),
        (
            Sealed("sessions", "text", "rights IS NULL AND length(text) > 0"),
            &anna.program,
            "sessions",
            "sessions",
            1,
            1,
        ),
        (Sealed("shares", "wrap", ALL), &carl.program, "me", "shares", 1, 1),
        (Sealed("shares", "contents", ALL), &carl.program, "shares", "shares", 1, 1),
        (Sealed("shares", "wrap", ALL), &carl.program, "events", "events", 1, 2),
        // A camera's name is not what its share is.
        (Sealed("cameras", "text", ALL), &carl.program, "shares", "shares", 0, 1),
    ] {
        let what = format!("{}.{}: {path}", sealed.0, sealed.1);
        let (before, none) = counted(person, path, list).await;
        assert_eq!(none, 0, "{what}");
        let alarmed = unopened_alarms();
        sealed.damage(&raw);
        assert_eq!(counted(person, path, list).await, (before - gone, unopened), "{what}");
        assert!(unopened_alarms() >= alarmed + unopened, "{what}");
        sealed.repair(&raw);
        assert_eq!(counted(person, path, list).await, (before, 0), "{what}");
    }
    // Asked for by itself it is an error that names the log's line, and nothing else.
    let trailer = Sealed("events", "trailer", "still = 0");
    trailer.damage(&raw);
    let refused = anna.program.get(&format!("events/{}", anna.event)).await;
    assert_eq!(refused.problem(), (500, "not-verified".into()));
    let reference = refused.json()["reference"].as_str().unwrap().to_owned();
    assert!(reference.len() == 12 && reference.chars().all(|c| c.is_ascii_hexdigit()), "{reference}");
    trailer.repair(&raw);
    // Who has a grant and is in no roster gets no new keys.
    raw.execute_batch(&format!(
        "CREATE TEMP TABLE strange AS SELECT * FROM grants WHERE lower(hex(home)) = '{0}';
         UPDATE strange SET id = randomblob(16),
           account = (SELECT account FROM grants WHERE lower(hex(home)) <> '{0}');
         INSERT INTO grants SELECT * FROM strange;",
        home.replace('-', "")
    ))
    .unwrap();
    let alarmed = unopened_alarms();
    assert_eq!(counted(&anna.program, &people, "members").await, (1, 1));
    assert!(unopened_alarms() > alarmed);
    raw.execute("DELETE FROM grants WHERE id = (SELECT id FROM strange)", []).unwrap();
    // Each kind adds to the sum.
    let (invitations, codes) = (Sealed("invitations", "kept", ALL), Sealed("invitation_codes", "kept", ALL));
    invitations.damage(&raw);
    codes.damage(&raw);
    assert_eq!(counted(&anna.program, &people, "members").await, (1, 4));
}

#[tokio::test]
async fn what_waits_to_be_confirmed_and_does_not_open_is_counted_too() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let carl = Side::build(&system, "carl").await;
    share(&anna, &carl.program, &carl.email, &json!({})).await;
    system.registry.mark_restored(Timestamp::now(), 0).await.unwrap();
    // A share of a home that does not wait.
    let dora = Side::build(&system, "dora").await;
    let carl = Person::by_token(&system.url, &carl.email, &carl.password).await;
    share(&dora, &carl, "carl@example.org", &json!({})).await;
    let raw = system.raw();
    assert_eq!(counted(&carl, "me", "waiting").await, (2, 0));
    let (grants, shares) = (Sealed("grants", "wrap", ALL), Sealed("shares", "wrap", ALL));
    for (damaged, expected) in
        [(vec![&grants], (1, 1)), (vec![&shares], (1, 2)), (vec![&grants, &shares], (0, 3))]
    {
        let alarmed = unopened_alarms();
        for sealed in &damaged {
            sealed.damage(&raw);
        }
        assert_eq!(counted(&carl, "me", "waiting").await, expected);
        assert!(unopened_alarms() >= alarmed + expected.1);
        for sealed in &damaged {
            sealed.repair(&raw);
        }
    }
    assert_eq!(counted(&carl, "me", "waiting").await, (2, 0));
}
