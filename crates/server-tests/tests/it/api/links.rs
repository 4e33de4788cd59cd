//! One-time links: each works once, for what it was made for.

use ownsight_gate::LinkFor;
use serde_json::{Value, json};

use crate::support::person::{Person, half};
use crate::support::system::System;

fn redemption(secret: &str, email: &str) -> Value {
    json!({
        "secret": secret, "email": email, "password": "a good password",
        "name": "Anna Berg", "home_name": "Mill Yard 7", "zone": "Europe/Berlin",
    })
}

#[tokio::test]
async fn the_first_link_makes_account_and_home_and_shows_the_recovery_sheet_once() {
    let system = System::start().await;
    let nobody = Person::nobody(&system.url);
    let secret = system.gate.make_link(LinkFor::First).await.unwrap().to_string();
    let opened = nobody.post("links/open", &json!({"secret": secret})).await;
    assert_eq!(opened.json()["kind"], "first");
    let redeemed = nobody.post("links/redeem", &redemption(&secret, "anna@example.org")).await;
    assert_eq!(redeemed.status, 201, "{redeemed:?}");
    let sheet = &redeemed.json()["recovery_sheet"];
    assert!(sheet["words"].as_array().is_some_and(|words| words.len() >= 12), "{sheet}");
    let anna = Person::by_token(&system.url, "anna@example.org", "a good password").await;
    let me = anna.see("me").await;
    assert_eq!(me["homes"][0]["name"], "Mill Yard 7");
    assert_eq!(me["homes"][0]["zone"], "Europe/Berlin");
    assert_eq!(me["homes"][0]["local_agent"], true);

    for path in ["links/open", "links/redeem"] {
        let body = match path {
            "links/open" => json!({"secret": secret}),
            _ => redemption(&secret, "berta@example.org"),
        };
        assert_eq!(nobody.post(path, &body).await.problem(), (404, "link-used".into()));
    }
    assert!(system.gate.make_link(LinkFor::First).await.is_err(), "there is no second first account");
    let link = LinkFor::Account { email: None, local_agent: false };
    let secret = system.gate.make_link(link).await.unwrap().to_string();
    let second = nobody.post("links/redeem", &redemption(&secret, "berta@example.org")).await;
    assert_eq!(second.status, 201);
    assert!(second.json()["recovery_sheet"].is_null());
}

#[tokio::test]
async fn a_link_that_cannot_be_redeemed_stays_good() {
    let system = System::start().await;
    system.home("anna").await;
    let nobody = Person::nobody(&system.url);
    let link = LinkFor::Account { email: Some("Berta@example.org".into()), local_agent: false };
    let secret = system.gate.make_link(link).await.unwrap().to_string();
    assert_eq!(
        nobody.post("links/open", &json!({"secret": secret})).await.json()["email"],
        "berta@example.org"
    );
    let good = redemption(&secret, "berta@example.org");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, expected) in [
        (with("email", json!("other@example.org")), (422, "invalid")),
        (with("email", json!("no address")), (422, "invalid")),
        (with("password", json!("short")), (422, "weak-password")),
        (with("password", json!("x".repeat(2_000))), (422, "weak-password")),
        (with("zone", json!("Europe/Nowhere")), (422, "invalid")),
        (with("home_name", json!("")), (422, "invalid")),
        (with("more", json!(1)), (422, "malformed")),
        (with("secret", json!(half(1))), (404, "link-used")),
        (with("secret", json!("")), (404, "link-used")),
    ] {
        let answer = nobody.post("links/redeem", &body).await;
        assert_eq!(answer.problem(), (expected.0, expected.1.to_owned()), "{body}");
    }
    assert_eq!(nobody.post("links/redeem", &good).await.status, 201);
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_to_the_holder_of_a_link_only() {
    let system = System::start().await;
    system.home("anna").await;
    let nobody = Person::nobody(&system.url);
    let link = LinkFor::Account { email: None, local_agent: false };
    let secret = system.gate.make_link(link).await.unwrap().to_string();
    let taken = nobody.post("links/redeem", &redemption(&secret, " ANNA@example.org")).await;
    assert_eq!(taken.problem(), (409, "email-taken".into()));
    assert_eq!(nobody.post("links/redeem", &redemption(&secret, "berta@example.org")).await.status, 201);
}

/// Two at the same moment: one of them makes the account.
#[tokio::test]
async fn a_link_redeemed_twice_at_once_makes_one_account() {
    let system = System::start().await;
    let nobody = Person::nobody(&system.url);
    let link = LinkFor::Account { email: None, local_agent: false };
    let secret = system.gate.make_link(link).await.unwrap().to_string();
    let (one, other) = (redemption(&secret, "anna@example.org"), redemption(&secret, "berta@example.org"));
    let (one, other) = tokio::join!(nobody.post("links/redeem", &one), nobody.post("links/redeem", &other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404]);
}

#[tokio::test]
async fn a_reset_sets_the_password_and_ends_all_sessions() {
    let system = System::start().await;
    system.home("anna").await;
    let nobody = Person::nobody(&system.url);
    let (email, old, new) = ("anna@example.org", "anna password", "quite another password");
    let program = Person::by_token(&system.url, email, old).await;
    let browser = Person::by_browser(&system.url, email, old, &half(1)).await;
    let home = program.see("me").await["homes"][0].clone();
    let secret = system.gate.make_link(LinkFor::Reset { email: email.into() }).await.unwrap().to_string();
    // Who opened the link is not told whose it is: they must know.
    let opened = nobody.post("links/open", &json!({"secret": secret})).await.json();
    assert_eq!((&opened["kind"], &opened["email"]), (&json!("reset"), &Value::Null));
    let body = |email: &str| json!({"secret": secret, "email": email, "password": new});
    let other = nobody.post("links/redeem", &body("berta@example.org")).await;
    assert_eq!(other.problem(), (422, "invalid".into()));
    let reset = nobody.post("links/redeem", &body(email)).await;
    assert_eq!(reset.status, 201, "{reset:?}");
    for person in [&program, &browser] {
        assert_eq!(person.get("me").await.status, 401);
    }
    let again = Person::by_token(&system.url, email, new).await;
    assert_eq!(again.see("me").await["homes"][0], home, "the same home opens");
    let wrong = nobody.post("sessions", &json!({"email": email, "password": old})).await;
    assert_eq!(wrong.status, 401);
}
