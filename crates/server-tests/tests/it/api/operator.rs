//! What the operator does on a visit: closes, sees what is closed, opens again; and how a visit ends.

use serde_json::{Value, json};

use crate::support::operator::begin;
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::system::System;

async fn close(operator: &Person, of: Value, closes: &[&str]) -> (u16, String) {
    let body = json!({"of": of, "closes": closes, "reason": "We look into wrong thumbnails."});
    let answer = operator.post("operator/lockdowns", &body).await;
    if answer.status == 204 { (204, String::new()) } else { answer.problem() }
}

#[tokio::test]
async fn what_the_operator_closes_is_closed_at_once_and_open_again_when_they_say() {
    let system = System::start().await;
    let (anna, ben) = (Side::build(&system, "anna").await, Side::build(&system, "ben").await);
    let operator = begin(&system, "olga").await;
    let thumbnail = format!("events/{}/thumbnail", anna.event);
    assert_eq!(operator.see("operator/lockdowns").await, json!({"lockdowns": []}));
    assert_eq!(close(&operator, json!({"scope": "home", "id": anna.home.id}), &["thumbnails"]).await.0, 204);
    let seen = anna.browser.get(&thumbnail).await;
    assert_eq!(seen.problem(), (423, "locked-down".into()));
    let told = seen.json();
    assert_eq!(
        (&told["lockdown"]["by"], &told["lockdown"]["reason"]),
        (&json!("olga"), &json!("We look into wrong thumbnails."))
    );
    assert_eq!(anna.browser.get(&format!("events/{}/video", anna.event)).await.status, 200);
    assert_eq!(ben.browser.get(&format!("events/{}/thumbnail", ben.event)).await.status, 200);

    // By address, by camera, for all; and what is none.
    assert_eq!(
        close(&operator, json!({"scope": "account", "email": " Ben@Example.org "}), &["videos"]).await.0,
        204
    );
    assert_eq!(close(&operator, json!({"scope": "camera", "id": ben.camera()}), &["live"]).await.0, 204);
    assert_eq!(ben.browser.get(&format!("events/{}/video", ben.event)).await.status, 423);
    for (of, closes, code) in [
        (json!({"scope": "home", "id": ownsight_model::HomeId::generate()}), vec!["all"], 404),
        (json!({"scope": "account", "email": "nobody@example.org"}), vec!["all"], 404),
        (json!({"scope": "installation"}), vec![], 422),
        (json!({"scope": "installation"}), vec!["everything"], 422),
        (json!({"scope": "installation", "id": anna.home.id}), vec!["all"], 422),
        (json!({"scope": "home"}), vec!["all"], 422),
        (json!({"scope": "street"}), vec!["all"], 422),
    ] {
        assert_eq!(close(&operator, of.clone(), &closes).await.0, code, "{of} {closes:?}");
    }
    let wordless = json!({"of": {"scope": "installation"}, "closes": ["all"], "reason": "  "});
    assert_eq!(operator.post("operator/lockdowns", &wordless).await.problem(), (422, "invalid".into()));

    let closed = operator.see("operator/lockdowns").await;
    let closed = closed["lockdowns"].as_array().unwrap().clone();
    assert_eq!(closed.len(), 3);
    assert_eq!(closed[0]["of"], json!({"scope": "home", "id": anna.home.id}));
    for row in &closed {
        assert_eq!(operator.post("operator/lockdowns/lift", &json!({"of": row["of"]})).await.status, 204);
        let again = operator.post("operator/lockdowns/lift", &json!({"of": row["of"]})).await;
        assert_eq!(again.problem(), (404, "not-found".into()));
    }
    assert_eq!(anna.browser.get(&thumbnail).await.body, anna.footage.thumbnail);
    let record = operator.see("operator/record").await;
    let lines = record["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 6, "each is on the record");
    assert!(lines[0]["closes"].is_null() && lines[5]["closes"] == json!(["thumbnails"]), "{lines:?}");
    assert!(lines.iter().all(|line| line["by"] == "olga"));
    let first = lines[5]["sequence"].as_u64().unwrap();
    let earlier = operator.see(&format!("operator/record?before={}", first + 1)).await;
    assert_eq!(earlier["lines"].as_array().unwrap().len(), 1);
    assert_eq!(operator.get("operator/record?before=x").await.problem(), (422, "invalid".into()));
    // Nothing of a home's content is told.
    for secret in ["anna home", "a camera", "anna@example.org"] {
        assert!(!format!("{closed:?}{record}").contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_visit_ends_when_it_is_left_when_all_are_ended_and_with_its_time() {
    let system = System::start().await;
    let gone = (401, "no-visit".to_owned());
    let (one, two) = (begin(&system, "olga").await, begin(&system, "otto").await);
    let left = one.delete("operator/visit").await;
    assert_eq!(left.status, 204);
    assert!(left.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(one.get("operator/visit").await.problem(), gone);
    assert_eq!(two.see("operator/visit").await["by"], "otto");
    assert_eq!(system.gate.end_visits().await.unwrap(), 1);
    assert_eq!(two.get("operator/lockdowns").await.problem(), gone);

    let three = begin(&system, "olga").await;
    let registry = system.raw();
    registry.execute("UPDATE visits SET expires_at = expires_at - 3600000000", []).unwrap();
    assert_eq!(three.get("operator/visit").await.problem(), gone);
    // A row that gives it more time than it was begun for does not open.
    let four = begin(&system, "olga").await;
    registry.execute("UPDATE visits SET expires_at = expires_at + 1", []).unwrap();
    assert_eq!(four.get("operator/visit").await.status, 500);
}

#[tokio::test]
async fn a_visit_goes_on_over_a_restart() {
    let system = System::start().await;
    let operator = begin(&system, "olga").await;
    let (folder, master) = system.stop().await;
    let config = ownsight_server::ServerConfig::at(crate::support::system::loopback());
    let system = System::on(folder, master, config, ownsight_ingest::IngestConfig::default()).await;
    assert_eq!(operator.behind(&system.url).see("operator/visit").await["by"], "olga");
}
