//! Tokens that people make for programs.

use ownsight_model::Timestamp;
use serde_json::{Value, json};

use super::person::{Person, Proof};
use super::scene::Side;

/// What asks for a token that lasts an hour.
pub(crate) fn body(password: &str, rights: &[&str]) -> Value {
    let end = Timestamp::now().shifted(3_600_000_000).as_micros();
    json!({"name": "Home automation", "rights": rights, "expires_at": end, "password": password})
}

/// A program with a token, and its id.
pub(crate) struct Token {
    pub(crate) person: Person,
    pub(crate) id: String,
    pub(crate) text: String,
}

impl Token {
    /// Made by the owner's browser.
    pub(crate) async fn make(side: &Side, rights: &[&str]) -> Self {
        Self::of(side, &body(&side.password, rights)).await
    }

    pub(crate) async fn of(side: &Side, body: &Value) -> Self {
        let answer = side.browser.post("tokens", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let made = answer.json();
        let text = made["token"].as_str().unwrap().to_owned();
        let person = side.browser.with(Proof::Bearer { token: text.clone(), half: None });
        Self { person, id: made["id"].as_str().unwrap().to_owned(), text }
    }
}
