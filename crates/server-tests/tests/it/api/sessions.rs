//! Signing in and out, and what an account changes of itself.

use ownsight_ingest::IngestConfig;
use ownsight_server::ServerConfig;
use reqwest::Method;
use serde_json::json;

use crate::support::alarms::alarms;
use crate::support::person::{Answered, Cookies, Person, Proof, half};
use crate::support::scene::Side;
use crate::support::system::{System, loopback};

const EMAIL: &str = "anna@example.org";
const PASSWORD: &str = "anna password";

async fn scene() -> (System, Person) {
    let system = System::start().await;
    system.home("anna").await;
    let nobody = Person::nobody(&system.url);
    (system, nobody)
}

#[tokio::test]
async fn a_program_gets_a_token_and_a_browser_a_cookie_that_scripts_cannot_read() {
    let (system, nobody) = scene().await;
    let program = Person::by_token(&system.url, EMAIL, PASSWORD).await;
    let me = program.see("me").await;
    assert_eq!((&me["account"]["email"], &me["session"]["kind"]), (&json!(EMAIL), &json!("bearer")));
    assert_eq!(me["homes"][0]["role"], "owner");

    let body = json!({"email": EMAIL, "password": PASSWORD, "page_half": half(1)});
    let answer = nobody.post("sessions", &body).await;
    let set = answer.header("set-cookie").unwrap();
    assert_eq!(answer.headers.iter().filter(|(name, _)| name == "set-cookie").count(), 1);
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    let lasts = set.split("; ").find_map(|attribute| attribute.strip_prefix("Max-Age=")).unwrap();
    let thirty_days = 30 * 86_400;
    assert!((thirty_days - 60..=thirty_days).contains(&lasts.parse::<u32>().unwrap()), "{set}");
    assert!(!set.contains("Secure") && !set.contains("__Host-"), "over plain HTTP: {set}");
    let body = answer.json();
    let id = system.gate.installation().to_string();
    assert_eq!(body["page_cookie"], format!("ownsight-{}-page", &id[id.len() - 8..]));
    // The page's half is the page's own: no answer repeats it.
    assert!(!String::from_utf8_lossy(&answer.body).contains(&half(1)) && !set.contains(&half(1)));
    let browser = Person::by_browser(&system.url, EMAIL, PASSWORD, &half(1)).await;
    assert_eq!(browser.see("me").await["session"]["kind"], "cookie");
}

#[tokio::test]
async fn behind_https_cookies_are_secure_and_bound_to_the_host() {
    let config =
        ServerConfig { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..ServerConfig::at(loopback()) };
    let system = System::with(config, IngestConfig::default()).await;
    system.home("anna").await;
    let body = json!({"email": EMAIL, "password": PASSWORD, "page_half": half(1)});
    let request = Person::nobody(&system.url).request(Method::POST, "sessions").json(&body);
    let request = request.header("X-Forwarded-For", "203.0.113.9").header("X-Forwarded-Proto", "https");
    let answer = Answered::read(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-ownsight-") && set.contains("; Secure"), "{set}");
    assert!(answer.json()["page_cookie"].as_str().unwrap().starts_with("__Host-ownsight-"));
    assert!(answer.json()["page_cookie_attributes"].as_str().unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_half_of_the_clients_own_is_needed_from_then_on() {
    let (_system, nobody) = scene().await;
    let body = json!({"email": EMAIL, "password": PASSWORD, "client_half": half(7)});
    let answer = nobody.post("sessions", &body).await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    for (client_half, expected) in [(Some(half(7)), 200), (Some(half(8)), 401), (None, 401)] {
        let program = nobody.with(Proof::Bearer { token: token.clone(), half: client_half.clone() });
        assert_eq!(program.get("me").await.status, expected, "{client_half:?}");
    }
}

#[tokio::test]
async fn a_wrong_sign_in_says_so_and_no_more() {
    let (_system, nobody) = scene().await;
    let try_with = async |body: serde_json::Value| nobody.post("sessions", &body).await;
    let wrong = try_with(json!({"email": EMAIL, "password": "not the password"})).await;
    assert_eq!(wrong.problem(), (401, "wrong-credentials".into()));
    for email in ["nobody@example.org", "no address", ""] {
        let unknown = try_with(json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(unknown.without_reference(), wrong.clone().without_reference(), "{email}");
    }
    for (body, field) in [
        (json!({"email": EMAIL, "password": PASSWORD, "page_half": "short"}), "page_half"),
        (json!({"email": EMAIL, "password": PASSWORD, "client_half": "short"}), "client_half"),
        (
            json!({"email": EMAIL, "password": PASSWORD, "client_half": half(1), "page_half": half(1)}),
            "client_half",
        ),
    ] {
        let answer = try_with(body).await;
        assert_eq!(answer.problem(), (422, "invalid".into()));
        assert_eq!(answer.json()["field"], field);
    }
    let answer = try_with(json!({"email": EMAIL, "password": PASSWORD, "admin": true})).await;
    assert_eq!(answer.problem(), (422, "malformed".into()));
    // Written as people write it.
    let answer = try_with(json!({"email": " Anna@Example.ORG ", "password": PASSWORD})).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_does_not_lock_out_for_long() {
    let (_system, nobody) = scene().await;
    let wrong = json!({"email": EMAIL, "password": "a wrong guess"});
    let mut refused = None;
    for _ in 0..40 {
        let answer = nobody.post("sessions", &wrong).await;
        match answer.status {
            401 => {}
            429 => {
                refused = Some(answer);
                break;
            }
            status => panic!("{status}"),
        }
    }
    let refused = refused.expect("after some tries it is enough");
    assert_eq!(refused.problem(), (429, "too-many-tries".into()));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait} s");
    // Not even the right password is looked at meanwhile.
    let right = json!({"email": EMAIL, "password": PASSWORD});
    assert_eq!(nobody.post("sessions", &right).await.status, 429);
}

#[tokio::test]
async fn signing_out_ends_what_it_says() {
    let (system, nobody) = scene().await;
    let browser = Person::by_browser(&system.url, EMAIL, PASSWORD, &half(1)).await;
    let other = Person::by_browser(&system.url, EMAIL, PASSWORD, &half(2)).await;
    let program = Person::by_token(&system.url, EMAIL, PASSWORD).await;
    let out = browser.delete("sessions/current").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(browser.get("me").await.status, 401);
    assert_eq!(other.get("me").await.status, 200);
    assert_eq!(program.delete("sessions").await.status, 204);
    for person in [&other, &program, &nobody] {
        assert_eq!(person.get("me").await.problem(), (401, "signed-out".into()));
    }
}

/// With one half of a session nobody can end it for the one who has both.
#[tokio::test]
async fn half_a_session_does_not_sign_anybody_out() {
    let (system, nobody) = scene().await;
    let browser = Person::by_browser(&system.url, EMAIL, PASSWORD, &half(1)).await;
    let Cookies { server, page } = browser.cookies().clone();
    let guessed = Cookies { server: server.clone(), page: (page.0, half(2)) };
    let stranger = nobody.with(Proof::Browser { cookies: guessed, s: Some(browser.s().to_owned()) });
    assert_eq!(stranger.delete("sessions/current").await.status, 404);
    // Two cookies of two sessions are an alarm of their own.
    let other = Person::by_browser(&system.url, EMAIL, PASSWORD, &half(3)).await;
    let mixed = Cookies { server: browser.cookies().server.clone(), page: other.cookies().page.clone() };
    let before = alarms("halves-differ");
    for s in [browser.s(), other.s()] {
        let mixed = nobody.with(Proof::Browser { cookies: mixed.clone(), s: Some(s.to_owned()) });
        assert_eq!(mixed.get("me").await.status, 404);
    }
    assert!(alarms("halves-differ") > before);
    let as_token = nobody.with(Proof::Bearer { token: server.1, half: None });
    assert_eq!(as_token.delete("sessions/current").await.status, 401);
    assert_eq!(browser.get("me").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let (system, nobody) = scene().await;
    let here = Person::by_browser(&system.url, EMAIL, PASSWORD, &half(1)).await;
    let elsewhere = Person::by_token(&system.url, EMAIL, PASSWORD).await;
    let change = async |current: &str, new: &str| {
        here.send(Method::PUT, "me/password", Some(&json!({"current": current, "new": new}))).await
    };
    assert_eq!(change("not it", "another password").await.problem(), (403, "wrong-password".into()));
    assert_eq!(change(PASSWORD, "short").await.problem(), (422, "weak-password".into()));
    assert_eq!(elsewhere.get("me").await.status, 200);
    assert_eq!(change(PASSWORD, "another password").await.status, 204);
    assert_eq!(here.get("me").await.status, 200);
    assert_eq!(elsewhere.get("me").await.status, 401);
    let sign_in = async |password: &str| {
        nobody.post("sessions", &json!({"email": EMAIL, "password": password})).await.status
    };
    assert_eq!(sign_in(PASSWORD).await, 401);
    assert_eq!(sign_in("another password").await, 201);
}

#[tokio::test]
async fn a_persons_name_is_theirs_to_change() {
    let (system, _nobody) = scene().await;
    let program = Person::by_token(&system.url, EMAIL, PASSWORD).await;
    let renamed = program.patch("me", &json!({"name": "  Anna Berg "})).await.json();
    assert_eq!(
        (&renamed["account"]["name"], &renamed["account"]["initials"]),
        (&json!("Anna Berg"), &json!("AB"))
    );
    for name in [String::new(), "   ".into(), "x".repeat(500), "a\u{0}b".into()] {
        let answer = program.patch("me", &json!({"name": name})).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{name:?}");
        assert_eq!(answer.json()["field"], "name");
    }
    assert_eq!(program.see("me").await["account"]["name"], "Anna Berg");
}

#[tokio::test]
async fn sign_ins_are_listed_told_of_and_ended_one_by_one() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    // Made with the account: nobody is to be told.
    assert_eq!(anna.program.see("me").await["new_sign_ins"], 0);
    let raw = system.raw();
    raw.execute("UPDATE accounts SET created_at = created_at - 86400000000", []).unwrap();
    let other = Person::nobody(&system.url);
    let body = json!({"email": anna.email, "password": anna.password});
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let request = other.request(reqwest::Method::POST, "sessions").header("User-Agent", agent).json(&body);
    let token =
        Answered::read(request.send().await.unwrap()).await.json()["token"].as_str().unwrap().to_owned();
    let other = other.with(Proof::Bearer { token, half: None });

    assert_eq!(anna.program.see("me").await["new_sign_ins"], 1);
    assert_eq!(other.see("me").await["new_sign_ins"], 0, "one's own is no news");
    assert_eq!(berta.program.see("me").await["new_sign_ins"], 0);
    let list = anna.program.see("sessions").await;
    let newest = &list["sessions"][0];
    assert_eq!(
        (&newest["client"], &newest["this"], &newest["noticed"], &newest["kind"]),
        (&json!("Firefox on Linux"), &json!(false), &json!(false), &json!("bearer"))
    );
    let own = list["sessions"].as_array().unwrap().iter().filter(|row| row["this"] == true).count();
    assert_eq!((own, &list["unverified"]), (1, &json!(0)));
    assert_eq!(anna.program.post("sessions/noticed", &json!({})).await.status, 204);
    assert_eq!(anna.program.see("me").await["new_sign_ins"], 0);

    let path = format!("sessions/{}", newest["id"].as_str().unwrap());
    assert_eq!(berta.program.delete(&path).await.problem(), (404, "not-found".into()));
    assert_eq!(anna.browser.delete(&path).await.status, 204);
    assert_eq!(other.get("me").await.problem(), (401, "signed-out".into()));
    assert_eq!(anna.browser.delete(&path).await.problem(), (404, "not-found".into()));
    assert_eq!(anna.program.get("me").await.status, 200);
}
